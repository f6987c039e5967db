"""A run that was killed or stopped goes on: nothing that was answered is sent again, and the totals are the whole's."""

import asyncio
import os
import signal
import sqlite3
import sys
from dataclasses import replace

import pytest

from integration.compose.numbered_target import NumberedTarget, recording
from make import response
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.material import read_capture
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import read_view
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import FileFormatError, UsageError
from replay.model.event import Event, UnitDone
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Fault, FaultKind
from replay.store.run_pending import PendingFile, pending_path
from replay.store.run_writer import RunWriter
from upstreams import served

CONCURRENCY = 4
SESSIONS, PER_SESSION = 12, 5
WHOLE = SESSIONS * PER_SESSION * 2  # every exchange in two worlds


def command(tmp_path, url, *more):
    return (
        sys.executable, "-m", "replay", "run", str(tmp_path / "capture.db"), "--target", url, "--out",
        str(tmp_path / "run.db"), "--concurrency", str(CONCURRENCY), "--quiet", "--json", *more,
    )  # fmt: skip


async def run(tmp_path, url, *more):
    done = await asyncio.create_subprocess_exec(
        *command(tmp_path, url, *more), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await done.communicate()
    return done.returncode, out.decode(), err.decode()


async def test_nothing_that_was_answered_is_sent_again_after_a_kill(tmp_path):
    """kill -9 in mid-run: the run goes on in the same worlds, half-played sessions too; twice arrives only what was
    in flight."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.01)
    target.wanted = WHOLE // 3
    async with served(target.app) as url:
        process = await asyncio.create_subprocess_exec(
            *command(tmp_path, url), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        await target.reached.wait()
        process.send_signal(signal.SIGKILL)
        await process.wait()
        before = target.seen.total()
        assert before < WHOLE
        status, out, err = await run(tmp_path, url, "--resume")
    twice = sum(count - 1 for count in target.seen.values())
    assert twice <= CONCURRENCY
    assert target.seen.total() - twice == WHOLE, "every exchange arrived in both worlds"
    assert status == 0, err + out
    view = read_view(tmp_path / "run.db")
    assert view.run.finished
    assert (view.summary.exchanges, view.fidelity.score) == (SESSIONS * PER_SESSION, 1.0)
    assert view.summary.requests_sent >= WHOLE - CONCURRENCY
    assert not pending_path(tmp_path / "run.db").exists()
    assert_played_once(tmp_path / "run.db")


async def test_a_stopped_run_goes_on_in_the_middle_of_a_session(tmp_path):
    """Ctrl-C drains: what was in flight is stored, too, and nothing arrives twice."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.001)
    target.wanted = WHOLE // 3
    settings = RunSettings(concurrency=CONCURRENCY)
    async with served(target.app) as url:
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", settings, Config())
        stop = StopFlag()
        playing = asyncio.ensure_future(execute(asked, (), stop))
        await target.reached.wait()
        stop.set()
        await playing
        assert target.seen.total() < WHOLE
        await execute(replace(asked, resume=True), (), StopFlag())
    assert set(target.seen.values()) == {1}
    assert target.seen.total() == WHOLE
    assert_played_once(asked.out)


async def test_without_the_key_the_unit_is_played_again_in_other_worlds(tmp_path, monkeypatch):
    """After a reboot nobody can read what waits: still nothing arrives twice in one world."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.001)
    target.wanted = WHOLE // 3
    async with served(target.app) as url:
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", RunSettings(), Config())
        stop = StopFlag()
        playing = asyncio.ensure_future(execute(asked, (), stop))
        await target.reached.wait()
        stop.set()
        await playing
        before = target.seen.total()
        keys = [path for path in tmp_path.iterdir() if path.stat().st_size == 32]
        assert len(keys) == 1
        keys[0].unlink()
        await execute(replace(asked, resume=True), (), StopFlag())
    assert set(target.seen.values()) == {1}
    assert target.seen.total() == before + WHOLE


def assert_played_once(path):
    """Both clean traces hold every exchange once."""
    with sqlite3.connect(path) as database:
        played = database.execute(
            "SELECT t.world, count(*), count(DISTINCT a.exchange_id) FROM attempt a JOIN trace t ON t.id = a.trace_id"
            " WHERE t.role = 'clean' GROUP BY 1"
        ).fetchall()
    database.close()
    assert played == [(world, SESSIONS * PER_SESSION, SESSIONS * PER_SESSION) for world in (1, 2)]


async def test_a_run_of_many_groups_goes_on_with_the_group_at_hand(tmp_path):
    """Complete groups are not played again; the stored totals are those of a run that was never stopped."""

    class StopAfter:
        def __init__(self, units: int, stop: StopFlag) -> None:
            self.left, self.stop = units, stop

        def on_event(self, event: Event) -> None:
            self.left -= isinstance(event, UnitDone)
            if self.left == 0:
                self.stop.set()

    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget()
    settings = RunSettings(concurrency=CONCURRENCY, group_exchanges=PER_SESSION * 3)
    async with served(target.app) as url:
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", settings, Config())
        stop = StopFlag()
        await execute(asked, (StopAfter(2, stop),), stop)
        assert not read_view(asked.out).run.finished
        summary = await execute(replace(asked, resume=True), (), StopFlag())
    assert set(target.seen.values()) == {1}, "no request arrived twice"
    assert target.seen.total() == WHOLE == summary.requests_sent
    view = read_view(asked.out)
    assert (view.run.finished, view.findings, view.not_judged) == (True, (), ())
    assert (view.fidelity.exchanges, view.fidelity.score) == (SESSIONS * PER_SESSION, 1.0)
    with sqlite3.connect(asked.out) as database:
        assert database.execute("SELECT count(*) FROM done").fetchone() == (SESSIONS // 3,)
        assert database.execute("SELECT count(*), sum(as_recorded) FROM attempt").fetchone() == (WHOLE, WHOLE)
    database.close()


async def test_cases_that_were_played_are_not_played_again(tmp_path):
    """A stopped fuzz run goes on with the next case, in worlds that nobody has used, to the same number of cases."""

    class StopAfter:
        def __init__(self, cases: int, stop: StopFlag) -> None:
            self.left, self.stop = cases, stop

        def on_event(self, event: Event) -> None:
            self.left -= isinstance(event, UnitDone) and event.unit.startswith("target/")
            if self.left == 0:
                self.stop.set()

    write_capture(tmp_path / "capture.db", recording(2))
    target, other = NumberedTarget(), NumberedTarget()
    settings = RunSettings(limit_cases=5, confirm=0)
    async with served(target.app) as url, served(other.app) as elsewhere:
        asked = RunRequest(
            "fuzz", tmp_path / "capture.db", url, tmp_path / "run.db", settings, Config(), mutators=("inflate",)
        )
        stop = StopFlag()
        await execute(asked, (StopAfter(2, stop),), stop)
        first = read_view(asked.out)
        await execute(replace(asked, resume=True), (), StopFlag())
        await execute(replace(asked, target=elsewhere, out=tmp_path / "whole.db"), (), StopFlag())
    writes = {count for key, count in target.seen.items() if not key.startswith("read ")}
    assert writes == {1}, "every write has a world of its own"
    resumed, whole = read_view(asked.out), read_view(tmp_path / "whole.db")
    assert "stopped" in {one.reason for one in first.not_judged}
    assert resumed.run.finished
    assert sorted(one.reason for one in resumed.not_judged) == sorted(one.reason for one in whole.not_judged)
    assert (resumed.summary.cases, resumed.summary.clean) == (whole.summary.cases, whole.summary.clean)
    assert resumed.summary.requests_sent == target.seen.total()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"settings": RunSettings(seed=9)}, "another seed"),
        ({"settings": RunSettings(fidelity_floor=0.1)}, r"another setting \(fidelity_floor\)"),
        ({"command": "fuzz"}, "another command"),
    ],
)
async def test_another_run_is_refused_before_anything_is_sent(tmp_path, change, said):
    """One sentence names the first thing that differs, and the file stays as it is."""
    write_capture(tmp_path / "capture.db", recording(2))
    target = NumberedTarget()
    async with served(target.app) as url:
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", RunSettings(), Config())
        await execute(asked, (), _stopped())
        assert os.path.exists(pending_path(asked.out))
        with pytest.raises(UsageError, match=said):
            await execute(replace(asked, resume=True, **change), (), StopFlag())
        assert not target.seen
        await execute(replace(asked, resume=True), (), StopFlag())
        with pytest.raises(UsageError, match="finished run"):
            await execute(replace(asked, resume=True), (), StopFlag())
    assert set(target.seen.values()) == {1}


async def test_a_file_whose_run_never_began_is_begun_anew(tmp_path):
    """Killed during handshake, reset or logins: the same command works again, with --resume and without it."""
    write_capture(tmp_path / "capture.db", recording(1))
    target = NumberedTarget()
    async with served(target.app) as url:
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", RunSettings(), Config())
        for resume in (True, False):
            RunWriter.create(asked.out).close()
            PendingFile.create(pending_path(asked.out), "of-nobody").close()
            await execute(replace(asked, resume=resume), (), StopFlag())
            assert read_view(asked.out).run.finished
            asked.out.unlink()
        with PendingHeld(asked.out), pytest.raises(FileFormatError, match="is in use"):
            await execute(asked, (), StopFlag())


class PendingHeld:
    """Another process that is about to begin."""

    def __init__(self, path):
        RunWriter.create(path).close()
        self.pending = PendingFile.create(pending_path(path), "other")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pending.close()


async def test_a_login_that_nobody_heard_is_not_sent_after_its_followers(tmp_path):
    """Its session went on without it, as in a run that was not interrupted; in the next world it is sent."""
    write_capture(tmp_path / "capture.db", recording(1))
    target, shot = NumberedTarget(), Fault(FaultKind.CONNECT, "")
    async with served(target.app) as url:
        settings, config = RunSettings(), Config()
        asked = RunRequest(
            "run", tmp_path / "capture.db", url, tmp_path / "run.db", settings, config, keep_live_values=True
        )
        await execute(asked, (), _stopped())
        (session,), _, _ = read_capture(asked.capture)
        pending = PendingFile.resume(pending_path(asked.out), read_view(asked.out).run.id)
        for one, outcome in zip(session.exchanges, (shot, response(401)), strict=False):
            words = (one.id, session.id, "POST /a", session.actor, None, Part.JUDGED, one.request, outcome)
            pending.answered("clean/0", 1, Attempt(*words))
        pending.close()
        await execute(replace(asked, resume=True), (), StopFlag())
    assert sum(key.startswith("begin ") for key in target.seen) == 1


async def test_what_was_taken_away_since_is_another_run_too(tmp_path):
    """A table that is gone from replay.toml, sessions that were recorded since: groups would be other groups."""
    write_capture(tmp_path / "capture.db", recording(2))
    write_capture(tmp_path / "grown.db", recording(3))
    target = NumberedTarget()
    async with served(target.app) as url:
        settings, config = RunSettings(), Config(oracles={"server-error": {}})
        asked = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", settings, config, resume=True)
        await execute(replace(asked, resume=False), (), _stopped())
        with pytest.raises(UsageError, match=r"another setting \(\[oracles\]\)"):
            await execute(replace(asked, config=Config()), (), StopFlag())
        with pytest.raises(UsageError, match=r"another setting \(what the capture holds\)"):
            await execute(replace(asked, capture=tmp_path / "grown.db"), (), StopFlag())
    assert not target.seen


def _stopped():
    stop = StopFlag()
    stop.set()
    return stop
