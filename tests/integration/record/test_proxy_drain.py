"""Ending cuts nobody off: what is in flight finishes, idle connections are closed, new ones are refused."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from proxied import SECONDS, ProxyProcess, RawUpstream, read_message, read_to_end
from replay.record.proxy.plan import plan_proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BIG_BYTES = 12 << 20  # more than the sockets' own buffers take


class Scene:
    """A proxy before an upstream that answers `/slow` when the gate opens, `/big` with much, anything else at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.upstream = RawUpstream(self._answer)
        self.proxy = ProxyProcess(plan_proxy("", ("regular",), "127.0.0.1:0", (), ()).to_wire())

    def _answer(self, request: bytes) -> bytes:
        if b"/slow" in request:
            self.gate.wait(SECONDS)
        if b"/big" in request:
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG_BYTES + bytes(BIG_BYTES)
        return OK

    def request(self, path: str) -> bytes:
        return f"GET {self.upstream.url}{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()

    def busy(self) -> socket.socket:
        """A connection whose request waits at the gate."""
        connection = self.proxy.connect()
        connection.sendall(self.request("/slow"))
        self.proxy.wait_for("requestheaders")
        return connection

    def wait_until_refusing(self) -> None:
        """A connection that the closing listener had taken in gets no answer; one after it is refused."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            with suppress(ConnectionResetError), socket.create_connection(("127.0.0.1", self.proxy.port), SECONDS):
                time.sleep(0.02)
                continue
        raise AssertionError("the listener stays open")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.gate.set()
    made.proxy.kill()
    made.upstream.close()


def test_a_request_in_flight_gets_its_answer(scene: Scene) -> None:
    """The port is closed to new clients first; the old one loses nothing."""
    with scene.busy() as connection:
        scene.proxy.begin_stop()
        with pytest.raises(ConnectionRefusedError):
            scene.wait_until_refusing()
        scene.gate.set()
        assert read_message(connection) == OK
        assert read_to_end(connection) == b""
    assert scene.proxy.finish() == 0
    assert [event["summary"] for event in scene.proxy.events("ended")] == ["summary"]
    assert scene.proxy.events("error") == []


def test_idle_connections_are_closed_while_others_are_busy(scene: Scene) -> None:
    """Also inside a CONNECT tunnel, and also one that never sent a request."""
    host = f"127.0.0.1:{scene.upstream.port}".encode()
    with scene.proxy.connect() as idle, scene.proxy.connect() as tunnel, scene.proxy.connect() as fresh:
        idle.sendall(scene.request("/"))
        assert read_message(idle) == OK
        tunnel.sendall(b"CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (host, host))
        assert read_message(tunnel).startswith(b"HTTP/1.1 200 ")
        tunnel.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert read_message(tunnel) == OK
        with scene.busy() as busy:
            scene.proxy.begin_stop()
            assert [read_to_end(connection) for connection in (idle, tunnel, fresh)] == [b"", b"", b""]
            scene.gate.set()
            assert read_message(busy) == OK
    assert scene.proxy.finish() == 0


def test_a_slow_reader_gets_the_whole_answer(scene: Scene) -> None:
    """The exchange is over for mitmproxy, but megabytes still wait in its buffers for the client."""
    with scene.proxy.connect() as connection:
        connection.sendall(scene.request("/big"))
        scene.proxy.wait_for("response")
        scene.proxy.begin_stop()
        with pytest.raises(ConnectionRefusedError):
            scene.wait_until_refusing()
        answer = read_to_end(connection)
    assert len(answer.partition(b"\r\n\r\n")[2]) == BIG_BYTES
    assert scene.proxy.finish() == 0


def test_hurry_cuts_the_wait_and_the_addon_learns_of_it(scene: Scene) -> None:
    """What is left is closed before the end, so that its `error` is told and can be recorded."""
    with scene.busy() as connection:
        scene.proxy.begin_stop()
        with pytest.raises(ConnectionRefusedError):
            scene.wait_until_refusing()
        scene.proxy.process.send_signal(signal.SIGUSR1)
        assert scene.proxy.finish() == 0
        assert read_to_end(connection) == b""
    assert [event["event"] for event in scene.proxy.told][-2:] == ["error", "ended"]
