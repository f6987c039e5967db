"""What can be seen of a recording from outside: its processes, and what they print."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ports import free_port
from replay.record.addon import addon_path

SECRET = "Qx7Kd93Lm2Zp81Vt"
KEY = "5b" * 32
MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
UPGRADED = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x02hi\x88\x02\x03\xe8"


@pytest.fixture
def upstream() -> Iterator[int]:
    """Answers a request for an upgrade with one, /bad with nonsense, and all else with 200."""

    def serve(server: socket.socket) -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                asked = client.recv(65536)
                nonsense = f"HTTP/1.1 {SECRET}\r\n\r\n".encode()
                answer = UPGRADED if b"/ws" in asked else nonsense if b"/bad" in asked else b"HTTP/1.1 204 x\r\n\r\n"
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def start(way: str, upstream: int, folder: Path, *more: str, **environment: str) -> tuple[subprocess.Popen[bytes], int]:
    """The recorder and its port; it records, or has ended. (mitmdump listens before it has read a script.)"""
    port = free_port()
    target, capture = f"http://127.0.0.1:{upstream}", str(folder / "c.db")
    if way == "record":
        words = ["-m", "replay", "record", "--upstream", target, "--listen", f"127.0.0.1:{port}"]
        words += ["--capture", capture, "--key", "env:REPLAY_TEST_KEY"]
    else:
        options = [f"replay_capture={capture}", "replay_key=env:REPLAY_TEST_KEY", f"confdir={folder}", *more]
        words = ["-c", MITMDUMP, "-s", str(addon_path()), "--mode", f"reverse:{target}", "-p", str(port)]
        words += ["--listen-host", "127.0.0.1", *(word for option in options for word in ("--set", option))]
    with (folder / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *words],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "REPLAY_TEST_KEY": KEY, **environment},
        )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        recording = way == "record" or "replay: recording" in (folder / "output.txt").read_text()
        if recording and accepts(port):
            break
        time.sleep(0.05)
    return process, port


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def wait_for(found: Callable[[], list[Path]]) -> list[Path]:
    """What is there within a minute: on a busy machine the port may be open before the writer is."""
    deadline = time.monotonic() + 60
    while not (there := found()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return there


def send(port: int, request: str) -> None:
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        client.sendall(request.encode())
        client.settimeout(0.3)
        try:
            client.recv(4096)
        except TimeoutError:
            return


UPGRADE = (
    "Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
)
REQUESTS = (
    f"GET /a?token={SECRET} HTTP/1.1\r\nHost: h\r\n\r\n",
    f"GET /{SECRET} HTTP/9.9\r\nHost: h\r\n\r\n",
    f"{SECRET}\r\n\r\n",
    f"GET /x HTTP/1.1\r\nHost: h\r\n{SECRET}\r\n\r\n",
    f"GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: {SECRET}\r\n\r\n",
    "GET /bad HTTP/1.1\r\nHost: h\r\n\r\n",
    f"GET /ws?t={SECRET} HTTP/1.1\r\n{UPGRADE}\r\n\r\n",
)


LOUD = ("termlog_verbosity=debug", "proxy_debug=true", "flow_detail=4")


def test_mitmdump_at_its_loudest_quotes_no_traffic(upstream: int, tmp_path: Path) -> None:
    """F14: every event of the proxy, all details of flows, Python's and asyncio's own debugging."""
    process, port = start("mitmdump", upstream, tmp_path, *LOUD, PYTHONASYNCIODEBUG="1", PYTHONDEVMODE="1")
    try:
        time.sleep(0.3)
        for request in REQUESTS:
            send(port, request)
        with socket.create_connection(("127.0.0.1", port), 5) as client:  # it leaves in the middle
            client.sendall(f"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 999\r\n\r\n{SECRET}".encode())
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    output = (tmp_path / "output.txt").read_text()
    assert "Loading script" in output
    assert SECRET not in output


@pytest.mark.parametrize("way", ["mitmdump", "record"])
def test_no_line_quotes_traffic_and_no_process_shows_the_key(way: str, upstream: int, tmp_path: Path) -> None:
    """mitmdump with its own settings, too: request lines, what it cannot parse, other addons behind ours."""
    process, port = start(way, upstream, tmp_path)
    try:
        time.sleep(0.3)
        for request in REQUESTS:
            send(port, request)
        tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
        children = [pid for task in tasks for pid in task.read_text().split()]
        assert len(children) == {"mitmdump": 1, "record": 2}[way]  # the writer, and the worker that passes traffic on
        for pid in (process.pid, *children):
            assert KEY.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
            assert KEY.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
            limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
            assert next(line.split()[4:6] for line in limits if "core file" in line) == ["0", "0"]
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    output = (tmp_path / "output.txt").read_text()
    assert "recording" in output
    assert SECRET not in output
    assert "Traceback" not in output
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def test_the_way_to_the_writer_is_closed_to_others(upstream: int, tmp_path: Path) -> None:
    """The socket lies in a folder that only this user may enter, and who does not know the token is shown out.

    The path of a socket holds some hundred characters, and pytest's own folders many of them.
    """
    places = Path(tempfile.mkdtemp(prefix="rp"))
    process, _ = start("record", upstream, tmp_path, TMPDIR=str(places))
    try:
        (path,) = wait_for(lambda: list(places.glob("replay-*/writer")))
        assert path.parent.stat().st_mode & 0o777 == 0o700
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(10)
            stranger.connect(str(path))
            stranger.sendall(b"\x02\x00\x00\x00\x01N" + b"x" * 40)
            assert stranger.recv(64) == b""
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert list(places.glob("replay-*")) == []
    places.rmdir()


@pytest.mark.parametrize(
    ("option", "environment"),
    [
        pytest.param("save_stream_file=raw.mitm", {}, id="flows to a file"),
        pytest.param("hardump=raw.har", {}, id="HAR"),
        pytest.param("block_global=false", {"MITMPROXY_SSLKEYLOGFILE": "keys.txt"}, id="TLS keys"),
    ],
)
def test_mitmdump_does_not_start_with_a_raw_copy_beside(
    option: str, environment: dict[str, str], upstream: int, tmp_path: Path
) -> None:
    """A redacted capture is worth nothing beside a file with everything in it."""
    name, _, value = option.partition("=")
    value = str(tmp_path / value) if value.startswith("raw") else value
    paths = {key: str(tmp_path / file) for key, file in environment.items()}
    process, _ = start("mitmdump", upstream, tmp_path, f"{name}={value}", **paths)
    assert process.wait(20) == 1
    assert "unset it" in (tmp_path / "output.txt").read_text()
    assert not (tmp_path / "c.db").exists()
