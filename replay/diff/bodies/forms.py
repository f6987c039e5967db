"""URL-encoded forms: a multimap, the values of a name in their order."""

from __future__ import annotations

from urllib.parse import parse_qsl

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError, joined, text_of_bytes
from replay.model.tree import Tree


def read_form(data: bytes, charset: str) -> Tree:
    text = text_of_bytes(data, charset).strip()
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_PARTS)
    except ValueError:
        raise UnreadableBodyError("no form") from None
    out: dict[str, Tree] = {}
    for name, value in pairs:
        joined(out, name, value)
    return out
