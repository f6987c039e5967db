"""The lane of broken connections: a request leaves as far as it is told to, and nobody hears its answer.

    head | half of the body | all, and some patience | all, and the answer     then the client is gone

Rule: each on a connection of its own, used for nothing else. What comes back is always a fault that says whose doing it
was: `client-gone`, with the point at which it broke.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from replay.model.exchange import Fault, FaultKind, Request
from replay.model.hint import Cut, CutPoint
from replay.wire.connecting import connecting
from replay.wire.faults import CAUGHT, fault_of
from replay.wire.head import as_bytes
from replay.wire.road import OneLane
from replay.wire.sent import Sent

_WORDS = {
    CutPoint.HEADERS: "CutAfterHead",
    CutPoint.MID_BODY: "CutInBody",
    CutPoint.WAITING: "GaveUpWaiting",
    CutPoint.ANSWERED: "AnswerLost",
}
_CLOSE_SECONDS = 1.0  # what is still on its way out may take so long; then the connection ends as it is
_READ_BYTES = 2**16


class CutLane(OneLane):
    """Use as `await lane.send(request, cut)`."""

    async def send(self, request: Request, cut: Cut) -> Sent:
        """The request up to its cut. Another fault than `client-gone` says that it did not even get there."""
        begun = self._clock()
        try:
            fields, body = self._letterhead.letter(request)
            head = as_bytes(request, fields)
            reader, writer = await self._opened()
        except CAUGHT as error:
            return Sent(fault_of(error), begun, 0.0, self._clock())
        sent = self._clock()
        fault = Fault(FaultKind.CLIENT_GONE, _WORDS[cut.point])
        try:
            await self._until(reader, writer, head, body, cut)
        except CAUGHT as error:
            if cut.point is CutPoint.ANSWERED:
                fault = fault_of(error)  # no answer came: there was none to lose
        finally:
            await _hang_up(writer)
        return Sent(fault, sent, 0.0, self._clock())

    async def _until(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes, body: bytes, cut: Cut
    ) -> None:
        parts = {CutPoint.HEADERS: b"", CutPoint.MID_BODY: body[: len(body) // 2]}
        async with asyncio.timeout(self._timeout):
            writer.write(head + parts.get(cut.point, body))
            await writer.drain()
            if cut.point is CutPoint.ANSWERED:
                await _hear(reader)
            else:
                await asyncio.sleep(cut.seconds)

    async def _opened(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        target, options = self._target, self._options
        async with connecting(min(options.connect_timeout_seconds, self._timeout)):
            return await asyncio.open_connection(
                target.address,
                target.port,
                ssl=self._tls,
                server_hostname=(options.sni or target.host) if self._tls else None,
            )


async def _hear(reader: asyncio.StreamReader) -> None:
    """Until the final answer begins: it is written when the work is done. An interim one (1xx) is none."""
    heard = b""
    while True:
        piece = await reader.read(_READ_BYTES)
        if not piece:
            raise ConnectionResetError
        heard += piece
        while heard.startswith(b"HTTP/1.1 1") and b"\r\n\r\n" in heard:
            heard = heard.partition(b"\r\n\r\n")[2]
        if b"\n" in heard and not heard.startswith(b"HTTP/1.1 1"):
            return


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await writer.wait_closed()
    writer.transport.abort()
