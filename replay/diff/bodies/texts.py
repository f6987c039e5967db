"""Text that has no format of its own: one line is a text, several are a list of lines."""

from __future__ import annotations

import re

from replay.diff.bodies.limits import MOST_PARTS, UnreadableBodyError, text_of_bytes
from replay.model.tree import Tree

_LINE_END = re.compile(r"\r\n|\n|\r")


def read_text(data: bytes, charset: str) -> Tree:
    lines = lines_of(text_of_bytes(data, charset))
    if len(lines) > MOST_PARTS:
        raise UnreadableBodyError("too many lines")
    return [*lines] if len(lines) > 1 else "".join(lines)


def lines_of(text: str) -> list[str]:
    """The lines; the end of the last one is no line of its own."""
    lines = _LINE_END.split(text)
    return lines[:-1] if lines and not lines[-1] else lines
