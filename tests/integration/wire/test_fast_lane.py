"""The fast lane's own promises: the bytes that leave, the connections they take, and who is waited for."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from contextlib import suppress

import brotli
import pytest

from integration.wire.scripted_target import CLOSE, HANG, PAUSE, RESET, scripted
from replay.model.body import Body
from replay.model.exchange import Fault, FaultKind, Request
from replay.model.headers import Headers
from replay.model.hint import Hint
from replay.wire.client import Client, send_together
from replay.wire.fast_connection import FastConnection
from replay.wire.fast_pool import Pool
from replay.wire.gate import Gate
from replay.wire.options import Connections, Lane, WireOptions
from replay.wire.target import Target

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NAPPING = (PAUSE, PAUSE, OK)


async def head_of(request, run_id="") -> tuple[bytes, bytes]:
    """Head and body as they came out of the socket."""
    async with scripted(x=(OK,)) as (target, talk), Client(target, time.monotonic, run_id=run_id) as client:
        assert (await client.send(request)).outcome.status == 200
    return talk.heads[0].replace(target.authority.encode(), b"qa:1"), talk.bodies[0]


async def test_a_head_leaves_as_it_was_recorded():
    """Order, case, repetition, odd spellings and latin-1 bytes; only Host and the length are ours."""
    fields = [
        ("user-agent", "Shop/3 (é)"), ("HOST", "prod.example"), ("X-Twice", "1"), ("aCCept", "*/*"), ("x-twice", "2"),
        ("Content-length", "999"), ("Connection", "close, X-Hop"), ("Keep-Alive", "timeout=5"), ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"), ("Expect", "100-continue"), ("X-Empty", ""), ("X-Odd!_Name", "a  b"),
        ("Cookie", "a=1; b=2"), ("Cookie", "c=3"), ("Content-Type", "text/plain"),
    ]  # fmt: skip
    head, body = await head_of(Request("POST", "/x?q=%7e&r=a|b", Headers.of(fields), Body(b"abc", "text/plain")), "r1")
    assert head == (
        b"POST /x?q=%7e&r=a|b HTTP/1.1\r\nuser-agent: Shop/3 (\xe9)\r\nHOST: qa:1\r\nX-Twice: 1\r\naCCept: */*\r\n"
        b"x-twice: 2\r\nContent-length: 3\r\nX-Empty: \r\nX-Odd!_Name: a  b\r\nCookie: a=1; b=2\r\nCookie: c=3\r\n"
        b"Content-Type: text/plain\r\nX-Replay-Run: r1\r\n\r\n"
    )
    assert body == b"abc"


async def test_a_head_without_host_or_length_gets_what_http_needs():
    """Host first; a length where there is a body or a change of state; nothing else."""
    assert await head_of(Request("GET", "/x")) == (b"GET /x HTTP/1.1\r\nHost: qa:1\r\n\r\n", b"")
    assert await head_of(Request("POST", "/x")) == (b"POST /x HTTP/1.1\r\nHost: qa:1\r\nContent-Length: 0\r\n\r\n", b"")
    twice = Headers.of([("Content-Length", "7"), ("A", "b"), ("Content-Length", "7")])
    head, _ = await head_of(Request("PUT", "/x", twice, Body(b"four")))
    assert head == b"PUT /x HTTP/1.1\r\nHost: qa:1\r\nContent-Length: 4\r\nA: b\r\n\r\n"


async def test_a_live_value_beyond_latin_1_leaves_as_utf_8():
    """And the fields beside it keep their own bytes."""
    head, _ = await head_of(Request("GET", "/x", Headers.of([("X-Old", "é"), ("X-New", "Łódź")])))
    assert b"X-Old: \xe9\r\nX-New: " + "Łódź".encode() + b"\r\n" in head


@pytest.mark.parametrize(
    ("recorded", "sent"),
    [
        ("gzip, deflate, br, zstd", "gzip, deflate, br, zstd"),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", "gzip;q=1.0, identity; q=0.5, *;q=0"),
        ("dcb, gzip, compress;q=0.5", "gzip"),
        ("compress", "identity"),
        ("*", "identity"),
        ("", ""),
    ],
)
async def test_only_codings_that_can_be_read_are_asked_for(recorded, sent):
    """A client's wish goes out as it was, but for what nobody here could undo."""
    head, _ = await head_of(Request("GET", "/x", Headers.of([("Accept-Encoding", recorded)])))
    assert f"\r\nAccept-Encoding: {sent}\r\n".encode() in head


