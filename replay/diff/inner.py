"""Documents inside of text values: JSON in a string, base64 of JSON, the claims of a token, the parts of a URL.

They are walked in the text's stead, at `place.(json).name`, so that noise in one field of them does not hide the rest.
Rule: a text is opened only when both sides hold a document of the same sort; else it is one value.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from replay.diff.alignment import Redaction
from replay.diff.shapes import is_jwt, is_map_key
from replay.model.codec import UndecodableError, parse_json
from replay.model.tree import Tree

JSON, BASE64, CLAIMS, URL = ".(json)", ".(base64).(json)", ".(jwt)", ".(url)"
_MOST_PARAMETERS = 100
_LONGEST = 65_536  # characters of a document inside a value
_BEGINNINGS = frozenset("{[eWh")  # of a JSON text, of one in base64, of a token, of a URL
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")

Twins = list[tuple[str, Tree, Tree]]


def opener(endpoint: str, redaction: Redaction) -> Callable[[str, str, str], Twins | None]:
    """A lens' `opened`: a text that redaction replaced, or wrote anew, is no document to compare."""

    def opened_here(place: str, left: str, right: str) -> Twins | None:
        if left[:1] not in _BEGINNINGS or redaction.class_at(endpoint, place):
            return None
        return opened(place, left, right)

    return opened_here


def opened(place: str, left: str, right: str) -> Twins | None:
    """What to walk in the stead of two texts; None when they are no documents."""
    one = _document(left)
    two = _document(right) if one is not None else None
    if one is None or two is None or one[0] != two[0]:
        return None
    return [(place + one[0], one[1], two[1])]


def _document(text: str) -> tuple[str, Tree] | None:
    """The sort and the tree. Only objects and lists are documents: a number in a text is a text."""
    if not 2 <= len(text) <= _LONGEST:
        return None
    if text[0] in "{[" and text[-1] in "}]":
        return _parsed(JSON, text.encode(errors="surrogatepass"))
    if text.startswith("eyJ") and is_jwt(text):
        return _decoded(CLAIMS, text.split(".")[1])
    if text.startswith(("https://", "http://")):
        return _url(text)
    if text.startswith(("ey", "W")) and _BASE64.fullmatch(text):
        return _decoded(BASE64, text)
    return None


def _url(text: str) -> tuple[str, Tree] | None:
    """Its route, segment by segment, and its parameters. The host is the environment's, not the build's."""
    try:
        parts = urlsplit(text)
        asked = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return None
    segments: dict[str, Tree] = {f"part{i}": part for i, part in enumerate(parts.path.split("/")[1:], 1)}
    query: dict[str, Tree] = {name: value for name, value in asked if not is_map_key(name)}
    return URL, {"path": segments, "query": query}


def _decoded(sort: str, text: str) -> tuple[str, Tree] | None:
    plain = text.rstrip("=")
    try:
        whole = plain.replace("+", "-").replace("/", "_") + "=" * (-len(plain) % 4)
        return _parsed(sort, base64.urlsafe_b64decode(whole))
    except (binascii.Error, ValueError):
        return None


def _parsed(sort: str, data: bytes) -> tuple[str, Tree] | None:
    try:
        tree = parse_json(data)
    except UndecodableError:
        return None
    return (sort, tree) if isinstance(tree, dict | list) else None
