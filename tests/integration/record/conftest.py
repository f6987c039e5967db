"""A real upstream and real proxies, started both ways: `mitmdump -s` and `replay record`."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web

from integration.record.modes import Recorder
from integration.record.transparency.certificates import Certificates, make_certificates
from ports import free_port
from replay.record.addon import addon_path
from upstreams import served

MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
RECORD = "from replay.cli.record import record_command; record_command()"
START_SECONDS = 30.0
WAYS = ("mitmdump", "record")


class Proxy:
    """One running proxy in front of `upstream`, recording into `folder/c.db`."""

    def __init__(self, way: str, upstream: str, folder: Path, *options: str, env: dict[str, str] | None = None) -> None:
        self.way, self.capture = way, folder / "c.db"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output = folder / "output.txt"
        command = _mitmdump if way == "mitmdump" else _record
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                command(upstream, self.port, self.capture, folder, options),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
            )
        self._wait_until_open()

    def _wait_until_open(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if "recording" in self.text():  # both ways say so once the capture is open
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                    return
            time.sleep(0.05)
        raise AssertionError(f"the proxy did not start: {self.text()}")

    @property
    def writer_pid(self) -> int:
        """Of the proxy itself under mitmdump, of the supervisor with `replay record`."""
        (pid,) = self.writer_pids
        return pid

    @property
    def writer_pids(self) -> list[int]:
        """Empty while another one is being started."""
        return self._children(b"replay.record.writer")

    @property
    def worker_pids(self) -> list[int]:
        """The processes that pass traffic on, with `replay record`."""
        return self._children(b"replay.record.worker")

    def _children(self, module: bytes) -> list[int]:
        """A child belongs to the thread that started it: the main one, or another after a restart."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [pid for task in tasks for pid in task.read_text().split()]
        return sorted(int(pid) for pid in children if module in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"))

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def stop(self, signum: int = signal.SIGTERM) -> int:
        self.process.send_signal(signum)
        return self.process.wait(90)  # a slow machine; who promises an end in time measures it

    async def stop_while_serving(self, signum: int = signal.SIGTERM) -> int:
        """The upstream lives in this loop, so waiting must not block it."""
        return await asyncio.to_thread(self.stop, signum)


StartProxy = Callable[..., Proxy]


def _mitmdump(upstream: str, port: int, capture: Path, folder: Path, options: tuple[str, ...]) -> list[str]:
    settings = [f"replay_capture={capture}", f"confdir={folder / 'confdir'}", "connection_strategy=lazy"]
    chosen = [word for setting in (*settings, "keep_host_header=true", *options) for word in ("--set", setting)]
    mode = ["--mode", f"reverse:{upstream}", "--listen-host", "127.0.0.1", "-p", str(port)]
    return [sys.executable, "-c", MITMDUMP, "--set", "flow_detail=0", "-s", str(addon_path()), *mode, *chosen]


def _record(upstream: str, port: int, capture: Path, folder: Path, options: tuple[str, ...]) -> list[str]:
    """Options come as mitmproxy settings: those of the recorder become flags of the same name; `--words` stay."""
    words = ["--upstream", upstream, "--listen", f"127.0.0.1:{port}", "--capture", str(capture)]
    for option in options:
        name, _, value = option.partition("=")
        if option.startswith("--"):
            words.append(option)
        elif name.startswith("replay_"):
            flag = "--" + name.removeprefix("replay_").replace("_", "-")
            words += [flag] if value == "true" else [flag, value]
        else:
            words += ["--set", option]
    return [sys.executable, "-c", RECORD, *words]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """How the recorder runs."""
    return str(request.param)


@pytest.fixture
def start_proxy(tmp_path: Path) -> Iterator[StartProxy]:
    started: list[Proxy] = []

    def start(
        way: str, upstream: str, *options: str, env: dict[str, str] | None = None, folder: Path = tmp_path
    ) -> Proxy:
        started.append(Proxy(way, upstream, folder, *options, env=env))
        return started[-1]

    yield start
    for proxy in started:
        with contextlib.suppress(OSError):
            print(proxy.text())  # pytest shows it when the test failed
        if proxy.process.poll() is None:
            proxy.process.kill()
            proxy.process.wait(10)


@pytest.fixture
def start_recorder(tmp_path: Path) -> Iterator[Callable[..., Awaitable[Recorder]]]:
    """`await start_recorder(*words)`: `replay record` with these words, in a folder of its own."""
    started: list[Recorder] = []

    async def start(*words: str, **how: object) -> Recorder:
        folder = tmp_path / f"recorder-{len(started)}"
        started.append(await asyncio.to_thread(Recorder, folder, *words, **how))
        return started[-1]

    yield start
    for recorder in started:
        recorder.kill()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    """An authority of this test run, and a certificate of it for shop.example, localhost and 127.0.0.1."""
    return make_certificates(tmp_path_factory.mktemp("certificates"), dt.datetime.now(dt.UTC))


@pytest.fixture
async def shop() -> AsyncIterator[str]:
    """A small upstream: echo, JSON, errors, a big body, server-sent events, a slow answer."""

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), content_type=request.content_type)

    async def course(request: web.Request) -> web.Response:
        return web.json_response({"id": int(request.match_info["id"]), "title": "Intro"})

    async def status(request: web.Request) -> web.Response:
        return web.json_response({"error": "no"}, status=int(request.match_info["status"]))

    async def big(request: web.Request) -> web.Response:
        return web.Response(body=bytes(int(request.query["bytes"])), content_type="application/octet-stream")

    async def events(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(3):
            await response.write(b"data: %d\n\n" % number)
            await asyncio.sleep(0.7)
        return response

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(1.0)
        return web.json_response({"slow": True})

    async def stuck(_: web.Request) -> web.Response:
        await asyncio.sleep(60.0)
        return web.Response()

    app = web.Application(client_max_size=64 << 20)
    app.add_routes(
        [
            web.post("/echo", echo),
            web.get("/courses/{id}", course),
            web.get("/status/{status}", status),
            web.get("/big", big),
            web.get("/events", events),
            web.get("/slow", slow),
            web.get("/stuck", stuck),
        ]
    )
    async with served(app, handler_cancellation=True) as url:
        yield url
