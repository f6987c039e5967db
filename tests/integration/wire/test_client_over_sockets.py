"""The wire client over real sockets: what is sent is what was asked for, and faults are values."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from replay.model.body import Body
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.headers import Headers
from replay.wire.client import Client, send_together
from replay.wire.target import Target
from upstreams import served


@asynccontextmanager
async def serving(handler):
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{tail:.*}", handler)
    async with served(app) as url:
        yield Target("http", "127.0.0.1", int(url.rpartition(":")[2]), "127.0.0.1")


async def test_method_target_headers_and_body_arrive_as_asked():
    seen = {}

    async def handler(request):
        seen.update(
            method=request.method, raw=request.raw_path, headers=request.headers.copy(), body=await request.read()
        )
        return web.Response(status=201, body=b'{"ok": true}', content_type="application/json", headers={"X-A": "1"})

    request = Request(
        "POST",
        "/a%2Fb/%7Ec?x=1&x=%20y",
        Headers.of([("X-Twice", "1"), ("X-Twice", "2"), ("Host", "prod.example"), ("Content-Length", "99"),
                    ("Connection", "close"), ("Content-Type", "application/json")]),
        Body(b'{"a":1}', "application/json"),
    )  # fmt: skip
    async with serving(handler) as target, Client(target, time.monotonic, run_id="r1") as client:
        sent = await client.send(request)
    assert isinstance(sent.outcome, Response)
    assert (sent.outcome.status, sent.outcome.body.data) == (201, b'{"ok": true}')
    assert sent.outcome.headers.get("x-a") == "1"
    assert (seen["method"], seen["raw"], seen["body"]) == ("POST", "/a%2Fb/%7Ec?x=1&x=%20y", b'{"a":1}')
    assert seen["headers"].getall("X-Twice") == ["1", "2"]
    assert seen["headers"]["Host"] == target.authority, "never the recorded host"
    assert seen["headers"]["Content-Length"] == "7", "of what is sent, not of what was recorded"
    assert seen["headers"]["X-Replay-Run"] == "r1"
    assert "User-Agent" not in seen["headers"], "nothing that the recorded client did not send"
    assert sent.sent <= sent.first_byte <= sent.ended


async def test_redirects_are_not_followed_and_cookies_are_not_kept():
    hits = []

    async def handler(request):
        hits.append((request.path, request.headers.get("Cookie")))
        return web.Response(status=302, headers={"Location": "http://203.0.113.9/elsewhere", "Set-Cookie": "sid=1"})

    async with serving(handler) as target, Client(target, time.monotonic) as client:
        first = await client.send(Request("GET", "/a"))
        await client.send(Request("GET", "/b"))
    assert first.outcome.status == 302
    assert hits == [("/a", None), ("/b", None)]


async def test_copies_are_held_until_all_are_there_and_leave_together():
    arrivals = []

    async def handler(request):
        await request.read()
        arrivals.append(time.perf_counter())
        await asyncio.sleep(0.05)
        return web.Response()

    request = Request("POST", "/", Headers(), Body(b"x" * 100, "text/plain"))
    async with serving(handler) as target, Client(target, time.monotonic) as client:
        sent = await send_together(client, (request,) * 5)
    assert [one.outcome.status for one in sent] == [200] * 5
    assert len(arrivals) == 5
    assert max(arrivals) - min(arrivals) < 0.05, "all were being handled before the first was answered"


async def test_bodiless_requests_can_leave_together_too():
    async def handler(request):
        return web.Response(text="x")

    async with serving(handler) as target, Client(target, time.monotonic) as client:
        sent = await send_together(client, (Request("GET", "/"), Request("DELETE", "/")))
    assert [one.outcome.status for one in sent] == [200, 200]


async def test_nobody_there_is_a_connect_fault():
    target = Target("http", "127.0.0.1", 9, "127.0.0.1")  # discard: nothing listens
    async with Client(target, time.monotonic) as client:
        sent = await client.send(Request("GET", "/"))
    assert isinstance(sent.outcome, Fault)
    assert sent.outcome.kind is FaultKind.CONNECT


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("close", FaultKind.RESET),
        ("garbage", FaultKind.PROTOCOL),
        ("cut", FaultKind.UPSTREAM_GONE),
        ("hang", FaultKind.TIMEOUT),
    ],
)
async def test_a_broken_server_is_a_fault_with_its_kind(behaviour, kind):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        if behaviour == "garbage":
            writer.write(b"SSH-2.0-nothing\r\n\r\n")
        if behaviour == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        if behaviour == "hang":
            await reader.read()  # until the client gives up
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Client(Target("http", "127.0.0.1", port, "127.0.0.1"), time.monotonic, timeout=0.3) as client:
        sent = await client.send(Request("POST", "/", Headers(), Body(b"{}", "application/json")))
        await asyncio.sleep(0.05)  # let the server's side close
    assert isinstance(sent.outcome, Fault)
    assert sent.outcome.kind is kind
    assert sent.outcome.detail.isidentifier(), "a type name, never text of the message"


async def test_a_megabyte_goes_out_and_a_large_answer_is_cut_and_marked():
    async def handler(request):
        return web.Response(body=b"y" * len(await request.read()))

    async with serving(handler) as target, Client(target, time.monotonic, limit_bytes=1000) as client:
        sent = await client.send(Request("POST", "/", Headers(), Body(b"x" * 2**20)))
    assert sent.outcome.body.truncated
    assert (len(sent.outcome.body.data), sent.outcome.body.length_bytes) == (1000, 2**20)
