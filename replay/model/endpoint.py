"""Endpoint templates: `GET /courses/17` and `GET /courses/42` are one endpoint, `GET /courses/{id}`.

Rule: rather split too much than merge too much; merging mixes the statistics of different endpoints (see shared
measurements in docs/decisions/0003). A segment becomes `{id}` only when its own shape says that it names one thing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_INT = re.compile(r"[+-]?\d+")
_HEX = re.compile(r"(?=.*\d)[0-9a-f]{8,}", re.IGNORECASE)
_PREFIXED = re.compile(r"[A-Za-z]{1,12}[_-](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{4,}")
_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[A-Za-z0-9_-]{12,}")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMAIL = re.compile(r"[^@\s/]+@[^@\s/]+")  # so that @me and @scope stay words
TENANT_COLLECTIONS = frozenset(
    {"o", "w", "org", "orgs", "organizations", "organisations", "tenants", "workspaces", "companies"}
)
_NO_TENANT = frozenset(
    {"all", "billing", "current", "invitations", "invite", "me", "members", "new", "search", "settings", "switch"}
    | {"users"}
)
_VERSION = re.compile(r"v\d{1,3}(\.\d+)?", re.IGNORECASE)


def is_id_like(segment: str) -> bool:
    """True when the text by its shape names one thing: an integer, UUID, digest, prefixed id, e-mail, date, token."""
    if not segment or _VERSION.fullmatch(segment):
        return False
    return any(shape.fullmatch(segment) for shape in (_INT, _UUID, _HEX, _PREFIXED, _TOKEN, _DATE, _EMAIL))


@lru_cache(maxsize=8192)
def template(path: str) -> str:
    """The path with every id-like segment written `{id}`; the query is not part of it.

    Segments are percent-decoded, save one that holds an encoded slash: it stays one segment.
    """
    out: list[str] = []
    pieces = path.partition("?")[0].split("/")
    for i, raw in enumerate(pieces):
        segment = unquote(raw)
        is_one = is_id_like(segment) or _is_tenant(pieces, i)
        out.append("{id}" if is_one else raw if "/" in segment else segment)
    return "/".join(out)


def _is_tenant(pieces: list[str], i: int) -> bool:
    """The `acme` of /o/acme/parcels: a tenant's slug is no word of the route (redaction makes a new one each time).

    Only with something below it: /orgs/search alone may be a word.
    """
    if i == 0 or i + 1 >= len(pieces) or not pieces[i] or not pieces[i + 1]:
        return False
    return pieces[i - 1].lower() in TENANT_COLLECTIONS and pieces[i].lower() not in _NO_TENANT


def endpoint_of(method: str, target: str) -> str:
    """`GET /courses/{id}`: the name of an endpoint everywhere in run files and reports."""
    return f"{method} {template(target)}"


def collection_before(path: str, index: int) -> str:
    """The literal segment before `index` (`courses` in /courses/17), lower case; empty when there is none."""
    segments = [unquote(segment) for segment in path.split("/")]
    for i in range(index - 1, 0, -1):
        if segments[i] and not is_id_like(segments[i]):
            return segments[i].lower()
        if i < index - 1:
            break
    return ""


def singular(noun: str) -> str:
    """A crude English singular, enough to see that `courses` and `course_id` speak of one thing."""
    noun = noun.lower().replace("-", "_")
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3:
        return noun[:-1]
    return noun
