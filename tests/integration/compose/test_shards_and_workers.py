"""A capture played in parts is played once, as a whole: shards, merged files, worker processes."""

import asyncio
import os
import signal
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from integration.compose.numbered_target import NumberedTarget, recording
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.merging import merge_runs
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, judge_again, read_view
from replay.compose.worker_parts import part_path
from replay.compose.workers import _lost, _share, _Worker, execute_with_workers
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import FileFormatError, ReplayError, UsageError
from replay.play.groups import Shard
from replay.store.run_writer import RunWriter
from upstreams import served

SESSIONS, PER_SESSION = 12, 5
WHOLE = SESSIONS * PER_SESSION * 2


def asking(tmp_path, url, **changes):
    request = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", RunSettings(), Config())
    return replace(request, **changes)


def shard(tmp_path, url, number, of=2, **changes):
    return asking(tmp_path, url, **{"shard": Shard(number, of), "out": tmp_path / f"part{number}.db", **changes})


async def test_shards_merge_into_the_whole(tmp_path):
    """Every exchange is sent by exactly one shard; counts, noise, fidelity and findings are the whole run's."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS, total=7))
    target = NumberedTarget(total=8)  # another answer than recorded: one finding, in each shard
    async with served(target.app) as url:
        parts = [shard(tmp_path, url, number) for number in (1, 2)]
        for part in parts:
            await execute(part, (), StopFlag())
        await execute(asking(tmp_path, url), (), StopFlag())
    merge_runs([part.out for part in parts], tmp_path / "all.db")
    merged, whole = read_view(tmp_path / "all.db"), read_view(tmp_path / "run.db")
    assert set(target.seen.values()) == {1}
    assert (merged.run.finished, merged.run.shard, merged.run.parts) == (True, "", 2)
    assert merged.fidelity == whole.fidelity
    assert merged.findings[0].observed.endswith("and in 1 more group of sessions")
    assert merged.summary.requests_sent == whole.summary.requests_sent == WHOLE + SESSIONS * PER_SESSION
    assert [one.fingerprint for one in merged.findings] == [one.fingerprint for one in whole.findings] != []
    judge_again(tmp_path / "all.db", Config())
    again = read_view(tmp_path / "all.db")
    assert [one.fingerprint for one in again.findings] == [one.fingerprint for one in whole.findings]
    with sqlite3.connect(tmp_path / "all.db") as database:
        sent = "SELECT exchange_id, t.world FROM attempt a JOIN trace t ON t.id = a.trace_id WHERE t.role = 'clean'"
        found = database.execute(sent).fetchall()
    database.close()
    assert len(found) == len(set(found)) == WHOLE + SESSIONS * PER_SESSION


async def test_what_is_no_part_of_one_run_is_not_merged(tmp_path):
    """The same shard twice, a run of the whole, another seed: each in a sentence; nothing is written."""
    write_capture(tmp_path / "capture.db", recording(2))
    target = NumberedTarget()
    async with served(target.app) as url:
        first, second = shard(tmp_path, url, 1), shard(tmp_path, url, 2)
        other = shard(tmp_path, url, 2, out=tmp_path / "other.db", settings=RunSettings(seed=5))
        for one in (first, second, replace(other, out=tmp_path / "other.db"), asking(tmp_path, url)):
            await execute(one, (), StopFlag())
    out = tmp_path / "all.db"
    (tmp_path / "copy.db").write_bytes(first.out.read_bytes())
    for paths, said in (
        ([first.out, tmp_path / "copy.db"], "shard 1/2 is in two of the files"),
        ([first.out, tmp_path / "run.db"], "whole capture"),
        ([first.out, tmp_path / "other.db"], "another seed"),
        ([first.out], "two run files or more"),
    ):
        with pytest.raises(UsageError, match=said):
            merge_runs(paths, out)
    with pytest.raises(FileFormatError, match="does not exist"):
        merge_runs([first.out, tmp_path / "gone.db"], out)
    assert not out.exists()


async def test_a_missing_shard_is_told(tmp_path):
    """Two of three: the merged run is unfinished and says which part is not there."""
    write_capture(tmp_path / "capture.db", recording(6))
    async with served(NumberedTarget().app) as url:
        parts = [shard(tmp_path, url, number, 3) for number in (1, 3)]
        for part in parts:
            await execute(part, (), StopFlag())
    merge_runs([part.out for part in parts], tmp_path / "all.db")
    view = read_view(tmp_path / "all.db")
    assert (view.run.finished, view.run.shard) == (False, "1,3/3")
    assert [one.reason for one in view.not_judged] == ["missing-shard"]
    assert exit_status(view, Threshold()) == 3


async def test_workers_that_die_go_on_where_they_were(tmp_path):
    """Two processes share the capture; both are killed in mid-run, are started once more, and the totals are exact."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.01)
    target.wanted = WHOLE // 4
    request = replace(asking(tmp_path, ""), settings=RunSettings(concurrency=4))
    async with served(target.app) as url:
        playing = asyncio.ensure_future(execute_with_workers(replace(request, target=url), 2, (), StopFlag()))
        await target.reached.wait()
        for child in _workers_of(os.getpid()):
            os.kill(child, signal.SIGKILL)
        await playing
    twice = sum(count - 1 for count in target.seen.values())
    assert target.seen.total() - twice == WHOLE
    assert twice <= 4, "what the workers had in flight"
    view = read_view(request.out)
    assert (view.run.finished, view.run.parts, view.not_judged) == (True, 2, ())
    assert (view.fidelity.exchanges, view.fidelity.score) == (SESSIONS * PER_SESSION, 1.0)
    assert not part_path(request.out, 1).exists()


