"""The general lane: aiohttp's session, for what the fast lane leaves to it (bodies that are streamed), or for all.

Rule: nothing of aiohttp's comfort: no redirects, no cookies, no fields of its own, no decoding.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
from multidict import CIMultiDict

from replay.model.exchange import Outcome, Request
from replay.model.hint import EVENT_STREAM, Hint
from replay.pace.reads import may_go_twice
from replay.wire.answer import NO_BODY_STATUS, READ_LIMIT_BYTES, Intake, Received, head_of, response_of
from replay.wire.event_stream import Listening
from replay.wire.fast_connection import LINE_LIMIT_BYTES
from replay.wire.faults import CAUGHT, STALE, FirstByteTimeoutError, fault_of
from replay.wire.gate import Gate
from replay.wire.head import Fields, as_bytes
from replay.wire.pinned import Pinned
from replay.wire.road import OneLane, Road
from replay.wire.sent import Sent

_MOST_OF_IT = 0.9  # of the time for a request: a stream is ended by us, not by that time
PIECE_BYTES = 2**18  # a body is written in such pieces, each when the one before has left


class GeneralLane(OneLane):
    """Use as `await lane.send(...)`, and `await lane.close()` in the end."""

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        watch = aiohttp.TraceConfig()
        watch.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=road.options.pool, resolver=Pinned(road.target), ssl=road.tls or True),
            timeout=aiohttp.ClientTimeout(total=road.timeout, sock_connect=road.options.connect_timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            auto_decompress=False,
            max_line_size=LINE_LIMIT_BYTES,
            max_field_size=LINE_LIMIT_BYTES,
            trace_configs=[watch],
        )
        self._session._retry_connection = False  # noqa: SLF001 - it would send PUT and DELETE twice; no option says so

    async def send(self, request: Request, gate: Gate | None, hint: Hint) -> Sent:
        """One request, as the fast lane does: what is not safe goes out once."""
        sent = self._clock()
        result, is_stale = await self._attempt(request, gate, hint, sent)
        if is_stale and gate is None and may_go_twice(request):
            result, _ = await self._attempt(request, None, hint, sent)
        return result

    async def close(self) -> None:
        await self._session.close()

    async def _attempt(self, request: Request, gate: Gate | None, hint: Hint, sent: float) -> tuple[Sent, bool]:
        first_byte = 0.0
        reused: list[bool] = []
        try:
            fields, body = self._letterhead.letter(request)
            as_bytes(request, fields)  # refuses what must not go out, as the fast lane does
            data = _pieces(body, gate) if body and (gate is not None or len(body) > PIECE_BYTES) else body or None
            if gate is not None and not body:
                await gate.wait()
            async with asyncio.timeout(None) as patience:
                if self._options.first_byte_timeout_seconds:
                    patience.reschedule(asyncio.get_running_loop().time() + self._options.first_byte_timeout_seconds)
                answer = await self._open(request, fields, data, reused)
                patience.reschedule(None)
            first_byte = self._clock()
            async with answer:
                received = await self._received(answer, first_byte, hint)
            response: Outcome = response_of(received, self._limit_bytes)
            return Sent(response, sent, first_byte, received.ended, received.digest), False
        except CAUGHT as error:
            if isinstance(error, TimeoutError) and patience.expired():
                error = FirstByteTimeoutError()
            fault = fault_of(error)
            is_stale = bool(reused) and not first_byte and fault.detail in STALE
            return Sent(fault, sent, first_byte, self._clock()), is_stale

    async def _open(
        self, request: Request, fields: Fields, data: bytes | AsyncIterator[bytes] | None, reused: list[bool]
    ) -> aiohttp.ClientResponse:
        return await self._session.request(
            request.method,
            self._url(request.target),
            headers=CIMultiDict((name, _reread(value)) for name, value in fields),
            data=data,
            allow_redirects=False,
            server_hostname=self._options.sni or None,
            trace_request_ctx=reused,
        )

    async def _received(self, answer: aiohttp.ClientResponse, first_byte: float, hint: Hint) -> Received:
        intake = Intake(self._limit_bytes)
        if answer.content_type == EVENT_STREAM:
            await self._listen(answer, intake, hint)
        elif answer.status not in NO_BODY_STATUS and answer.method != "HEAD":
            async for chunk in answer.content.iter_any():
                intake.add(chunk)
                if intake.size_bytes > READ_LIMIT_BYTES:
                    answer.close()
                    break
        head = head_of(answer.raw_headers)
        return Received(answer.status, head, intake.data, intake.size_bytes, intake.digest, first_byte, self._clock())

    async def _listen(self, answer: aiohttp.ClientResponse, intake: Intake, hint: Hint) -> None:
        loop = asyncio.get_running_loop()
        listening = Listening(hint, loop.time(), self._timeout * _MOST_OF_IT)
        try:
            while not answer.content.at_eof() and intake.size_bytes <= READ_LIMIT_BYTES:
                async with asyncio.timeout_at(listening.ends_at):
                    piece = await answer.content.readany()
                intake.add(piece)
                if listening.is_enough(piece, loop.time()):
                    break
        except TimeoutError:
            pass  # it was long enough


async def _note_reuse(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _found: aiohttp.TraceConnectionReuseconnParams
) -> None:
    context.trace_request_ctx.append(True)


def _reread(value: str) -> str:
    """The same bytes on the wire: a recorded value is latin-1 text, and aiohttp writes UTF-8."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


async def _pieces(data: bytes, gate: Gate | None) -> AsyncIterator[bytes]:
    """All of it, the last byte when the gate opens. aiohttp asks for a piece when the one before has left."""
    end = len(data) if gate is None else len(data) - 1
    for start in range(0, end, PIECE_BYTES):
        yield data[start : min(start + PIECE_BYTES, end)]
    if gate is not None:
        await gate.wait()
        yield data[end:]
