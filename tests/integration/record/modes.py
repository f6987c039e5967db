"""`replay record` in any mode, the services behind it, and what has to hold of every recording."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession, WSMsgType, web

from replay.model.errors import TargetError
from replay.model.session import Session
from replay.store.capture_reader import CaptureReader
from replay.wire.target import refuse_origin, resolve_target

_RECORD = "from replay.cli.record import record_command; record_command()"
_START_SECONDS = 40.0
_STOP_SECONDS = 40.0
CLIENTS = ("anna-4711", "bert-0815")  # as bearer tokens: two actors, and a session each


class Recorder:
    """One running `replay record --mode …`, with a home and a temporary folder of its own. `prefix`: `ip netns exec`"""

    def __init__(self, folder: Path, *words: str, prefix: Sequence[str] = (), listen: str = "127.0.0.1:0") -> None:
        self.folder, self.capture, self._output = folder, folder / "c.db", folder / "output.txt"
        home, temporary = folder / "home", folder / "tmp"
        for made in (home, temporary):
            made.mkdir(parents=True)
        fixed = ["--listen", listen, "--capture", str(self.capture), "--log-format", "json"]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-c", _RECORD, *fixed, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HOME": str(home), "TMPDIR": str(temporary)},
            )
        self.port = self._wait_until_open()
        self.url = f"http://127.0.0.1:{self.port}"
        self.workers = [*self.children(b"replay.record.worker")]

    def _wait_until_open(self) -> int:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in self.lines():
                if line["event"] == "recording":
                    return int(line["port"])
            time.sleep(0.05)
        self.kill()
        raise AssertionError(f"it did not start: {self._output.read_text()}")

    def lines(self) -> list[dict[str, object]]:
        """What it has said."""
        return [json.loads(line) for line in self._output.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def said(self, event: str) -> list[str]:
        return [str(line["message"]) for line in self.lines() if line["event"] == event]

    def children(self, module: bytes) -> list[int]:
        """Process ids."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        found = sorted(int(pid) for task in tasks for pid in task.read_text().split())
        return [pid for pid in found if module in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]

    def stop(self) -> None:
        """SIGTERM; it must end well, and leave no key behind."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(_STOP_SECONDS) == 0, self._output.read_text()
        assert self.keys() == []

    def kill(self) -> None:
        """For the end of a test, whatever state it is in."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def keys(self) -> list[Path]:
        """Files of this recorder that hold a private key: in its home, its temporary folder, in shared memory."""
        shared = [found for pid in self.workers for found in Path("/dev/shm").glob(f"replay-confdir-{pid}-*")]
        places = (self.folder / "home", self.folder / "tmp", *shared)
        files = [file for place in places for file in place.rglob("*") if file.is_file()]
        return [file for file in files if b"PRIVATE KEY" in file.read_bytes()]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a capture holds when its recorder has ended."""

    sessions: tuple[Session, ...]
    origins: tuple[str, ...]
    capture_id: str

    @classmethod
    def read(cls, recorder: Recorder) -> Recorded:
        """Nothing may be lost: every test sends little to an idle recorder."""
        with CaptureReader.open(recorder.capture) as reader:
            assert reader.losses() == ()
            info = reader.info()
            return cls(tuple(reader.sessions()), info.origins, info.id)

    @property
    def statuses(self) -> list[int]:
        return sorted(one.status for session in self.sessions for one in session.exchanges)

    def refuses(self, url: str) -> bool:
        """`replay run` would not send to this address."""
        try:
            refuse_origin(resolve_target(url), self.origins, self.capture_id)
        except TargetError as error:
            return "where this capture was recorded" in str(error)
        return False

    def shapes(self) -> list[tuple[int, bool]]:
        """Of each session: how many exchanges it has, and whether it has an actor. No two have the same one."""
        actors = [session.actor for session in self.sessions]
        assert len(set(actors)) == len(actors)
        return sorted((len(session.exchanges), session.actor is not None) for session in self.sessions)


@contextlib.asynccontextmanager
async def shop(tls: ssl.SSLContext | None = None, sock: socket.socket | None = None) -> AsyncIterator[str]:
    """A service: courses, an echo, a WebSocket that shouts. Yields its URL by address."""

    async def course(request: web.Request) -> web.Response:
        return web.json_response({"id": int(request.match_info["id"]), "title": "Intro"})

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type="application/json", status=201)

    async def talk(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            if message.type == WSMsgType.TEXT:
                await answer.send_str(message.data.upper())
        return answer

    app = web.Application()
    app.add_routes([web.get("/courses/{id}", course), web.post("/echo", echo), web.get("/talk", talk)])
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    listening = sock or socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listening, ssl_context=tls).start()
    host, port = listening.getsockname()[:2]
    try:
        yield f"{'https' if tls else 'http'}://{host}:{port}"
    finally:
        await runner.cleanup()


async def buy(session: ClientSession, url: str, **how: object) -> int:
    """Four requests of each client, checked; how many exchanges that makes."""
    for client in CLIENTS:
        headers = {"Authorization": f"Bearer {client}"}
        for number in (1, 2, 3):
            async with session.get(f"{url}/courses/{number}", headers=headers, **how) as answer:
                assert (answer.status, await answer.json()) == (200, {"id": number, "title": "Intro"})
        body = b'{"course":  7}'
        async with session.post(f"{url}/echo", data=body, headers=headers, **how) as answer:
            assert (answer.status, await answer.read()) == (201, body)
    return 4 * len(CLIENTS)


async def raw_buy(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], client: str, host: str) -> None:
    """What `buy` does for one client, on one connection that leads to the service."""
    reader, writer = streams
    posted = b'{"course":  7}'
    asked = [b"GET /courses/%d HTTP/1.1\r\n%%s\r\n" % number for number in (1, 2, 3)]
    asked.append(b"POST /echo HTTP/1.1\r\n%%sContent-Length: %d\r\n\r\n%s" % (len(posted), posted))
    fields = b"Host: %s\r\nAuthorization: Bearer %s\r\n" % (host.encode(), client.encode())
    for request, status in zip(asked, (200, 200, 200, 201), strict=True):
        writer.write(request % fields)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert head.startswith(b"HTTP/1.1 %d " % status)
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))


def check_shop(recorded: Recorded, urls: Iterable[str], rounds: int = 1) -> None:
    """What `buy` did, `rounds` times: two sessions, two actors, every exchange with its answer, origins marked."""
    assert recorded.shapes() == [(4 * rounds, True)] * len(CLIENTS)
    assert recorded.statuses == [200] * (6 * rounds) + [201] * (2 * rounds)
    for session in recorded.sessions:
        for one in session.exchanges:
            answer = json.loads(one.response.body.data or b"null") if one.response else None
            assert set(answer) == ({"course"} if one.status == 201 else {"id", "title"})
    for url in urls:
        assert recorded.refuses(url), url
    assert not recorded.refuses("http://127.0.0.1:9")
