"""Server-sent events (HTML standard, section 9.2): a list of events, each with its fields; data as the JSON that it is.

Comments are keep-alives and say nothing. An event that is not closed by a blank line was cut, and is not told.
"""

from __future__ import annotations

import re

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError, text_of_bytes
from replay.model.codec import UndecodableError, parse_json
from replay.model.tree import Tree

_LINE_END = re.compile(r"\r\n|\n|\r")
_FIELDS = frozenset({"event", "id", "retry"})


def read_events(data: bytes, _charset: str) -> Tree:
    """Always UTF-8, whatever the type says."""
    lines = _LINE_END.split(text_of_bytes(data, "utf-8"))
    if len(lines) > MOST_PARTS:
        raise UnreadableBodyError("too many lines")
    events: list[Tree] = []
    event: dict[str, Tree] = {}
    told: list[str] = []
    for line in [*lines, ""]:  # the last event of an answer that ended well may lack its blank line
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            told.append(value)
        elif name in _FIELDS:
            event[name] = value
        elif not line and (told or event):
            events.append(event | ({"data": _document("\n".join(told))} if told else {}))
            event, told = {}, []
    return events


def _document(text: str) -> Tree:
    """JSON where it is an object or a list; a bare 17 stays the text that it was sent as."""
    if text[:1] not in {"{", "["}:
        return text
    try:
        return parse_json(text.encode())
    except UndecodableError:
        return text
