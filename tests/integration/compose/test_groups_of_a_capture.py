"""A capture that is larger than a group: the same verdicts as a whole, and what cannot be kept is told."""

import sqlite3
from dataclasses import replace

from integration.compose.numbered_target import NumberedTarget, recording
from make import bearer, exchange
from make_capture import write_capture
from replay.compose.config import Config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import Threshold, exit_status, judge_again, read_view, trace_behind
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.model.event import Event, UnitDone
from replay.play.groups import Shard
from upstreams import served

SESSIONS, PER_SESSION = 6, 5
GROUPED = RunSettings(group_exchanges=2 * PER_SESSION)


class StopAfterOne:
    """Ctrl-C when the first group is done."""

    def __init__(self, stop: StopFlag) -> None:
        self.stop = stop

    def on_event(self, event: Event) -> None:
        if isinstance(event, UnitDone):
            self.stop.set()


def asking(tmp_path, url, **changes):
    request = RunRequest("run", tmp_path / "capture.db", url, tmp_path / "run.db", GROUPED, Config())
    return replace(request, **changes)


async def test_groups_find_what_the_whole_finds(tmp_path):
    """One finding, by the same fingerprint, that says in how many groups it was; judged again it is the same."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS, total=7))
    async with served(NumberedTarget(total=8).app) as url:
        await execute(asking(tmp_path, url), (), StopFlag())
        await execute(asking(tmp_path, url, out=tmp_path / "whole.db", settings=RunSettings()), (), StopFlag())
    grouped, whole = read_view(tmp_path / "run.db"), read_view(tmp_path / "whole.db")
    assert [one.fingerprint for one in grouped.findings] == [one.fingerprint for one in whole.findings] != []
    assert grouped.findings[0].observed.endswith("and in 2 more groups of sessions")
    assert grouped.fidelity == whole.fidelity
    judge_again(tmp_path / "run.db", Config())
    assert read_view(tmp_path / "run.db").findings == grouped.findings
    with sqlite3.connect(tmp_path / "run.db") as database:
        kept = dict(database.execute("SELECT as_recorded, count(*) FROM attempt GROUP BY 1").fetchall())
    database.close()
    assert kept[1] > 0 < kept[0], "what differs is stored in full, the rest by reference"
    trace, _ = trace_behind(tmp_path / "run.db", grouped.findings[0].fingerprint)
    assert [one.request.method for one in trace.attempts] == ["POST", "POST", "GET"], "the way there, in full"
    assert trace.attempts[0].request.body.data


async def test_a_resumed_run_tells_the_same(tmp_path):
    """What was found before the stop is weighed and counted with what came after it."""

    write_capture(tmp_path / "capture.db", recording(SESSIONS, total=7))
    async with served(NumberedTarget(total=8).app) as url:
        stop = StopFlag()
        await execute(asking(tmp_path, url), (StopAfterOne(stop),), stop)
        await execute(asking(tmp_path, url, resume=True), (), StopFlag())
    (found,) = read_view(tmp_path / "run.db").findings
    assert found.observed.endswith("and in 2 more groups of sessions")


def crossing():
    """A stranger reads what the first session made: in a group without it nobody knows its live name."""
    exchanges = recording(SESSIONS)
    first = next(one.request.target for one in exchanges if one.request.method == "GET")
    token = bearer("tok-rec-000000000005")
    late = exchange("x1", "GET", first, answer={"id": first.rpartition("/")[2], "total": 7}, headers=token, at=2000.0)
    return [*exchanges, late]


async def test_a_value_from_a_group_of_before_is_not_judged_after_a_resume(tmp_path):
    """The group that was given it is done, and not read again."""
    write_capture(tmp_path / "capture.db", crossing())
    async with served(NumberedTarget().app) as url:
        stop = StopFlag()
        await execute(asking(tmp_path, url), (StopAfterOne(stop),), stop)
        await execute(asking(tmp_path, url, resume=True), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert view.findings == ()
    assert [one.reason for one in view.not_judged] == ["cross-group"]


async def test_a_value_from_another_shard_is_not_judged(tmp_path):
    """No shard plays all; whichever is asked for the value does not take its 404 for the target's fault."""
    write_capture(tmp_path / "capture.db", crossing())
    reasons = []
    async with served(NumberedTarget().app) as url:
        for number in range(1, 6):
            asked = asking(tmp_path, url, settings=RunSettings(), shard=Shard(number, 5), out=tmp_path / f"{number}.db")
            await execute(asked, (), StopFlag())
            view = read_view(asked.out)
            assert view.findings == ()
            reasons += [one.reason for one in view.not_judged]
    assert reasons == ["cross-group"]


async def test_a_value_from_another_group_is_not_judged(tmp_path):
    """It failed for what only another group was given: counted, and no finding."""
    write_capture(tmp_path / "capture.db", crossing())
    async with served(NumberedTarget().app) as url:
        await execute(asking(tmp_path, url), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert view.findings == ()
    assert [one.reason for one in view.not_judged] == ["cross-group"]
    assert view.not_judged[0].detail.startswith("1 exchange failed")
    assert exit_status(view, Threshold()) == 3


async def test_a_few_sessions_without_an_identity_do_not_sink_the_others(tmp_path):
    """They are not judged, by name; the difference in the others is found."""
    exchanges = recording(SESSIONS, total=7)
    for number in range(2):
        token = bearer(f"tok-of-nobody-{number:08d}")
        for step in range(2):
            key = {"Idempotency-Key": f"ab{number:06d}-{step:04d}-4aaa-8bbb-0123456789ab", **token}
            path = "/sessions/ses-of-nobody-0001/steps"
            answer = {"id": f"step-nobody-{number}{step}-93xk"}
            exchanges.append(exchange(f"n{number}{step}", "POST", path, 201, json={"n": 1}, headers=key, answer=answer,
                                      at=3000.0 + number * 10 + step))  # fmt: skip
    write_capture(tmp_path / "capture.db", exchanges)
    async with served(NumberedTarget(total=8).app) as url:
        await execute(asking(tmp_path, url, settings=RunSettings()), (), StopFlag())
    view = read_view(tmp_path / "run.db")
    assert {(one.method, one.endpoint) for one in view.findings} == {("GET", "/steps/{id}")}
    (verdict,) = view.not_judged
    assert verdict.reason == "session-low-fidelity"
    assert verdict.detail.startswith("2 of 8 sessions are below fidelity 0.60; first: session ")
    assert "step 1: POST /sessions/{id}/steps: recorded 201, now 401, no identity for" in verdict.detail
    judge_again(tmp_path / "run.db", Config())
    assert {one.endpoint for one in read_view(tmp_path / "run.db").findings} == {"/steps/{id}"}


async def test_cases_of_a_large_capture_come_from_a_sample(tmp_path):
    """Whole sessions drawn by the seed; the report says how many, and that is no reason for exit status 3."""
    write_capture(tmp_path / "capture.db", recording(SESSIONS))
    settings = replace(GROUPED, limit_cases=1, confirm=0)
    async with served(NumberedTarget().app) as url:
        asked = asking(tmp_path, url, command="fuzz", mutators=("inflate",), settings=settings)
        summary = await execute(asked, (), StopFlag())
    view = read_view(asked.out)
    (sample,) = (one for one in view.not_judged if one.reason == "sampled")
    assert sample.detail.startswith("cases are made from 10 of 30 exchanges (2 of 6 sessions, drawn by the seed)")
    assert summary.exchanges == 10
