"""A run over a capture with a WebSocket, an upload without its body and a large answer: no false finding, all told."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from make import exchange
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.merging import merge_runs
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.body import Body
from replay.model.errors import FileFormatError
from replay.model.event import EvidenceReady
from replay.model.exchange import SocketMessage
from replay.model.headers import Headers
from replay.play.groups import Shard
from replay.report.json_report import render
from upstreams import served

LARGE = b"x" * 5_000_000
TOKEN = {"Authorization": "Bearer abcdefghijklmnop0123456789"}
CUT = Body(b"", "application/octet-stream", True, 9_000_000)
SOCKET = replace(
    exchange("e2", "GET", "/ws", 101, headers=TOKEN, at=1001.0),
    messages=(SocketMessage(True, 1001.0, Body(b"hello", "text/plain")),),
)
UPLOAD = exchange("e3", "POST", "/files", 201, body=CUT, headers=TOKEN, answer={"id": "file-93xk20da71"}, at=1002.0)
READ = exchange("e4", "GET", "/files/file-93xk20da71", answer={"size": 9_000_000}, headers=TOKEN, at=1003.0)
BIG = exchange("e5", "GET", "/files/big", answer_body=Body(LARGE, "text/plain"), headers=TOKEN, at=1004.0)
EXCHANGES = (
    exchange("e1", "GET", "/things", answer={"items": []}, headers=TOKEN, at=1000.0),
    SOCKET,
    UPLOAD,
    READ,
    BIG,
)


@asynccontextmanager
async def target():
    """Answers plain requests, and every other one with an error; yields its URL and the paths that were asked for."""
    asked = []

    async def handler(request):
        asked.append(request.path)
        if request.path == "/things":
            return web.json_response({"items": []})
        if request.path == "/files/big":
            return web.Response(body=LARGE, content_type="text/plain")
        return web.Response(status=400)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    async with served(app) as url:
        yield url, asked


def asking(tmp_path, url, exchanges):
    capture = write_capture(tmp_path / "capture.db", exchanges)
    return RunRequest("run", capture, url, tmp_path / "run.db", RunSettings(), Config())


async def test_a_shard_of_which_nothing_can_be_sent_is_a_part_all_the_same(tmp_path):
    """Else the whole run of several workers would be refused, and a merged file would lack a part for ever."""
    other = {"Authorization": "Bearer zyxwvutsrqponmlk9876543210"}
    mixed = (EXCHANGES[0], replace(SOCKET, request=replace(SOCKET.request, headers=Headers.of(other.items()))))
    async with target() as (url, asked):
        whole = asking(tmp_path, url, mixed)
        parts = [replace(whole, shard=Shard(n, 7), out=tmp_path / f"{n}.db") for n in range(1, 8)]
        for part in parts:
            await execute(part, (), StopFlag())
    assert asked == ["/things"] * 2
    merge_runs([part.out for part in parts], whole.out)
    view = read_view(whole.out)
    assert (view.run.finished, view.fidelity.exchanges, {one.reason for one in view.not_judged}) == (
        True, 1, {"websocket"},
    )  # fmt: skip
    assert exit_status(view, Threshold()) == 0


async def test_what_cannot_be_replayed_is_told_and_not_judged(tmp_path):
    """No finding, exit status 0, one line per reason; fidelity counts what was played."""
    async with target() as (url, asked):
        request = asking(tmp_path, url, EXCHANGES)
        summary = await execute(request, (), StopFlag())
    assert set(asked) == {"/things", "/files/big"}
    view = read_view(request.out)
    assert view.findings == ()
    assert view.fidelity.exchanges == view.fidelity.statuses_reproduced == summary.exchanges == 2
    assert summary.not_judged == len(view.not_judged) == 4
    assert exit_status(view, Threshold()) == 0
    told = {one["reason"]: one["details"] for one in json.loads(render(view))["not_judged"]}
    cut = told.pop("body-not-compared")
    assert cut == [
        "GET /files/big: the body of 1 answer was not compared: cut, or dropped because it could not be read"
    ]
    assert set(told) == {"websocket", "request-body-not-recorded", "needs-left-out-exchange"}
    assert all(details[0].startswith("1 exchange not sent") for details in told.values())


async def test_a_capture_of_websockets_alone_is_refused(tmp_path):
    """One sentence, before anything is sent; no run file stays."""
    async with target() as (url, asked):
        request = asking(tmp_path, url, (SOCKET,))
        with pytest.raises(FileFormatError, match="nothing that can be replayed, only 1 of websocket"):
            await execute(request, (), StopFlag())
    assert asked == []
    assert not request.out.exists()


async def test_a_stop_while_evidence_is_judged_ends_the_run(tmp_path):
    """After the case at hand nothing more is sent, and the file says that the run was stopped."""
    stop = StopFlag()

    class Stopper:
        def on_event(self, event):
            if isinstance(event, EvidenceReady):
                stop.set()

    async with target() as (url, asked):
        request = replace(asking(tmp_path, url, EXCHANGES), mutators=("inflate",), command="fuzz")
        await execute(request, (Stopper(),), stop)
    assert len(asked) <= 2 * 3, "clean replays alone"
    assert not read_view(request.out).run.finished
