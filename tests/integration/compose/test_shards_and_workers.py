"""A capture played in parts is played once, as a whole: shards, merged files, worker processes."""

import asyncio
import os
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from integration.compose.numbered_target import NumberedTarget, recording
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.merging import merge_runs
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, judge_again, read_view
from replay.compose.workers import execute_with_workers, part_path
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.errors import FileFormatError, UsageError
from replay.play.groups import Shard
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


async def test_a_worker_that_dies_goes_on_where_it_was(tmp_path):
    """Two processes share the capture; one is killed in mid-run, is started once more, and the totals are exact."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    target = NumberedTarget(slow=0.01)
    target.wanted = WHOLE // 4
    request = replace(asking(tmp_path, ""), settings=RunSettings(concurrency=4))
    async with served(target.app) as url:
        playing = asyncio.ensure_future(execute_with_workers(replace(request, target=url), 2, (), StopFlag()))
        await target.reached.wait()
        os.kill(_a_child_of(os.getpid()), signal.SIGKILL)
        await playing
    twice = sum(count - 1 for count in target.seen.values())
    assert target.seen.total() - twice == WHOLE
    assert twice <= 2, "what one worker had in flight"
    view = read_view(request.out)
    assert (view.run.finished, view.run.parts, view.not_judged) == (True, 2, ())
    assert (view.fidelity.exchanges, view.fidelity.score) == (SESSIONS * PER_SESSION, 1.0)
    assert not part_path(request.out, 1).exists()


def _a_child_of(parent):
    """The youngest process that runs a worker."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes()
            status = (path / "status").read_text()
        except OSError:
            continue
        if f"\nPPid:\t{parent}\n" in status and b"spawn_main" in words:
            found.append(int(path.name))
    return max(found)
