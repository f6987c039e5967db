"""A target of raw sockets: it writes exactly the bytes of a script, and keeps exactly the bytes that it was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from replay.wire.target import Target

PAUSE = b"<pause>"  # a part of a script: what follows leaves as a segment of its own
HANG = b"<hang>"  # nothing more comes until the client goes
RESET = b"<reset>"  # the connection ends with RST
CLOSE = b"<close>"  # and with FIN


@dataclass
class ScriptedTarget:
    """`heads`: each request's head as it came; `connections`: how many were accepted; `served`: requests of each."""

    scripts: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    served: list[int] = field(default_factory=list)

    @property
    def connections(self) -> int:
        return len(self.served)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.served)
        self.served.append(0)
        try:
            while await self._answered(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")), 0)
        body = await reader.readexactly(length)
        self.heads.append(head)
        self.bodies.append(body)
        self.served[number] += 1
        for part in self.scripts[head.split(b" ")[1].decode("latin-1").lstrip("/").partition("?")[0]]:
            if part == PAUSE:
                await writer.drain()
                await asyncio.sleep(0.002)
            elif part == HANG:
                await reader.read()
                return False
            elif part in {RESET, CLOSE}:
                await writer.drain()
                if part == RESET:
                    end = writer.get_extra_info("socket")
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            else:
                writer.write(part)
        await writer.drain()
        return True


@asynccontextmanager
async def scripted(
    tls: ssl.SSLContext | None = None, **scripts: tuple[bytes, ...]
) -> AsyncIterator[tuple[Target, ScriptedTarget]]:
    """The target under http://127.0.0.1:port/<name of a script>."""
    talk = ScriptedTarget(scripts)
    server = await asyncio.start_server(talk.talk, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Target("https" if tls else "http", "127.0.0.1", port, "127.0.0.1"), talk
        await asyncio.sleep(0.02)  # let the server's sides see that the client went
