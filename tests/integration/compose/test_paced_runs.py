"""Whole runs under a plan or a load shape: what a real target is asked and when, and what the run file tells of it."""

import asyncio
import json
import sqlite3
import time
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from make import exchange
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import FileFormatError, UsageError
from replay.model.evidence import Role
from replay.pace.builtin import PaceWords
from replay.play.groups import Shard
from replay.play.shapes import Shapes
from replay.report.json_report import render
from replay.store.run_load import load_of
from replay.store.run_reader import RunReader
from upstreams import served

SESSIONS = 4


def bearer(n):
    return {"Authorization": f"Bearer tok{n}abcdefghijklmnop0123456789"}


def traffic():
    """Each session makes a note of its own name, and reads it back by the id that it was given."""
    out = []
    for n in range(SESSIONS):
        at, note = 1000.0 + n * 0.2, f"note-{n}4k7q2m9x"
        title = {"title": f"a note of session {n} {n}zqxjkv"}
        out += [
            exchange(
                f"m{n}", "POST", "/notes", 201, json=title, answer={"id": note}, headers=bearer(n), at=at, took=0.02
            ),
            exchange(f"r{n}", "GET", f"/notes/{note}", answer={"id": note}, headers=bearer(n), at=at + 0.1, took=0.02),
        ]
    return sorted(out, key=lambda one: one.started)


@asynccontextmanager
async def target(slow=0.0):
    """Keeps notes; yields its URL and (seconds, method, path) of every request."""
    asked, made = [], []

    async def make(request):
        asked.append((time.perf_counter(), "POST", request.path))
        await asyncio.sleep(slow)
        made.append(f"live-{len(made)}k2m8x4w7p")
        return web.json_response({"id": made[-1]}, status=201)

    async def read(request):
        asked.append((time.perf_counter(), "GET", request.path))
        known = request.match_info["id"] in made
        return web.json_response(
            {"id": request.match_info["id"]} if known else {"error": "gone"}, status=200 if known else 404
        )

    app = web.Application()
    app.router.add_post("/notes", make)
    app.router.add_get("/notes/{id}", read)
    async with served(app) as url:
        yield url, asked


async def played(folder, url, **asked):
    capture = folder / "capture.db"
    if not capture.exists():
        write_capture(capture, traffic())
    settings = asked.pop("settings", RunSettings())
    request = RunRequest("run", capture, url, folder / "run.db", settings, Config(), **asked)
    await execute(request, (), StopFlag())
    return read_view(request.out)


def traces(folder, role):
    reader = RunReader(folder / "run.db")
    try:
        return [trace for evidence in reader.evidences() for trace in evidence.of(role)]
    finally:
        reader.close()


async def test_a_rate_is_what_the_target_sees(tmp_path):
    """50 requests a second: 20 ms between arrivals, never sooner, and the run file holds the plan's times."""
    async with target() as (url, asked):
        view = await played(tmp_path, url, pace=PaceWords(rate="50/s"))
    assert exit_status(view, Threshold()) == 0, view.not_judged
    for trace in traces(tmp_path, Role.CLEAN):
        begin = trace.attempts[0].intended
        assert [one.intended - begin for one in trace.attempts] == pytest.approx([n / 50 for n in range(8)], abs=1e-6)
        assert all(one.sent >= one.intended for one in trace.attempts)
    assert asked[7][0] - asked[0][0] > 7 / 50 - 0.02
    document = json.loads(render(view))
    assert document["load"]["requests"] == view.summary.requests_sent == len(asked)
    assert document["load"]["outcomes"] == {"200": 8, "201": 8}


async def test_a_closed_loop_plays_one_session_after_another(tmp_path):
    """One place and no think time: every note is read before the next one is made."""
    async with target() as (url, asked):
        view = await played(tmp_path, url, pace=PaceWords(sessions=1, think="none"))
    assert exit_status(view, Threshold()) == 0, view.not_judged
    assert [method for _, method, _ in asked] == ["POST", "GET"] * SESSIONS * 2


