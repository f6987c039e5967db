"""Recorded WebSockets are played: in order, in turn, with this run's values inside; and left out unless asked for."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import WSMsgType, web

from make import exchange, session
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.body import Body
from replay.model.conversation import MEDIA_TYPE, as_bodies, can_be_said, lines_of
from replay.model.exchange import Fault, FaultKind, SocketMessage
from replay.model.hint import hint_of
from replay.play.playable import playable
from replay.wire.client import Client
from replay.wire.options import WireOptions
from replay.wire.target import Target
from upstreams import served

JSON, TEXT, BINARY = "application/json", "text/plain", "application/octet-stream"
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "a2V5", "Sec-WebSocket-Version": "13"}


def recorded(*messages, path="/talk", headers=()):
    """An exchange with these messages: `(">", type, bytes)` from the client, `("<", ...)` from the server."""
    said = tuple(
        SocketMessage(way == ">", 1000.0 + n / 100, Body(data, kind)) for n, (way, kind, data) in enumerate(messages)
    )
    return replace(exchange("w", "GET", path, 101, headers=UPGRADE | dict(headers), at=1000.0), messages=said)


TALK = recorded(
    ("<", JSON, b'{"hello": 1}'),
    (">", JSON, b'{"say": "one"}'),
    ("<", JSON, b'{"echo": "one"}'),
    (">", TEXT, b"two"),
    (">", BINARY, b"\x00\xff"),
    ("<", TEXT, b"two"),
    ("<", BINARY, b"\x00\xff"),
    headers={"Sec-WebSocket-Protocol": "v2, v1", "Authorization": "Bearer t", "Cookie": "a=1"},
)


@asynccontextmanager
async def talking(conversation):
    """A target whose sockets run `conversation(socket, log)`; `log` is what was said, and the handshake's fields."""
    log = []

    async def handler(request):
        log.append(dict(request.headers))
        socket = web.WebSocketResponse(protocols=("v1",))
        await socket.prepare(request)
        await conversation(socket, log)
        return socket

    async def elsewhere(_):
        raise web.HTTPFound("/talk")

    app = web.Application()
    app.router.add_get("/talk", handler)
    app.router.add_get("/moved", elsewhere)
    async with served(app) as url:
        yield Target("http", "127.0.0.1", int(url.rpartition(":")[2]), "127.0.0.1"), log


async def echo(socket, log):
    await socket.send_json({"hello": 1})
    async for message in socket:
        log.append(message.data)
        if message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        elif message.data.startswith("{"):
            await socket.send_json({"echo": json.loads(message.data)["say"]})
        else:
            await socket.send_str(message.data)


async def play(target, one, **options):
    played = as_bodies(one)
    async with Client(target, time.monotonic, timeout=3, run_id="r1", **options) as client:
        return await client.send(played.request, hint=hint_of(one))


async def test_a_conversation_is_played_in_order_and_in_turn():
    """Text as text, bytes as bytes; the answer holds what the server said, as the recording does."""
    async with talking(echo) as (target, log):
        sent = await play(target, TALK)
    assert sent.outcome.status == 101
    assert sent.outcome.body == as_bodies(TALK).outcome.body
    assert log[1:] == ['{"say":"one"}', "two", b"\x00\xff"]
    fields = log[0]
    assert (fields["Authorization"], fields["Cookie"], fields["X-Replay-Run"]) == ("Bearer t", "a=1", "r1")
    assert fields["Sec-WebSocket-Protocol"] == "v2,v1"
    assert fields["Sec-WebSocket-Key"] != "a2V5", "a handshake of our own"
    assert sent.sent <= sent.first_byte <= sent.ended


async def test_nobody_speaks_before_their_turn():
    """The client's second message waits for the server's answer to the first."""
    times = []

    async def slow(socket, log):
        await socket.receive()
        await asyncio.sleep(0.1)
        times.append(time.monotonic())
        await socket.send_str("go on")
        await socket.receive()
        times.append(time.monotonic())
        await socket.close()

    talk = recorded((">", TEXT, b"a"), ("<", TEXT, b"go on"), (">", TEXT, b"b"))
    async with talking(slow) as (target, _):
        await play(target, talk)
    assert times[0] < times[1]


async def test_a_server_that_keeps_silent_is_waited_for_once_and_not_for_ever():
    """The client speaks on after a while, and closes; that is no fault."""

    async def mute(socket, log):
        async for message in socket:
            log.append(message.data)

    talk = recorded(("<", TEXT, b"hello"), (">", TEXT, b"a"))
    async with talking(mute) as (target, log):
        begun = time.monotonic()
        sent = await play(target, talk)
    assert log[1:] == ["a"]
    assert (sent.outcome.status, json.loads(sent.outcome.body.data)) == (101, {"messages": []})
    assert 1 < time.monotonic() - begun < 10


