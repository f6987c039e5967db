"""One keep-alive connection of the fast lane: aiohttp's own protocol and parser, without its session above them.

    expect() -> future of Received, write(bytes)      one request at a time, pipelining never

A plain answer that came in one read is read without the parser, see `fast_answer`.

It reads into one buffer that all connections share (asyncio's BufferedProtocol): asyncio otherwise makes room for
256 KiB before each read, which costs more than everything else here (measured: 16 instead of 34 us a request).

Rule: a connection is used again only when the answer before ended where its framing said, and nothing came after it.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser
from aiohttp.http_exceptions import HttpProcessingError

from replay.model.hint import NO_HINT
from replay.wire.answer import NO_BODY_STATUS, READ_LIMIT_BYTES, Intake, Received, head_of
from replay.wire.event_stream import Listening
from replay.wire.fast_answer import PlainAnswers

READ_BYTES = 2**16  # of one read
_FLOW_BYTES = 2**18  # more than one read: the parser never has to pause
LINE_LIMIT_BYTES = 2**16  # of a header field: cookies and policies of real services pass aiohttp's 8190


class FastConnection(BaseProtocol, asyncio.BufferedProtocol):
    """`is_reused`: it has answered before. `limit_bytes`: of a body, kept."""

    __slots__ = (
        "_answer", "_buffer", "_clock", "_first_byte", "_has_body", "_head", "_intake", "_is_parsed",
        "_limit", "_payload", "_plain", "_poll",
        "deadline", "first_byte_deadline", "hint", "is_reused", "is_usable", "key", "listening",
    )  # fmt: skip

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Callable[[], float],
        buffer: memoryview,
        limit_bytes: int,
        plain: PlainAnswers | None = None,
    ) -> None:
        super().__init__(loop, None)
        self._clock = clock
        self._buffer = buffer
        self._plain = plain or PlainAnswers()
        self._limit = limit_bytes
        self._answer: asyncio.Future[Received] | None = None
        self._head: Any = None
        self._payload: Any = None
        self._intake: Intake | None = None
        self._first_byte = 0.0
        self._has_body = True
        self._is_parsed = False  # the parser has a part of the answer, so it has to have all of it
        self._poll: select.poll | None = None
        self.key = ""
        self.hint = NO_HINT
        self.listening: Listening | None = None  # while the answer is a stream of events
        self.is_reused = False
        self.is_usable = True
        self.deadline = 0.0  # both on the loop's clock; 0.0: none
        self.first_byte_deadline = 0.0

    def expect(self, *, has_body: bool) -> asyncio.Future[Received]:
        """The future answer to what is written next. `has_body` is false for HEAD."""
        if self._parser is None or not (has_body and self._has_body):
            self._parser = HttpResponseParser(
                self,
                self._loop,
                _FLOW_BYTES,
                payload_exception=aiohttp.ClientPayloadError,
                response_with_body=has_body,
                read_until_eof=True,
                auto_decompress=False,
                max_line_size=LINE_LIMIT_BYTES,
                max_field_size=LINE_LIMIT_BYTES,
            )
            self._has_body = has_body
        self._head = self._payload = self._intake = self.listening = None
        self._first_byte = 0.0
        self._is_parsed = not has_body
        self._answer = self._loop.create_future()
        return self._answer

    def write(self, data: bytes) -> None:
        """Nothing happens when the connection is gone: the answer tells."""
        if self.transport is not None:
            self.transport.write(data)

    def is_quiet(self) -> bool:
        """Nothing has come since the last answer: neither a byte nor the end."""
        transport = self.transport
        if transport is None or not self.is_usable or transport.is_closing():
            return False
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def pause_reading(self) -> None:
        """Never: what the parser has is taken after each read, so it holds one read of the socket at most."""

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Nothing was paused. aiohttp's own would feed the parser again while it is being emptied."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - a BufferedProtocol
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.data_received(self._buffer[:nbytes].tobytes())

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # nobody asked
            self.close()
            return
        if not self._is_parsed and self._is_plain(data):
            return
        self._is_parsed = True
        try:
            messages, upgraded, tail = self._parser.feed_data(data)  # type: ignore[union-attr] # there is one while an answer is awaited
        except HttpProcessingError as error:
            self.fail(error)
            return
        for message, payload in messages:
            if message.code < 200 and message.code != 101:  # interim (RFC 9110 section 15.2)
                continue
            if self._head is not None:
                self.is_usable = False  # a second answer to one request
                break
            self._head, self._payload = message, payload
            self._first_byte = self._clock()
            if "event-stream" in message.headers.get("Content-Type", ""):
                now = self._loop.time()
                self.listening = Listening(self.hint, now, max(0.0, self.deadline - now))
        if tail or upgraded:
            self.is_usable = False
        if self._head is not None:
            self._collect()

    def _is_plain(self, data: bytes) -> bool:
        """The answer is whole and plain: it is handed over."""
        plain = self._plain.read(data)
        if plain is None or len(plain.body) > self._limit:
            return False
        answer, self._answer = self._answer, None
        if plain.closes:
            self.is_usable = False
        now = self._clock()
        if answer is not None and not answer.done():
            answer.set_result(Received(plain.status, plain.head, plain.body, len(plain.body), b"", now, now))
        return True

    def _collect(self) -> None:
        """Take what the parser has of the body; end when the body has ended."""
        payload, intake = self._payload, self._intake
        try:
            chunk = payload.read_nowait(-1)
        except (aiohttp.ClientError, HttpProcessingError) as error:
            self.fail(error)
            return
        if intake is None:
            if payload.is_eof() and len(chunk) <= self._limit:
                self._finish(chunk, len(chunk), b"")
                return
            intake = self._intake = Intake(self._limit)
        intake.add(chunk)
        if payload.is_eof():
            self._finish(intake.data, intake.size_bytes, intake.digest)
        elif intake.size_bytes > READ_LIMIT_BYTES or self._has_heard_enough(chunk):
            self.hang_up()

    def _has_heard_enough(self, chunk: bytes) -> bool:
        return self.listening is not None and self.listening.is_enough(chunk, self._loop.time())

    def hang_up(self) -> None:
        """What has come of the body is all that is wanted of it."""
        intake = self._intake or Intake(self._limit)
        self.is_usable = False
        self._finish(intake.data, intake.size_bytes, intake.digest)

    def _finish(self, data: bytes, size_bytes: int, digest: bytes) -> None:
        answer, head = self._answer, self._head
        self._answer = None
        if head.should_close or head.code == 101 or self.transport is None:
            self.is_usable = False
        if head.chunked or head.code in NO_BODY_STATUS:
            self._parser = None  # trailers would be taken for the next answer's fields
        if answer is not None and not answer.done():
            fields = head_of(head.raw_headers)
            answer.set_result(Received(head.code, fields, data, size_bytes, digest, self._first_byte, self._clock()))

    def fail(self, error: BaseException) -> None:
        """End the request with this error, and the connection with it."""
        answer, self._answer = self._answer, None
        self.close()
        if answer is not None and not answer.done():
            answer.set_exception(error)

    def close(self) -> None:
        """For good, at once: what is still unsent is nobody's any more."""
        self.is_usable = False
        if self.transport is not None:
            self.transport.abort()

    @property
    def has_head(self) -> bool:
        """The answer has begun."""
        return self._head is not None

    def connection_lost(self, exc: BaseException | None) -> None:
        self.is_usable = False
        super().connection_lost(exc)
        if self._answer is None:
            return
        if self._head is None:
            lost = aiohttp.ServerDisconnectedError() if exc is None else aiohttp.ClientOSError()
            self.fail(lost)
            return
        try:
            self._parser.feed_eof()  # type: ignore[union-attr] # there is one while an answer is awaited
        except Exception:  # noqa: BLE001 - of the parser's many errors each means that the body is not whole
            self.fail(aiohttp.ClientPayloadError())
            return
        self._collect()
        if self._answer is not None:
            self.fail(aiohttp.ClientPayloadError())