async def test_amplified_copies_are_worlds_of_their_own(tmp_path):
    """Three times the sessions; every copy makes its own notes and reads them; the judged trace is as always."""
    async with target() as (url, asked):
        view = await played(tmp_path, url, shapes=Shapes(amplify=3))
    assert exit_status(view, Threshold()) == 0, view.not_judged
    assert len(asked) == 2 * 3 * 2 * SESSIONS, "two clean replays of three copies"
    paths = [path for _, method, path in asked if method == "GET"]
    assert len(set(paths)) == len(paths), "no copy read another one's note"
    beside = traces(tmp_path, Role.LOAD)
    assert [len(trace.attempts) for trace in beside] == [2 * SESSIONS] * 4
    assert all(one.status == one.recorded_status for trace in beside for one in trace.attempts)
    worlds = [trace.world for role in (Role.CLEAN, Role.LOAD) for trace in traces(tmp_path, role)]
    assert len(set(worlds)) == len(worlds) == 6
    assert view.load.requests == len(asked)
    assert view.fidelity.exchanges == 2 * SESSIONS


async def test_a_hot_note_is_read_by_many_and_judged_once(tmp_path):
    async with target() as (url, asked):
        view = await played(tmp_path, url, shapes=Shapes(hot=30), settings=RunSettings(concurrency=64))
    assert exit_status(view, Threshold()) == 0, view.not_judged
    reads = [path for _, method, path in asked if method == "GET"]
    assert sorted(reads.count(path) for path in set(reads)) == [*[1] * 2 * SESSIONS, 31, 31]


async def test_sessions_that_are_too_late_are_not_judged(tmp_path):
    """A slow target and one request at a time: what is left out is counted, and fails no build as a finding."""
    async with target(slow=0.4) as (url, asked):
        pace = PaceWords(speed="4x", catch_up="skip=100ms")
        view = await played(tmp_path, url, pace=pace, settings=RunSettings(concurrency=1))
    reasons = {one.reason for one in view.not_judged}
    assert reasons == {"skipped"}
    assert not view.findings
    assert exit_status(view, Threshold()) == 3
    assert len(asked) < 2 * 2 * SESSIONS
    assert view.load.requests == len(asked), "what was not sent is not measured"


async def test_a_plan_that_is_none_is_refused_before_anything_is_sent(tmp_path):
    async with target() as (url, asked):
        with pytest.raises(UsageError, match="two plans"):
            await played(tmp_path, url, pace=PaceWords(rate="5/s", speed="2x"))
        with pytest.raises(UsageError, match="tenant that the capture does not hold"):
            await played(tmp_path, url, shapes=Shapes(weights=(("nobody", 3),)))
        with pytest.raises(UsageError, match="tenant that the capture does not hold"):
            await played(tmp_path, url, shapes=Shapes(weights=(("nobody", 3),)), shard=Shard(1, 2))
    assert asked == []
    assert not (tmp_path / "run.db").exists()


async def test_copies_are_timed_with_the_replay_that_they_ran_beside(tmp_path):
    """Spread copies go on when the original has ended: the time of playing is that of all of them."""
    async with target() as (url, _):
        view = await played(tmp_path, url, shapes=Shapes(amplify=2), pace=PaceWords(speed="2x"))
    clean, beside = traces(tmp_path, Role.CLEAN), traces(tmp_path, Role.LOAD)
    assert [trace.world for trace in (clean[0], beside[0], clean[1], beside[1])] == [1, 2, 3, 4]
    longest = [max(one.ended for one in trace.attempts) for trace in beside]
    assert view.load.seconds == pytest.approx(sum(longest), abs=0.05)
    assert sum(max(one.ended for one in trace.attempts) for trace in clean) < sum(longest) - 0.2


async def test_figures_of_a_damaged_run_file_are_refused(tmp_path):
    """A time that is no number is the file's fault, said in one sentence; merged parts took as long as the longest."""
    async with target() as (url, _):
        view = await played(tmp_path, url)
    connection = sqlite3.connect(tmp_path / "run.db")
    try:
        assert load_of(connection, 1).seconds == view.load.seconds
        connection.execute("UPDATE evidence SET unit = 'clean/0@' || ((trace_id % 2) + 1) || '/2'")
        assert view.load.seconds / 2 < load_of(connection, 2).seconds < view.load.seconds, "that of the longest part"
        connection.execute("UPDATE attempt SET sent = 'soon' WHERE id = 9")
        connection.commit()
    finally:
        connection.close()
    with pytest.raises(FileFormatError, match="damaged"):
        read_view(tmp_path / "run.db")
