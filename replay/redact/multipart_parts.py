"""A multipart body cut into its parts (RFC 2046 section 5.1, RFC 7578), in memory and to its end.

    preamble --B CRLF fields CRLF CRLF content CRLF --B ... CRLF --B-- epilogue      preamble and epilogue are not read

Rule: without a closing boundary, or with a part that has no fields, there is no body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from replay.redact.desk import UnreadableError

_MOST_PARTS = 1_000
_MOST_FIELD_BYTES = 8 << 10  # of one part
_LONGEST_BOUNDARY = 200
_FIELD = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}):[ \t]*(.*)")
_PARAMETER = re.compile(r";\s*(?:([A-Za-z0-9*_-]{1,20})\s*=\s*(?:\"((?:[^\"\\]|\\.)*+)\"|([^\s;\"]*)))?\s*")
_END_OF_FIELDS = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """One part: its fields by lower-case name, its content as it was sent, and the parameters of its disposition."""

    fields: dict[str, str]
    content: bytes
    parameters: dict[str, str]
    is_done: bool = False  # the content is written anew already

    @property
    def content_type(self) -> str:
        return self.fields.get("content-type", "")

    @property
    def coding(self) -> str:
        return self.fields.get("content-transfer-encoding", "").strip().lower()

    @property
    def disposition(self) -> str:
        return self.fields.get("content-disposition", "").partition(";")[0].strip().lower()

    def parameter(self, name: str) -> str | None:
        """A parameter of Content-Disposition, its writing undone; the extended one (`name*`) comes first."""
        extended = self.parameters.get(f"{name}*")
        if extended is not None:
            return _extended(extended)
        plain = self.parameters.get(name)
        return None if plain is None else plain.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")

    @property
    def is_extended(self) -> bool:
        """True when the file's name stands in the extended writing."""
        return "filename*" in self.parameters


def parts_of(data: bytes, boundary: str) -> list[Part]:
    """The parts in order. Raises UnreadableError."""
    if not boundary or len(boundary) > _LONGEST_BOUNDARY or not boundary.isascii():
        raise UnreadableError("boundary")
    mark = re.compile(rb"(?:^|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r?\n|$)")
    found = mark.search(data)
    parts: list[Part] = []
    while found is not None and not found[1]:
        # The line end before the next boundary belongs to it; that of an empty part is the boundary's own.
        start = found.end()
        found = mark.search(data, max(start - 2, 0)) if data[start - 1 : start] == b"\n" else None
        if found is None or len(parts) >= _MOST_PARTS:
            raise UnreadableError("no end, or too many parts")
        parts.append(_part(data[start : max(start, found.start())]))
    if found is None:
        raise UnreadableError("no end")
    return parts


def _part(data: bytes) -> Part:
    if data.startswith((b"\r\n", b"\n")):
        return Part({}, data.partition(b"\n")[2], {})
    end = _END_OF_FIELDS.search(data, 0, _MOST_FIELD_BYTES)
    if end is None:
        raise UnreadableError("fields")
    fields: dict[str, str] = {}
    for line in _as_text(data[: end.start()]).split("\n"):
        field = _FIELD.fullmatch(line.rstrip("\r"))
        if field is None or field[1].lower() in fields:
            raise UnreadableError("field")
        fields[field[1].lower()] = field[2]
    return Part(fields, data[end.end() :], _parameters(fields.get("content-disposition", "")))


def _as_text(data: bytes) -> str:
    """UTF-8; old browsers write names in the page's charset, and any will do for what is replaced."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _parameters(disposition: str) -> dict[str, str]:
    """From one to the next: what is none ends the reading, so that open quotes cost no more than their length."""
    text = disposition.rstrip()
    found: dict[str, str] = {}
    at = len(text.partition(";")[0])
    while at < len(text):
        one = _PARAMETER.match(text, at)
        if one is None:
            raise UnreadableError("parameter")
        if one[1]:
            found[one[1].lower()] = one[3] or re.sub(r"\\(.)", r"\1", one[2] or "")
        at = one.end()
    return found


def _extended(text: str) -> str:
    """`UTF-8''S%C3%B8rensen.pdf`; any other charset is read as if it were UTF-8, for the name is replaced anyway."""
    return unquote(text.rpartition("'")[2], errors="replace")
