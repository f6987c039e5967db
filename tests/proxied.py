"""A raw upstream that says exactly the bytes it is told to, and the embedded proxy of `replay record` in front of it.

The proxy is a process of its own with a small addon in the recorder's place, which tells what addons see.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from replay.record.proxy.plan import plan_proxy

SECONDS = 20.0  # for any single read; a hang is a failure, not a wait

_DRIVER = """
import asyncio, json, signal, sys
from types import SimpleNamespace
from replay.model.errors import ReplayError
from replay.record.proxy import embedded
from replay.record.proxy.plan import ProxyPlan

def tell(**what):
    print(json.dumps(what), flush=True)

def shown(trailers):
    return None if trailers is None else [[name.decode(), value.decode()] for name, value in trailers.fields]

class Tap:
    recording = summary = None
    in_flight = 0
    def response(self, flow):
        tell(event="response", status=flow.response.status_code, path=flow.request.path,
             request_trailers=shown(flow.request.trailers), response_trailers=shown(flow.response.trailers),
             expect=flow.request.headers.get("expect"), body=(flow.request.raw_content or b"").decode())
    def error(self, flow):
        tell(event="error", path=flow.request.path)
    def requestheaders(self, flow):
        tell(event="requestheaders", path=flow.request.path)
    def done(self):
        self.summary = "summary"

embedded.load_addon = Tap

async def main():
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, hurry.set)
    plan = ProxyPlan.from_wire(json.loads(sys.argv[1]))
    def listening(host, port):
        tell(event="listening", port=port)
    def say(line):
        tell(event="say", line=line)
    try:
        summary = await embedded.run_proxy(plan, lambda: SimpleNamespace(drain_seconds=10), say, listening, stop, hurry)
        tell(event="ended", summary=summary)
    except ReplayError as error:
        tell(event="refused", line=str(error))

asyncio.run(main())
"""


class RawUpstream:
    """Answers every request with `answer(request)`; keeps the raw requests. One thread per connection."""

    def __init__(self, answer: bytes | Callable[[bytes], bytes]) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._answer = answer if callable(answer) else lambda _: answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            thread.start()
            self._threads.append(thread)  # now it can be joined

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(SECONDS)
        with connection:
            try:
                while request := read_message(connection):
                    self.requests.append(request)
                    connection.sendall(self._answer(request))
            except OSError:
                return

    def close(self) -> None:
        """The proxy must have ended: its connections end these threads."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(SECONDS)


class ScriptedUpstream(RawUpstream):
    """Plays `script(connection)` on each connection, then closes it."""

    def __init__(self, script: Callable[[socket.socket], None]) -> None:
        self._script = script
        super().__init__(b"")

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(SECONDS)
        with connection, contextlib.suppress(OSError):
            self._script(connection)


@contextlib.contextmanager
def proxy_before(upstream: RawUpstream, *flags: str) -> Iterator[ProxyProcess]:
    """The embedded proxy in front of it; both end with the block."""
    proxy = ProxyProcess(plan_proxy(upstream.url, (), "127.0.0.1:0", (), ()).to_wire(), *flags)
    try:
        yield proxy
    finally:
        proxy.kill()
        upstream.close()


def read_exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes, or fewer when the other side closes."""
    data = b""
    while len(data) < count and (chunk := connection.recv(count - len(data))):
        data += chunk
    return data


def read_message(connection: socket.socket) -> bytes:
    """One HTTP/1 message with its body, as raw bytes; empty when the other side has ended."""
    data = b""
    while not _is_whole(data):
        chunk = connection.recv(65536)
        if not chunk:
            return data
        data += chunk
    return data


def read_to_end(connection: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    data = b""
    while chunk := connection.recv(65536):
        data += chunk
    return data


def _is_whole(data: bytes) -> bool:
    head, mark, body = data.partition(b"\r\n\r\n")
    if not mark:
        return False
    if b"transfer-encoding: chunked" in head.lower():
        return re.search(rb"(^|\r\n)0\r\n([^\r\n]+\r\n)*\r\n$", body) is not None
    length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
    return len(body) >= (int(length[1]) if length else 0)


class ProxyProcess:
    """`run_proxy` in a process of its own, with what it told as one list."""

    def __init__(self, plan: dict[str, Any], *flags: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *flags, "-c", _DRIVER, json.dumps(plan)], stdout=subprocess.PIPE, text=True
        )
        self.told: list[dict[str, Any]] = []
        self._is_stopping = False
        self.wait_for("listening", "refused")
        self.port: int = self.told[-1].get("port", 0)

    def wait_for(self, *events: str) -> dict[str, Any]:
        """Read on until one of these events is told; the test's timeout is the limit."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(json.loads(line))
            if self.told[-1]["event"] in events:
                return self.told[-1]
        raise AssertionError(f"the proxy ended without {events}: {self.told}")

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), SECONDS)

    def ask(self, raw: bytes) -> bytes:
        """One request on a connection of its own; the raw response."""
        with self.connect() as connection:
            connection.sendall(raw)
            return read_message(connection)

    def begin_stop(self) -> None:
        self._is_stopping = True
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """For the end of a test, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(SECONDS)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def finish(self) -> int:
        """Ask it to end, unless that was done, and read what it still tells; its exit status."""
        if not self._is_stopping:
            self.begin_stop()
        rest, _ = self.process.communicate(timeout=SECONDS)
        self.told += [json.loads(line) for line in rest.splitlines()]
        return self.process.returncode

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.told if event["event"] == kind]
