"""How a request travels: which connection it came over in the recording, what kind of answer it got, where it is cut.

It changes no byte of the request, only what carries it, how much of it leaves and how long its answer is listened to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from replay.model.exchange import Exchange

EVENT_STREAM = "text/event-stream"


class CutPoint(StrEnum):
    """Where a client's connection breaks."""

    HEADERS = "headers"  # after the head, before the body
    MID_BODY = "mid-body"  # after half of the body
    WAITING = "waiting"  # everything has left, and the client loses patience
    ANSWERED = "answered"  # the server has answered, and the answer is lost on its way


@dataclass(frozen=True, slots=True)
class Cut:
    """`share`: of the time that a clean request takes, for WAITING; who sends it knows how many `seconds` that is."""

    point: CutPoint
    share: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Hint:
    """`events`: how many a stream had, or how many messages a WebSocket's server sent; `seconds`: how long it ran."""

    connection: str = ""
    events: int = 0
    seconds: float = 0.0
    cut: Cut | None = None  # the connection breaks there, and nobody hears the answer


NO_HINT = Hint()


def hint_of(exchange: Exchange) -> Hint:
    """An exchange that was recorded without a connection, and with a plain answer, gives none."""
    response = exchange.response
    if exchange.messages:
        ended = max(exchange.ended, *(one.at for one in exchange.messages))
        heard = sum(not one.from_client for one in exchange.messages)
        return Hint(exchange.connection, heard, ended - exchange.started)
    if response is None or response.body.media_type != EVENT_STREAM:
        return Hint(exchange.connection) if exchange.connection else NO_HINT
    events = EventCount()
    events.add(response.body.data)
    return Hint(exchange.connection, events.seen, exchange.ended - exchange.started)


class EventCount:
    """Counts the events of a stream that comes in pieces: an empty line ends one (WHATWG HTML, section 9.2.6)."""

    __slots__ = ("_is_blank", "_unended", "seen")

    def __init__(self) -> None:
        self._unended = b""  # the first byte of a line that has not ended, and a CR that LF may follow
        self._is_blank = True  # nothing but comments since the last event
        self.seen = 0

    def add(self, piece: bytes) -> None:
        data = self._unended + piece
        held = b"\r" if data.endswith(b"\r") else b""
        lines = data[: len(data) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._unended = lines.pop()[:1] + held
        for line in lines:
            if line:
                self._is_blank = self._is_blank and line.startswith(b":")
            else:
                self.seen += not self._is_blank
                self._is_blank = True