async def test_a_server_that_hangs_up_ends_the_conversation():
    """What was said by then is the answer."""

    async def curt(socket, log):
        await socket.send_json({"hello": 1})
        await socket.close()

    async with talking(curt) as (target, _):
        sent = await play(target, TALK)
    assert json.loads(sent.outcome.body.data) == {"messages": [{"json": {"hello": 1}}]}


async def test_a_handshake_that_is_refused_or_moved_is_an_answer():
    """Nothing goes where a redirect points; a page instead of a socket has its status; nobody there is a fault."""
    async with talking(echo) as (target, log):
        moved = await play(target, recorded((">", TEXT, b"a"), path="/moved"))
        gone = await play(target, recorded((">", TEXT, b"a"), path="/none"))
    assert (moved.outcome.status, gone.outcome.status) == (302, 404)
    assert moved.outcome.headers.get("location") == "/talk"
    assert log == []
    assert (await play(target, TALK)).outcome == Fault(FaultKind.CONNECT, "ConnectError")


async def test_a_body_that_is_no_conversation_is_not_sent():
    """A mutation may make one of it."""
    async with talking(echo) as (target, log), Client(target, time.monotonic) as client:
        for data in (b"{}", b"[1]", b"x", b'{"messages": [{"after": "x"}]}', b'{"messages": [{"after": 0}]}'):
            sent = await client.send(replace(as_bodies(TALK).request, body=Body(data, MEDIA_TYPE)))
            assert sent.outcome == Fault(FaultKind.PROTOCOL, "UnsendableRequest")
    assert log == []


def test_only_what_was_recorded_in_full_is_said():
    """A message that was cut or dropped leaves the whole conversation out; so does a target that is only read."""
    cut = replace(TALK, messages=(*TALK.messages, SocketMessage(True, 1001.0, Body(b"", TEXT, True, 9))))
    assert (can_be_said(TALK), can_be_said(cut)) == (True, False)
    assert [line.after for line in lines_of(as_bodies(TALK).request.body)] == [1, 2, 2]
    sessions = (session("s", TALK),)
    assert dict(playable(sessions).left_out) == {"websocket": 1}
    assert dict(playable(sessions, websockets=True).left_out) == {}
    assert dict(playable(sessions, websockets=True, reads_only=True).left_out) == {"websocket": 1}
    assert dict(playable((session("s", cut),), websockets=True).left_out) == {"websocket": 1}


async def test_a_run_puts_live_values_into_what_is_said(tmp_path):
    """An id that QA gave in a plain answer is said to its socket, and one that the socket gave is used in a path."""
    made = exchange("e1", "POST", "/rooms", 201, json={"name": "blue"}, answer={"id": "room-93xk20da71"}, at=999.0)
    talk = recorded(
        (">", JSON, b'{"join": "room-93xk20da71"}'), ("<", JSON, b'{"seat": "seat-55pq81zz02"}'), path="/talk"
    )
    left = exchange("e3", "GET", "/seats/seat-55pq81zz02", answer={"free": False}, at=1002.0)
    capture = write_capture(tmp_path / "capture.db", (made, talk, left))
    numbers = iter(range(1000))
    rooms, seats, wrong = set(), set(), []

    async def create(request):
        rooms.add(room := f"room-qa{next(numbers):08}")
        return web.json_response({"id": room}, status=201)

    async def socket(request):
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        async for message in answer:
            if json.loads(message.data)["join"] not in rooms:
                wrong.append(message.data)
            seats.add(seat := f"seat-qa{next(numbers):08}")
            await answer.send_json({"seat": seat})
        return answer

    async def look(request):
        return web.json_response({"free": False}, status=200 if request.match_info["seat"] in seats else 404)

    app = web.Application()
    app.add_routes([web.post("/rooms", create), web.get("/talk", socket), web.get("/seats/{seat}", look)])
    async with served(app) as url:
        order = RunRequest("run", capture, url, tmp_path / "run.db", RunSettings(), Config())
        await execute(replace(order, wire=WireOptions(websockets=True)), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert (view.fidelity.exchanges, view.fidelity.statuses_reproduced) == (3, 3)
    assert view.findings == ()
    assert wrong == []
    assert len(seats) == 2, "one for each clean replay"


@pytest.mark.parametrize("data", [b'{"a": 1}', b"[1, 2]", b"{not json", b"plain", b"", b"42"])
def test_text_comes_back_as_it_went_in(data):
    """As JSON of the same value where it is a document, byte for byte elsewhere."""
    (line,) = lines_of(as_bodies(recorded((">", TEXT, data))).request.body)
    assert line.is_text
    assert line.data == data or json.loads(line.data) == json.loads(data)