@pytest.mark.parametrize(
    ("coding", "undone"),
    [("gzip", gzip.decompress), ("BR", brotli.decompress), ("identity", bytes), ("gzip, br", None), ("exotic", bytes)],
)
async def test_a_body_that_was_recorded_compressed_is_sent_compressed(coding, undone):
    """Its length is that of the compressed bytes; a coding that nobody here knows is left out with its name."""
    text = b'{"note": "' + b"text " * 200 + b'"}'
    head, body = await head_of(Request("POST", "/x", Headers.of([("Content-Encoding", coding)]), Body(text)))
    assert (undone or (lambda data: gzip.decompress(brotli.decompress(data))))(body) == text
    assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head
    assert (b"Content-Encoding" in head) == (coding != "exotic")


async def test_connections_are_kept_and_never_shared():
    """One after another on one connection; at once on several, and those are used again."""
    async with scripted(x=NAPPING) as (target, talk), Client(target, time.monotonic) as client:
        for _ in range(3):
            await client.send(Request("GET", "/x"))
        assert talk.connections == 1
        for _ in range(2):
            results = await asyncio.gather(*(client.send(Request("GET", "/x")) for _ in range(4)))
            assert [one.outcome.status for one in results] == [200] * 4
    assert talk.connections == 4
    assert sum(talk.served) == 11


async def test_a_free_connection_serves_whoever_comes_next():
    """In a pool nobody has a connection of their own, whatever the recording says."""
    async with scripted(x=(OK,)) as (target, talk), Client(target, time.monotonic) as client:
        for name in ("a", "b", "c"):
            await client.send(Request("GET", "/x"), hint=Hint(name))
    assert talk.served == [3]


async def test_a_connection_is_given_up_when_the_server_says_so():
    """Even when it then forgets to close it."""
    last = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    async with scripted(last=(last,), x=(OK,)) as (target, talk), Client(target, time.monotonic) as client:
        await client.send(Request("GET", "/last"))
        await client.send(Request("GET", "/x"))
    assert talk.served == [1, 1]


async def test_recorded_connections_are_connections_again():
    """Each recorded client connection has its own; what overlapped on it (HTTP/2) gets one beside it."""
    options = WireOptions(connections=Connections.RECORDED)
    async with scripted(x=NAPPING) as (target, talk), Client(target, time.monotonic, options=options) as client:
        for name in ("a", "b", "a", "b", "c", "a"):
            await client.send(Request("GET", f"/x?{name}"), hint=Hint(name))
        assert talk.served == [3, 2, 1]
        await asyncio.gather(*(client.send(Request("GET", "/x"), hint=Hint("a")) for _ in range(2)))
    assert talk.connections == 4


async def test_a_pool_has_no_more_connections_than_it_was_given():
    """Requests wait for their turn, and all are answered; copies that go at once may exceed it."""
    options = WireOptions(pool=2)
    async with scripted(x=NAPPING) as (target, talk), Client(target, time.monotonic, options=options) as client:
        results = await asyncio.gather(*(client.send(Request("GET", "/x")) for _ in range(9)))
        assert [one.outcome.status for one in results] == [200] * 9
        assert (talk.connections, sum(talk.served)) == (2, 9)
        await send_together(client, (Request("GET", "/x"),) * 4)
    assert talk.connections == 4


async def test_whoever_gives_up_waiting_passes_the_turn_on():
    """A cancelled request leaves no hole in a pool of one, and its half-answered connection is not used again."""
    async with (
        scripted(x=NAPPING, hang=(HANG,)) as (target, talk),
        Client(target, time.monotonic, options=WireOptions(pool=1)) as client,
    ):
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(client.send(Request("GET", path))) for path in ("/hang", "/x", "/x", "/x")]
            await asyncio.sleep(0.02)
            tasks[1].cancel()
            tasks[0].cancel()
        assert [task.result().outcome.status for task in tasks[2:]] == [200, 200]
    assert talk.served == [1, 2]


@pytest.mark.parametrize("end", [CLOSE, RESET])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_connection_that_the_server_closed_while_idle_is_not_used(end, method):
    """Whatever the method: it is seen to be closed before anything is written."""
    async with scripted(last=(OK, PAUSE, end), x=(OK,)) as (target, talk), Client(target, time.monotonic) as client:
        await client.send(Request("GET", "/last"))
        await asyncio.sleep(0.02)
        assert (await client.send(Request(method, "/x"))).outcome.status == 200
    assert talk.served == [1, 1]


