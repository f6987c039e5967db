"""An open-loop load at a fixed rate: latency counts from when a request was due, not from when it could be sent.

Raw sockets on asyncio: one request takes this process about 0.1 ms, so that some thousand a second are the limit.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field


@dataclass
class Latencies:
    """Seconds. `late`: how far behind its schedule the generator itself was when it sent."""

    seconds: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: int = 0

    def percentile_ms(self, share: float) -> float:
        """Milliseconds; NaN when there is none."""
        values = sorted(self.seconds)
        return 1000 * values[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else math.nan


def request_bytes(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """One HTTP/1.1 request as it goes over the wire."""
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: shop.example",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def load(
    port: int, rate: float, seconds: float, connections: int, headers: dict[str, str], path: str
) -> Latencies:
    """`rate` requests a second for `seconds`, spread over keep-alive connections to 127.0.0.1:`port`."""
    found = Latencies()
    loop = asyncio.get_running_loop()
    begin = loop.time() + 0.1
    due: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()

    async def schedule() -> None:
        for number in range(int(rate * seconds)):
            at = begin + number / rate
            await asyncio.sleep(max(0.0, at - loop.time()))
            due.put_nowait((number, at))
        for _ in range(connections):
            due.put_nowait(None)

    async def connection() -> None:
        streams = None
        while (job := await due.get()) is not None:
            number, at = job
            found.late.append(loop.time() - at)
            try:
                streams = streams or await asyncio.open_connection("127.0.0.1", port)
                streams[1].write(request_bytes("GET", f"{path}/{number}", headers))
                if await _answer(streams[0]) != 200:
                    found.errors += 1
                found.seconds.append(loop.time() - at)
            except (OSError, asyncio.IncompleteReadError, ValueError):
                found.errors += 1
                if streams:
                    streams[1].close()
                streams = None
        if streams:
            streams[1].close()

    async with asyncio.TaskGroup() as group:
        group.create_task(schedule())
        for _ in range(connections):
            group.create_task(connection())
    return found


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lower = head.lower()
    at = lower.index(b"content-length:")
    await reader.readexactly(int(head[at + 15 : head.index(b"\r", at)]))
    return int(head[9:12])
