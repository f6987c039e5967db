"""Sends requests to the pinned target with aiohttp, and turns what comes back into outcomes.

Rule: nothing is sent anywhere but to the target; redirects are not followed; faults are values.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import TracebackType

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from replay.model.body import Body
from replay.model.exchange import Fault, Outcome, Request, Response
from replay.model.headers import Headers
from replay.wire.faults import CAUGHT, fault_of
from replay.wire.gate import Gate
from replay.wire.target import Target

# Hop by hop (RFC 9110 section 7.6.1), or written anew by us.
_DROPPED = frozenset(
    {"host", "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
    | {"content-length", "content-encoding", "expect", "accept-encoding", "proxy-authorization"}
)
RESPONSE_LIMIT_BYTES = 16 * 2**20  # more of an answer is not kept: it is marked as cut


@dataclass(frozen=True, slots=True)
class Sent:
    """Times in seconds of the caller's clock."""

    outcome: Outcome
    sent: float
    first_byte: float
    ended: float


class _Pinned(AbstractResolver):
    """Answers with the target's address, whatever the name: DNS cannot move a run elsewhere."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        del family
        found = socket.AF_INET6 if ":" in self._target.address else socket.AF_INET
        return [ResolveResult(hostname=host, host=self._target.address, port=port, family=found, proto=0, flags=0)]

    async def close(self) -> None:
        return None


class Client:
    """One pool of keep-alive connections to one target. Use as an async context manager."""

    def __init__(self, target: Target, clock: Callable[[], float], *, run_id: str = "", timeout: float = 30.0) -> None:
        self._target = target
        self._clock = clock
        self._run_id = run_id
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=10)
        self._session: aiohttp.ClientSession | None = None
        self.requests_sent = 0

    async def __aenter__(self) -> Client:
        connector = aiohttp.TCPConnector(limit=0, resolver=_Pinned(self._target), force_close=False)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def send(self, request: Request, gate: Gate | None = None) -> Sent:
        """One attempt. A reset of a reused idle connection is ours (the server had closed it): sent once more."""
        self.requests_sent += 1
        begun = self._clock()
        result = await self._attempt(request, gate, begun)
        is_ours = isinstance(result.outcome, Fault) and result.outcome.detail == "ServerDisconnectedError"
        if is_ours and gate is None and request.is_safe:
            result = await self._attempt(request, None, begun)
        return result

    async def _attempt(self, request: Request, gate: Gate | None, begun: float) -> Sent:
        first_byte = 0.0
        try:
            data: bytes | AsyncIterator[bytes] | None = request.body.data or None
            if gate is not None and data:
                data = _held_back(request.body.data, gate)
            elif gate is not None:
                await gate.wait()
            async with self._open.request(
                request.method,
                URL(self._target.url + request.target, encoded=True),
                headers=self._headers(request),
                data=data,
                allow_redirects=False,
            ) as answer:
                first_byte = self._clock()
                outcome: Outcome = await _read(answer)
        except CAUGHT as error:
            outcome = fault_of(error)
        return Sent(outcome, begun, first_byte, self._clock())

    @property
    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("the client is used outside its context")
        return self._session

    def _headers(self, request: Request) -> CIMultiDict[str]:
        pairs = [(name, value) for name, value in request.headers.fields if name.lower() not in _DROPPED]
        headers = CIMultiDict(pairs)
        headers["Host"] = self._target.authority
        if request.body.data or not request.is_safe:
            headers["Content-Length"] = str(len(request.body.data))
        if self._run_id:
            headers["X-Replay-Run"] = self._run_id
        return headers


async def _held_back(data: bytes, gate: Gate) -> AsyncIterator[bytes]:
    if len(data) > 1:
        yield data[:-1]
    await gate.wait()
    yield data[-1:]


async def _read(answer: aiohttp.ClientResponse) -> Response:
    data = bytearray()
    cut = False
    async for chunk in answer.content.iter_chunked(2**16):
        if len(data) + len(chunk) > RESPONSE_LIMIT_BYTES:
            data += chunk[: RESPONSE_LIMIT_BYTES - len(data)]
            cut = True
            break
        data += chunk
    headers = Headers.of((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers)
    size = max(answer.content_length or 0, len(data) + 1) if cut else -1
    body = Body(bytes(data), answer.headers.get("Content-Type", ""), cut, size)
    return Response(answer.status, headers.without("content-encoding"), body)


async def send_together(client: Client, requests: tuple[Request, ...]) -> list[Sent]:
    """All at once, with last-byte synchronisation when there is more than one."""
    if len(requests) == 1:
        return [await client.send(requests[0])]
    gate = Gate(len(requests))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(client.send(request, gate)) for request in requests]
    return [task.result() for task in tasks]