async def test_a_turn_that_its_owner_no_longer_wants_goes_to_the_next():
    """Given up in the very moment in which it was given."""

    async def opened():
        return FastConnection(asyncio.get_running_loop(), time.monotonic, memoryview(bytearray(9)), 9)

    pool = Pool(opened, 1, by_key=False)
    first = await pool.take("", at_once=False)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waiting = [group.create_task(pool.take("", at_once=False)) for _ in range(2)]
        await asyncio.sleep(0)
        first.is_usable = False
        pool.give_back(first)
        waiting[0].cancel()
        assert await waiting[1] is not first


async def test_a_close_that_was_not_read_yet_is_seen_before_a_request_is_written():
    """The loop was busy while the server closed: a POST takes a fresh connection, for it could not be sent twice."""
    served = []

    def serve(listening):
        for _ in range(2):
            with suppress(TimeoutError):  # nobody came: the test says so
                connection, _ = listening.accept()
                with connection:
                    served.append(connection.recv(65_536).split(b" ")[0])
                    connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)
        server = threading.Thread(target=serve, args=(listening,))
        server.start()
        target = Target("http", "127.0.0.1", listening.getsockname()[1], "127.0.0.1")
        async with Client(target, time.monotonic) as client:
            first = await client.send(Request("GET", "/"))
            time.sleep(0.05)  # nothing of ours runs
            second = await client.send(Request("POST", "/"))
        server.join()
    assert (first.outcome.status, second.outcome.status) == (200, 200)
    assert served == [b"GET", b"POST"]


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize(
    ("method", "path", "is_sent_again"),
    [
        ("GET", "/", True),
        ("HEAD", "/", True),
        ("POST", "/", False),
        ("PUT", "/", False),
        ("DELETE", "/", False),
        ("GET", "/?_method=DELETE", False),
    ],
)
async def test_a_reset_of_a_reused_connection_is_ours_when_it_only_reads(method, path, is_sent_again, lane):
    """The server takes the request and hangs up without a byte: only what changes nothing is sent once more."""
    served = []

    async def talk(reader, writer):
        served.append(0)
        is_first = len(served) == 1
        try:
            while not is_first or not served[0]:
                await reader.readuntil(b"\r\n\r\n")
                served[0] += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    target = Target("http", "127.0.0.1", server.sockets[0].getsockname()[1], "127.0.0.1")
    async with server, Client(target, time.monotonic, options=WireOptions(lane=lane)) as client:
        await client.send(Request("GET", "/"))
        outcome = (await client.send(Request(method, path))).outcome
    await asyncio.sleep(0.02)
    assert len(served) == (2 if is_sent_again else 1)
    assert is_sent_again != (outcome == Fault(FaultKind.RESET, "ServerDisconnectedError"))


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("end", [CLOSE, RESET])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_reset_of_a_fresh_connection_is_the_targets(method, end, lane):
    """Nothing is sent twice."""
    options = WireOptions(lane=lane)
    async with scripted(x=(end,)) as (target, talk), Client(target, time.monotonic, options=options) as client:
        assert isinstance((await client.send(Request(method, "/x"))).outcome, Fault)
    assert talk.served == [1]


async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next():
    """Response splitting on a kept connection: the second answer ends the connection, not the run."""
    async with (
        scripted(two=(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",), late=(OK, PAUSE, OK), x=(OK,)) as (
            target,
            talk,
        ),
        Client(target, time.monotonic) as client,
    ):
        for path in ("/two", "/late"):
            await client.send(Request("GET", path))
            await asyncio.sleep(0.01)
            assert (await client.send(Request("GET", "/x"))).outcome.body.data == b"ok"
    assert talk.connections == 3


async def test_whoever_comes_late_to_the_gate_is_let_through():
    """The gate opened without them, since it does not wait for ever."""
    gate = Gate(3, patience=0.01)
    let_through = []
    await gate.wait(lambda: let_through.append("first"))
    await gate.wait(lambda: let_through.append("late"))
    assert let_through == ["first", "late"]


async def test_copies_leave_within_a_moment_of_one_another():
    """Last bytes are written in one go: between the first and the last copy no other code runs on this side."""
    arrivals = []

    async def talk(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(100)
        arrivals.append(time.perf_counter())
        while len(arrivals) < 20:  # nobody is answered before all have come
            await asyncio.sleep(0.001)
        writer.write(OK)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    target = Target("http", "127.0.0.1", server.sockets[0].getsockname()[1], "127.0.0.1")
    request = Request("POST", "/", Headers(), Body(b"x" * 100))
    async with server, Client(target, time.monotonic) as client:
        sent = await send_together(client, (request,) * 20)
        await asyncio.sleep(0.02)
    assert [one.outcome.status for one in sent] == [200] * 20
    assert len(arrivals) == 20
