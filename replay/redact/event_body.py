"""Server-sent events (text/event-stream): data by what it is, names as names, ids as values, comments dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import Desk, UnreadableError
from replay.redact.pseudonyms import Pseudonym

_MOST_LINES = 50_000
_LINE_END = re.compile(r"\r\n|\n|\r")
_MILLISECONDS = re.compile(r"\d{1,8}")
_SENTINELS = frozenset(("[DONE]",))  # ends a stream of several services, and says nothing


@dataclass(frozen=True, slots=True)
class EventBody:
    """An event's data lines are one text: JSON is walked. Fields that the standard does not know are dropped."""

    name: str = "event-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.EVENTS, rewritten_events)


def rewritten_events(desk: Desk, data: bytes, _: str, place: str) -> bytes:
    """The stream anew, with line feeds. Raises UnreadableError and UnicodeError."""
    lines = _LINE_END.split(data.decode().removeprefix("\ufeff"))
    if len(lines) > _MOST_LINES:
        raise UnreadableError("too many lines")
    return "\n".join(_events(desk, lines, place)).encode("utf-8", "replace")


def _events(desk: Desk, lines: list[str], place: str) -> Iterator[str]:
    told: list[str] = []
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            told.append(value)
            continue
        if not line and told:
            yield from _data(desk, "\n".join(told), place)
            told = []
        yield from _line(desk, line, field, value, place)
    yield from _data(desk, "\n".join(told), place) if told else ()


def _line(desk: Desk, line: str, field: str, value: str, place: str) -> Iterator[str]:
    if not line:
        yield ""
    elif field == "event":
        yield f"event: {_one_line(desk.name(value, f'{place}.event'))}"
    elif field == "id":
        yield f"id: {_one_line(desk.value('id', value, f'{place}.id'))}"
    elif field == "retry" and _MILLISECONDS.fullmatch(value):
        yield f"retry: {value}"


def _data(desk: Desk, text: str, place: str) -> Iterator[str]:
    own = f"{place}.data"
    if text in _SENTINELS:
        fresh = text
    else:
        try:
            fresh = dump_json(desk.tree(parse_json(text.encode()), own)).decode()
        except UndecodableError:
            fresh = desk.value("", text, own)
    yield from (f"data: {line}" for line in _LINE_END.split(fresh))


def _one_line(text: str) -> str:
    return _LINE_END.sub(" ", text)
