"""One side of an HTTP/2 connection on a Wire: sends what it is told, logs what comes, message by message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from integration.record.transparency.http1 import CutError, brief
from integration.record.transparency.wire import Wire

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass
class Stream:
    """What has come on one stream."""

    headers: Fields = ()
    body: bytearray = field(default_factory=bytearray)
    trailers: Fields = ()
    end: str = ""  # "", "ended" or "reset" with its code

    def shown(self) -> str:
        """As it is logged. Pseudo-header fields may come in any order (RFC 9113 section 8.3): they are sorted."""
        count = next((n for n, (name, _) in enumerate(self.headers) if not name.startswith(b":")), len(self.headers))
        headers = (*sorted(self.headers[:count]), *self.headers[count:])
        return f"{headers!r} {brief(bytes(self.body))!r} trailers {self.trailers!r} {self.end}"


class Http2Side:
    def __init__(self, wire: Wire, *, is_client: bool) -> None:
        """Frames are checked as little as possible: what the other side sends is for the log, not for this library."""
        settings = H2Configuration(
            client_side=is_client,
            header_encoding=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=False,
            normalize_inbound_headers=False,
        )
        self._wire = wire
        self._connection = H2Connection(settings)
        self._streams: dict[int, Stream] = {}
        self._order: list[int] = []  # of streams that the peer has opened
        self._connection.initiate_connection()
        self._flush()

    def ask(self, headers: Fields, body: bytes | None = None, *, is_over: bool = True) -> int:
        """Open a stream; the answer is its number."""
        number: int = self._connection.get_next_available_stream_id()
        self.headers(number, headers, is_over=is_over and body is None)
        if body is not None:
            self.data(number, body, is_over=is_over)
        return number

    def headers(self, number: int, headers: Fields, *, is_over: bool = False) -> None:
        self._connection.send_headers(number, headers, end_stream=is_over)
        self._flush()

    def data(self, number: int, body: bytes, *, is_over: bool = False) -> None:
        """Waits for the peer's flow control window as long as it must."""
        while body:
            room = min(self._connection.local_flow_control_window(number), self._connection.max_outbound_frame_size)
            if room:
                self._connection.send_data(number, body[:room])
                body = body[room:]
                self._flush()
            else:
                self._pump()
        if is_over:
            self._connection.end_stream(number)
            self._flush()

    def reset(self, number: int, code: ErrorCodes) -> None:
        self._connection.reset_stream(number, code)
        self._flush()

    def opened(self, count: int = 1) -> int:
        """The number of the count-th stream that the peer opened, when its headers are here."""
        self._pump_until(lambda: len(self._order) >= count)
        return self._order[count - 1]

    def begun(self, number: int, size_bytes: int = 0) -> Stream:
        """Wait until the stream's headers and that much body are here."""
        self._pump_until(lambda: bool(self.stream(number).headers) and len(self.stream(number).body) >= size_bytes)
        return self.stream(number)

    def message(self, number: int) -> None:
        """Wait for the end of that stream, and log what came on it."""
        self._pump_until(lambda: bool(self.stream(number).end))
        self._wire.note(self.stream(number).shown())

    def stream(self, number: int) -> Stream:
        return self._streams.setdefault(number, Stream())

    def _pump_until(self, is_enough: Callable[[], bool]) -> None:
        while not is_enough():
            self._pump()

    def _pump(self) -> None:
        for event in self._connection.receive_data(self._wire.some()):
            self._on(event)
        self._flush()

    def _on(self, event: Event) -> None:
        if isinstance(event, ConnectionTerminated):
            raise CutError(b"GOAWAY")
        number = getattr(event, "stream_id", 0) or 0
        if isinstance(event, RequestReceived):
            self._order.append(number)
        if isinstance(event, RequestReceived | ResponseReceived):
            self.stream(number).headers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
        elif isinstance(event, TrailersReceived):
            self.stream(number).trailers = tuple((bytes(name), bytes(value)) for name, value in event.headers)
        elif isinstance(event, DataReceived):
            self.stream(number).body += event.data
            self._connection.acknowledge_received_data(event.flow_controlled_length, number)
        elif isinstance(event, StreamEnded):
            self.stream(number).end = "ended"
        elif isinstance(event, StreamReset):
            self.stream(number).end = f"reset {int(event.error_code)}"

    def _flush(self) -> None:
        data = self._connection.data_to_send()
        if data:
            self._wire.send(data)