def _workers_of(parent):
    """The processes that run a worker."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            status = (path / "status").read_text()
        except OSError:
            continue
        if f"\nPPid:\t{parent}\n" in status and b"spawn_main" in words:
            found.append(int(path.name))
    return found


async def test_workers_end_with_their_parent(tmp_path):
    """kill -9 of the command: nobody goes on sending, and the parts can be gone on with, in the same worlds."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.05)
    target.wanted = WHOLE // 8
    async with served(target.app) as url:
        words = ("run", str(tmp_path / "capture.db"), "--target", url, "--out", str(tmp_path / "run.db"))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "replay", *words, "--workers", "2", "--concurrency", "2", "--quiet"
        )
        await target.reached.wait()
        workers = _workers_of(process.pid)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        async with asyncio.timeout(5):
            while any(_is_alive(worker) for worker in workers):
                await asyncio.sleep(0.02)
        assert target.seen.total() < WHOLE
        target.slow = 0.0
        request = asking(tmp_path, url, settings=RunSettings(concurrency=2), resume=True)
        for number in (1, 2):
            await execute(_share(request, Shard(number, 2)), (), StopFlag())
    assert target.seen.total() == WHOLE, "they drained: not even what was in flight is sent twice"


def _is_alive(pid):
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


async def test_a_run_that_is_stopped_before_its_workers_are_up_is_a_stopped_run(tmp_path):
    """The signal waits until they can hear it: every part is there, nothing was sent, and the exit status is 3."""
    write_capture(tmp_path / "capture.db", recording(2))
    target, stop = NumberedTarget(), StopFlag()
    stop.set()
    async with served(target.app) as url:
        await execute_with_workers(asking(tmp_path, url), 2, (), stop)
    view = read_view(tmp_path / "run.db")
    assert (view.run.finished, view.run.parts, exit_status(view, Threshold())) == (False, 2, 3)
    assert not target.seen
    assert part_path(tmp_path / "run.db", 2).exists()


async def test_what_workers_would_overwrite_is_refused_before_anything_is_sent(tmp_path):
    """A run file of that name, a part of another run; resumed with other words, or beside a file of another run."""
    write_capture(tmp_path / "capture.db", recording(2))
    target = NumberedTarget()
    async with served(target.app) as url:
        request = asking(tmp_path, url)
        for number in (1, 2):
            part = shard(tmp_path, url, number, out=part_path(request.out, number))
            await execute(part, (), StopFlag())
        await execute(shard(tmp_path, url, 1, out=request.out), (), StopFlag())
        before, held = target.seen.total(), request.out.read_bytes()
        again, three = replace(request, resume=True), replace(request, resume=True, settings=RunSettings(seed=4))
        free = replace(request, out=tmp_path / "free.db")
        part_path(free.out, 2).write_bytes(held)
        for asked, count, said in (
            (request, 2, "run.db exists already"),
            (free, 2, "free.db.2 exists already"),
            (again, 3, "another number of workers"),
            (three, 2, "another seed"),
            (again, 2, "was not merged from the parts"),
            (replace(request, out=tmp_path / "new.db"), 17, "--concurrency cannot be shared by 17 workers"),
        ):
            with pytest.raises(ReplayError, match=said):
                await execute_with_workers(asked, count, (), StopFlag())
        assert request.out.read_bytes() == held
        request.out.unlink()
        await execute_with_workers(again, 2, (), StopFlag())
    assert target.seen.total() == before
    assert read_view(request.out).run.finished


def test_a_share_that_nobody_began_is_told(tmp_path):
    """A merge of one part is no mistake of the user's then: it names the share that is missing."""
    begun, never = (_Worker(shard(tmp_path, "", number)) for number in (1, 2))
    RunWriter.create(begun.request.out).close()
    assert [_lost(one) for one in (begun, never)] == ["ended before its run began"] * 2
    begun.is_done = True
    assert _lost(begun) == ""
