"""Plain `mitmdump -s recorder.py`, no option but the capture: it does not break what it stands beside."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from ports import free_port
from replay.model.exchange import Exchange, Fault, FaultKind
from replay.record.addon import addon_path
from replay.store.capture_reader import CaptureReader

MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"


class Script:
    """`mitmdump -s` with a copy of the addon, so that it may be changed while it runs."""

    def __init__(self, folder: Path, upstream: str, *settings: str) -> None:
        self.path, self.capture, self._output = folder / "recorder.py", folder / "c.db", folder / "output.txt"
        shutil.copy(addon_path(), self.path)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        chosen = (f"replay_capture={self.capture}", f"confdir={folder / 'confdir'}", *settings)
        words = [word for setting in chosen for word in ("--set", setting)]
        where = ["--mode", f"reverse:{upstream}", "--listen-host", "127.0.0.1", "-p", str(self.port)]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-O", "-c", MITMDUMP, "-s", str(self.path), *where, *words],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_for("replay: recording")

    def text(self) -> str:
        return self._output.read_text(errors="replace")

    def wait_for(self, words: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while self.text().count(words) < times:
            assert self.process.poll() is None, self.text()
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)

    def change(self, text: str) -> None:
        """mitmproxy looks at the file's time each second."""
        loads = self.text().count("Loading script")
        self.path.write_text(text)
        os.utime(self.path, (time.time() + 5 * loads, time.time() + 5 * loads))
        self.wait_for("Loading script", loads + 1)

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)

    def exchanges(self) -> list[Exchange]:
        with CaptureReader.open(self.capture) as reader:
            assert reader.losses() == ()
            return [exchange for session in reader.sessions() for exchange in session.exchanges]


StartScript = Callable[..., Script]


@pytest.fixture
def start_script(tmp_path: Path) -> Iterator[StartScript]:
    started: list[Script] = []

    def start(upstream: str, *settings: str) -> Script:
        started.append(Script(tmp_path, upstream, *settings))
        return started[-1]

    yield start
    for script in started:
        if script.process.poll() is None:
            script.process.kill()
            script.process.wait(10)


class Upstream:
    """Answers every request with the same bytes, and keeps the request."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.heads: list[bytes] = []

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            self.heads.append(head)
            writer.write(self.answer)
            await writer.drain()
            break
        writer.close()


async def ask(port: int, host: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def get(client: ClientSession, path: str) -> int:
    async with client.get(path) as answer:
        await answer.read()
        return answer.status


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def test_a_dead_upstream_is_a_502_and_a_fault(start_script: StartScript, free_port: int) -> None:
    """mitmproxy's own default is a bare end of file, and no hook."""
    script = await asyncio.to_thread(start_script, f"http://127.0.0.1:{free_port}")
    assert (await ask(script.port, "shop.example")).startswith(b"HTTP/1.1 502 ")
    assert await script.stop() == 0
    assert [one.outcome for one in script.exchanges()] == [Fault(FaultKind.CONNECT)]


@pytest.mark.parametrize("host", ["shop.example", "mitm.it"])
async def test_the_host_reaches_the_service(start_script: StartScript, host: str) -> None:
    """mitmproxy's own defaults write the upstream's address into it, and serve a page of their own for mitm.it."""
    upstream = Upstream(OK)
    async with upstream as url:
        script = await asyncio.to_thread(start_script, url)
        assert await ask(script.port, host) == OK
        assert await script.stop() == 0
    assert b"Host: %s\r\n" % host.encode() in upstream.heads[0]


async def test_what_the_user_chose_stays(start_script: StartScript) -> None:
    upstream = Upstream(OK)
    async with upstream as url:
        script = await asyncio.to_thread(start_script, url, "keep_host_header=false")
        assert await ask(script.port, "shop.example") == OK
        assert await script.stop() == 0
    assert b"shop.example" not in upstream.heads[0]


