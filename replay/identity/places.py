"""Where a request carries credentials, and of which scheme: what an identity replaces.

    bearer, basic, digest ...   the scheme of Authorization, in lower case; `authorization` for a bare value
    api-key                     a key header (X-Api-Key, X-Auth-Token), or a key parameter of the query
    cookie                      a cookie that is a session's by its name or by its looks

Rule: by names and looks only. What else says who is calling, an identity names itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl

from replay.correlate.credentials import is_credential_parameter
from replay.model.endpoint import is_id_like
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.model.message import cookies, readable, split_authorization
from replay.model.tree import Place

API_KEY, COOKIE, BARE = "api-key", "cookie", "authorization"
USUAL_SCHEMES = ("bearer", "basic", API_KEY, COOKIE)
_KEY_HEADER = re.compile(
    r"(x-)?(api|app|auth|access|session|id|refresh|subscription)[-_]?(key|token|secret|id)|x-(auth|session|token)"
    r"|ocp-apim-subscription-key|x-amz-security-token"
)
_SESSION_COOKIE = re.compile(r"sid|sess|auth|token|jwt|login|identity|remember", re.IGNORECASE)
_OTHER_COOKIE = re.compile(r"csrf|xsrf|^_g|consent|locale|lang|theme|analytics", re.IGNORECASE)
_LONG = 16  # characters; a shorter value of an unknown cookie is a setting


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """`value` as it stands in the request."""

    scheme: str
    place: Place
    value: str


def credentials_in(request: Request) -> tuple[Credential, ...]:
    """In the order Authorization, headers, cookies, query."""
    return _credentials(request.headers.fields, request.query)


@lru_cache(maxsize=2048)  # a request is looked at five times on its way: as recorded, as sent, by each identity
def _credentials(fields: tuple[tuple[str, str], ...], query: str) -> tuple[Credential, ...]:
    first: dict[str, str] = {}
    for name, text in fields:
        first.setdefault(name.lower(), text)
    found: list[Credential] = []
    scheme, value = split_authorization(first.get("authorization", ""))
    if value:
        found.append(Credential(scheme.lower() or BARE, ("auth", scheme.lower()), value))
    found += [
        Credential(API_KEY, ("header", key, 0), text) for key, text in first.items() if text and _is_key_header(key)
    ]
    if "cookie" in first:
        for name, text in cookies(Headers(fields)).items():
            if text and _is_session_cookie(name, text):
                found.append(Credential(COOKIE, ("cookie", name), text))
    if query:
        for name, text in parse_qsl(readable(query)):
            if is_credential_parameter(name):
                found.append(Credential(API_KEY, ("query", name, 0), text))
    return tuple(found)


@lru_cache(maxsize=4096)
def _is_key_header(name: str) -> bool:
    return _KEY_HEADER.fullmatch(name) is not None


def schemes_of(request: Request) -> frozenset[str]:
    return frozenset(one.scheme for one in credentials_in(request))


def _is_session_cookie(name: str, value: str) -> bool:
    if _OTHER_COOKIE.search(name):
        return False
    return bool(_SESSION_COOKIE.search(name)) or (len(value) >= _LONG and is_id_like(value))
