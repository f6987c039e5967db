"""A target that costs next to nothing, in a process of its own: what benchmarks of the replayer send to.

    POST /sessions              -> 201 {"token", "session_id"}
    POST /sessions/ID/steps     -> 201 {"id"}
    GET  /steps/ID              -> 200 {"id", "total", "lines"}
    GET  /catalogue             -> 200 always the same

Prints its port. Ends when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LINES = [{"sku": f"sku-{i}", "count": i, "price": "12.50"} for i in range(8)]
CATALOGUE = json.dumps({"items": LINES}).encode()
_numbers = itertools.count(1)


def answer(method: bytes, target: bytes) -> tuple[bytes, bytes]:
    if method == b"GET" and target.startswith(b"/steps/"):
        return b"200 OK", b'{"id":"%s","total":100,"lines":%s}' % (target[7:], json.dumps(LINES).encode())
    if method == b"GET":
        return b"200 OK", CATALOGUE
    number = next(_numbers)
    if target == b"/sessions":
        return b"201 Created", b'{"token":"tok-live-%012d","session_id":"ses-live-%012d"}' % (number, number)
    return b"201 Created", b'{"id":"step-live-%012d"}' % number


class Serving(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        out = []
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end]
            at = head.lower().find(b"\r\ncontent-length:")
            size = int(head[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._data) < end + 4 + size:
                break
            self._data = self._data[end + 4 + size :]
            method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
            status, body = answer(method, target)
            out.append(
                b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (status, len(body), body)
            )
        if out:
            self._transport.write(b"".join(out))


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Serving, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


@contextmanager
def light_target() -> Iterator[str]:
    """Its URL, while it runs."""
    process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


if __name__ == "__main__":
    asyncio.run(serve())