async def test_an_interim_answer_does_not_replace_the_last_one(start_script: StartScript) -> None:
    """Stock mitmproxy forwards a 103 as if it were the answer, and the client waits for ever."""
    async with Upstream(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + OK) as url:
        script = await asyncio.to_thread(start_script, url)
        assert (await ask(script.port, "shop.example")).endswith(OK)
        assert await script.stop() == 0
    assert [one.status for one in script.exchanges()] == [200]


async def test_trailers_pass_and_are_recorded(start_script: StartScript) -> None:
    """Stock mitmproxy crashes on them, and the client hangs."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Count\r\nConnection: close\r\n\r\n"
    answer = head + b"2\r\nok\r\n0\r\nX-Count: 17\r\n\r\n"
    async with Upstream(answer) as url:
        script = await asyncio.to_thread(start_script, url)
        assert await ask(script.port, "shop.example") == answer
        assert await script.stop() == 0
    (exchange,) = script.exchanges()
    assert [name for name, _ in exchange.response.trailers.fields] == ["X-Count"]


async def test_what_is_in_flight_finishes_after_the_signal(start_script: StartScript, shop: str) -> None:
    """mitmproxy alone cuts it: the client would get an end of file."""
    script = await asyncio.to_thread(start_script, shop)
    async with ClientSession(script.url) as client:
        waiting = asyncio.ensure_future(client.get("/slow"))
        await asyncio.sleep(0.3)
        stopping = asyncio.ensure_future(script.stop())
        assert await (await waiting).json() == {"slow": True}
        assert await stopping == 0
    assert [one.status for one in script.exchanges()] == [200]
    assert "captured 1, dropped none, refused 0" in script.text()


async def test_a_second_signal_ends_the_wait(start_script: StartScript) -> None:
    """Whoever cannot wait 10 s says so twice; what is cut is recorded as what it is, or counted."""

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never, "127.0.0.1", 0)
    script = await asyncio.to_thread(start_script, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    waiting = asyncio.ensure_future(ask(script.port, "shop.example"))
    await asyncio.sleep(0.3)
    script.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(1.5)
    assert script.process.poll() is None
    assert await script.stop() == 0
    assert await waiting == b""
    server.close()
    with CaptureReader.open(script.capture) as reader:
        captured = reader.contents().exchanges
        assert captured + sum(loss.count for loss in reader.losses()) == 1


async def test_a_reloaded_script_goes_on_with_the_same_capture(start_script: StartScript, shop: str) -> None:
    """Also with a broken version in between: traffic passes, and the repaired one finds the recording again."""
    script = await asyncio.to_thread(start_script, shop)
    text = script.path.read_text()
    async with ClientSession(script.url) as client:
        assert await get(client, "/courses/1") == 200
        across = asyncio.ensure_future(get(client, "/slow"))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(script.change, text + "# changed\n")
        assert await get(client, "/courses/2") == 200
        assert await across == 200
        await asyncio.to_thread(script.change, "this is no Python\n")
        assert await get(client, "/courses/3") == 200  # passes, and is not seen
        await asyncio.to_thread(script.change, text)
        assert await get(client, "/courses/4") == 200
    assert await script.stop() == 0
    targets = sorted(one.request.target for one in script.exchanges())
    assert targets == ["/courses/1", "/courses/2", "/courses/4", "/slow"]
    assert script.text().count("replay: recording") == 1
    assert "captured 4, dropped none, refused 0" in script.text()


async def test_a_script_that_stays_broken_leaves_a_sound_capture(start_script: StartScript, shop: str) -> None:
    """Nobody takes the recording over: it ends with the process."""
    script = await asyncio.to_thread(start_script, shop)
    async with ClientSession(script.url) as client:
        assert await get(client, "/courses/1") == 200
        await asyncio.to_thread(script.change, "this is no Python\n")
        assert await get(client, "/courses/2") == 200
    assert await script.stop() == 0
    assert [one.request.target for one in script.exchanges()] == ["/courses/1"]
