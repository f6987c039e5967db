"""Plays a recorded WebSocket: the handshake, then the client's messages, each when it is its turn.

A message goes out when as many of the server's have come as had come in the recording, or when that has taken twice as
long as the whole recorded conversation. At the end the server has the same time for the rest. Then we close.

Rule: a redirect of the handshake is an answer; nothing goes where it points.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import aiohttp
from multidict import CIMultiDict

from replay.model.body import EMPTY
from replay.model.conversation import Line, heard_body, lines_of
from replay.model.exchange import Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.hint import Hint
from replay.wire.faults import CAUGHT, fault_of
from replay.wire.gate import Gate
from replay.wire.head import as_bytes
from replay.wire.pinned import Pinned
from replay.wire.road import OneLane, Road
from replay.wire.sent import Sent

_LEAST_SECONDS = 1.0  # to wait for a message: a recording may have been over in an instant
_CLOSE_SECONDS = 2.0
_KINDS = {aiohttp.WSMsgType.TEXT: True, aiohttp.WSMsgType.BINARY: False}


class _RedirectedError(aiohttp.ClientError):
    """Ends a handshake that aiohttp would carry elsewhere."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        super().__init__()
        self.answer = answer


class WebSocketLane(OneLane):
    """Use as `await lane.send(...)`, and `await lane.close()` in the end."""

    def __init__(self, road: Road) -> None:
        super().__init__(road)
        watch = aiohttp.TraceConfig()
        watch.on_request_redirect.append(_stay)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, resolver=Pinned(road.target), ssl=road.tls or True),
            timeout=aiohttp.ClientTimeout(total=road.timeout, sock_connect=road.options.connect_timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            trace_configs=[watch],
        )
        self._session._retry_connection = False  # noqa: SLF001 - a handshake goes out once; no option says so

    async def send(self, request: Request, gate: Gate | None, hint: Hint) -> Sent:
        """One conversation. The outcome's body holds what the server said (see `replay.model.conversation`)."""
        if gate is not None:
            await gate.wait()
        sent = self._clock()
        first_byte = 0.0
        try:
            lines = lines_of(request.body)
            async with await self._opened(request) as socket:
                first_byte = self._clock()
                said = await _Talk(socket, hint, self._timeout, self._limit_bytes).play(lines)
                outcome: Outcome = Response(101, _headers_of(socket._response), heard_body(said))  # noqa: SLF001 - aiohttp shows a handshake's fields nowhere else
        except _RedirectedError as error:
            outcome = Response(error.answer.status, _headers_of(error.answer))
        except aiohttp.WSServerHandshakeError as error:
            if error.status == 101:  # switched, but to something else
                outcome = fault_of(error)
            else:
                outcome = Response(error.status, Headers.of((error.headers or {}).items()))
        except CAUGHT as error:
            outcome = fault_of(error)
        return Sent(outcome, sent, first_byte, self._clock())

    async def close(self) -> None:
        await self._session.close()

    async def _opened(self, request: Request) -> aiohttp.ClientWebSocketResponse:
        bare = replace(request, body=EMPTY)
        fields, _ = self._letterhead.letter(bare)
        as_bytes(bare, fields)  # refuses what must not go out
        kept = [(name, value) for name, value in fields if not name.lower().startswith("sec-websocket-")]
        asked = ",".join(request.headers.get_all("sec-websocket-protocol"))
        return await self._session.ws_connect(
            self._url(request.target),
            protocols=[one.strip() for one in asked.split(",") if one.strip()],
            headers=CIMultiDict(kept),
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
            max_msg_size=self._limit_bytes,
            server_hostname=self._options.sni or None,
        )


class _Talk:
    """One conversation: it listens while it waits for its turn to speak."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, hint: Hint, timeout: float, limit_bytes: int) -> None:
        self._socket = socket
        self._wanted = hint.events
        self._limit_bytes = limit_bytes
        self._patience = min(timeout, max(_LEAST_SECONDS, 2 * hint.seconds))
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + timeout
        self._heard: list[tuple[bool, bytes]] = []
        self._heard_bytes = 0

    async def play(self, lines: tuple[Line, ...]) -> list[tuple[bool, bytes]]:
        """What the server said; it ends early when the server does."""
        for line in lines:
            if not await self._hear(line.after):
                return self._heard
            try:
                if line.is_text:
                    await self._socket.send_str(line.data.decode())
                else:
                    await self._socket.send_bytes(line.data)
            except ConnectionError:
                return self._heard
        await self._hear(self._wanted)
        return self._heard

    async def _hear(self, number: int) -> bool:
        """Until so many messages are there, or it took too long; false when there will be none any more."""
        until = min(self._loop.time() + self._patience, self._ends_at)
        while len(self._heard) < number:
            try:
                async with asyncio.timeout_at(until):
                    message = await self._socket.receive()
            except TimeoutError:
                return self._loop.time() < self._ends_at
            if message.type not in _KINDS:
                return False
            data = message.data.encode() if message.type is aiohttp.WSMsgType.TEXT else message.data
            self._heard_bytes += len(data)
            if self._heard_bytes > self._limit_bytes:
                return False
            self._heard.append((_KINDS[message.type], data))
        return True


async def _stay(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, found: aiohttp.TraceRequestRedirectParams
) -> None:
    raise _RedirectedError(found.response)


def _headers_of(answer: aiohttp.ClientResponse) -> Headers:
    return Headers.of((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers)
