"""What a login's answer gives: one value at a stated place of the response.

    json:$.data.access_token    json:$['a b'][0]    json:$.list[-1]     a value of the JSON body
    header:X-Auth-Token                                                 a header field
    cookie:sid                                                          a cookie that the answer sets
    html:csrf_token                                                     an input (by name) or a meta element

The path is the singular part of JSONPath (RFC 9535 section 2.3.5.1): names and indexes, one value at most.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from replay.model.codec import UndecodableError
from replay.model.exchange import Response
from replay.model.message import body_tree, text_of
from replay.model.tree import Place, at
from replay.redact.desk import UnreadableError
from replay.redact.html_tokens import Tag, pieces

KINDS = ("json", "header", "cookie", "html")
FORMS = "json:$.PATH, header:NAME, cookie:NAME or html:NAME"
_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(-?\d{1,9})\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_LONGEST_PAGE = 300_000  # bytes of HTML that are looked at
_VALUES = {"input": "value", "meta": "content"}  # where an element of that name has its value


@dataclass(frozen=True, slots=True)
class Extraction:
    """`name` is a header's, a cookie's or an input's; `path` is that of a JSON value."""

    kind: str
    name: str = ""
    path: Place = ()

    def take(self, response: Response) -> str | None:
        """The value as text; None when the response has none there."""
        if self.kind == "json":
            return _json_value(response, self.path)
        if self.kind == "header":
            return response.headers.get(self.name) or None
        if self.kind == "cookie":
            return cookies_set(response).get(self.name)
        return _html_value(response, self.name)

    def __str__(self) -> str:
        steps = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"json:${steps}" if self.kind == "json" else f"{self.kind}:{self.name}"


def parse_extraction(text: str) -> Extraction:
    """Raises ValueError, which says in half a sentence what is wrong."""
    kind, _, name = text.partition(":")
    name = name.strip()
    if kind not in KINDS or not name:
        raise ValueError(f"must be one of {FORMS}")
    return Extraction(kind, path=_parsed_path(name)) if kind == "json" else Extraction(kind, name)


def cookies_set(response: Response) -> dict[str, str]:
    """By name; what is set to nothing, or is already over (Max-Age=0), is deleted (RFC 6265 section 4.1.2)."""
    out: dict[str, str] = {}
    for line in response.headers.get_all("set-cookie"):
        pair, *attributes = line.split(";")
        name, mark, value = pair.partition("=")
        is_over = any(one.strip().lower().replace(" ", "") == "max-age=0" for one in attributes)
        if mark and name.strip():
            out[name.strip()] = "" if is_over else value.strip()
    return {name: value for name, value in out.items() if value}


def _parsed_path(text: str) -> Place:
    path = text.removeprefix("$")
    if path and path[0] not in ".[":
        path = f".{path}"
    steps: list[str | int] = []
    end = 0
    for found in _STEP.finditer(path):
        if found.start() != end:
            break
        end = found.end()
        key, index, single, double = found.groups()
        quoted = single if single is not None else double
        steps.append(int(index) if index else key or re.sub(r"\\(.)", r"\1", quoted or ""))
    if end != len(path) or not steps:
        raise ValueError("has a path that is not names and indexes: write $.data.token, $['a b'] or $.items[0].id")
    return tuple(steps)


def _json_value(response: Response, path: Place) -> str | None:
    try:
        found = at(body_tree(response.body), path)
    except (UndecodableError, KeyError):
        return None
    if found is None or isinstance(found, list | dict):
        return None
    return text_of(found) or None


def _html_value(response: Response, name: str) -> str | None:
    """Of the first input or meta element of that name that has one; what stands behind broken markup is not read."""
    page = response.body.data[:_LONGEST_PAGE].decode("utf-8", "replace")
    with suppress(UnreadableError):
        for piece in pieces(page):
            if isinstance(piece, Tag) and piece.name in _VALUES:
                told = dict(piece.attributes)
                if told.get("name") == name and (value := told.get(_VALUES[piece.name])):
                    return value
    return None
