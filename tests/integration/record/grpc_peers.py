"""Both ends of gRPC-shaped calls over HTTP/2 and TLS, message by message."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events

_HEAD_BYTES = 5  # compressed or not, then the length


@dataclass(frozen=True, slots=True)
class Call:
    """`messages` are sent one by one, each after the answer to the one before. Without any it is a GET."""

    messages: tuple[bytes, ...]
    path: str = "/shop.Courses/Get"
    client: str = "carl-2342"  # bearer token


@dataclass(slots=True)
class Answer:
    status: int = 0
    data: bytes = b""
    trailers: tuple[tuple[str, str], ...] = field(default=())

    @property
    def messages(self) -> tuple[bytes, ...]:
        return split(self.data)


def frame(message: bytes) -> bytes:
    return b"\0" + len(message).to_bytes(4, "big") + message


def split(data: bytes) -> tuple[bytes, ...]:
    """The messages that are there whole."""
    found = []
    while len(data) >= _HEAD_BYTES:
        end = _HEAD_BYTES + int.from_bytes(data[1:_HEAD_BYTES], "big")
        if len(data) < end:
            break
        found.append(data[_HEAD_BYTES:end])
        data = data[end:]
    return tuple(found)


class _Peer:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_client: bool) -> None:
        self._reader, self._writer = reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=is_client, header_encoding="utf-8"))
        self.h2.initiate_connection()

    async def events(self) -> AsyncIterator[h2.events.Event]:
        self._flush()
        while data := await self._reader.read(65536):
            for event in self.h2.receive_data(data):
                if isinstance(event, h2.events.DataReceived):
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                yield event
                self._flush()
            self._flush()

    def _flush(self) -> None:
        self._writer.write(self.h2.data_to_send())


@contextlib.asynccontextmanager
async def grpc_service(tls: ssl.SSLContext) -> AsyncIterator[str]:
    """Answers each message with itself as soon as it is here, and the end of the request with `grpc-status: 0`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _Peer(reader, writer, is_client=False)
        with contextlib.suppress(ConnectionError):
            async for event in peer.events():
                if isinstance(event, h2.events.RequestReceived):
                    peer.h2.send_headers(event.stream_id, [(":status", "200"), ("content-type", "application/grpc")])
                elif isinstance(event, h2.events.DataReceived):
                    peer.h2.send_data(event.stream_id, event.data)
                elif isinstance(event, h2.events.StreamEnded):
                    peer.h2.send_headers(event.stream_id, [("grpc-status", "0")], end_stream=True)
        writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def calls(port: int, tls: ssl.SSLContext, made: Sequence[Call]) -> list[Answer]:
    """All at once over one connection to 127.0.0.1, each as a stream of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname="shop.example")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    peer = _Peer(reader, writer, is_client=True)
    open_calls = {_begin(peer, call): (call, Answer()) for call in made}
    ended: set[int] = set()
    async for event in peer.events():
        call, answer = open_calls.get(getattr(event, "stream_id", None) or 0, (Call(()), Answer()))
        if isinstance(event, h2.events.ResponseReceived):
            answer.status = int(dict(event.headers)[":status"])
        elif isinstance(event, h2.events.DataReceived):
            _go_on(peer, event.stream_id, call, answer, event.data)
        elif isinstance(event, h2.events.TrailersReceived):
            answer.trailers = tuple((str(name), str(value)) for name, value in event.headers)
        elif isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
            raise AssertionError(f"the stream broke: {event}")
        elif isinstance(event, h2.events.StreamEnded):
            ended.add(event.stream_id)
            if len(ended) == len(made):
                break
    writer.transport.abort()
    return [answer for _, answer in open_calls.values()]


def _begin(peer: _Peer, call: Call) -> int:
    stream: int = peer.h2.get_next_available_stream_id()
    method = "POST" if call.messages else "GET"
    start = [(":method", method), (":scheme", "https"), (":authority", "shop.example"), (":path", call.path)]
    start.append(("authorization", f"Bearer {call.client}"))
    if not call.messages:
        peer.h2.send_headers(stream, start, end_stream=True)
        return stream
    peer.h2.send_headers(stream, [*start, ("content-type", "application/grpc"), ("te", "trailers")])
    peer.h2.send_data(stream, frame(call.messages[0]), end_stream=len(call.messages) == 1)
    return stream


def _go_on(peer: _Peer, stream: int, call: Call, answer: Answer, data: bytes) -> None:
    """The next message, when an answer has just become whole."""
    before = len(answer.messages)
    answer.data += data
    for count in range(before + 1, len(answer.messages) + 1):
        if count < len(call.messages):
            peer.h2.send_data(stream, frame(call.messages[count]), end_stream=count == len(call.messages) - 1)
