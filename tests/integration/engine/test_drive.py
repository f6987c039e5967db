"""The driver on a real event loop and a real clock, with a client that answers by itself."""

import asyncio
import sys
from dataclasses import replace

import pytest

from make import exchange, response
from replay.correlate.rebinder import Rewritten
from replay.engine.alarm import LoopAlarm, TimerFdAlarm, alarm_for
from replay.engine.clock import SystemClock
from replay.engine.drive import SKIPPED, StopFlag, drive
from replay.model.case import Step
from replay.model.errors import UsageError
from replay.model.evidence import Part
from replay.model.exchange import FaultKind
from replay.pace.constant import Constant
from replay.pace.plan import CatchUp, Plan
from replay.pace.recorded import Recorded
from replay.play.cue import Cue
from replay.play.player import Player
from replay.wire.client import Sent

CLOCK = SystemClock()
REQUEST = exchange("e", "GET", "/e").request


class Plain:
    def rewrite(self, step, cast=""):
        return Rewritten(step.request)

    def absorb(self, exchange_id, outcome):
        return None


class Answering:
    """A client whose answers take so long; `most` is how many were under way at once."""

    def __init__(self, seconds=0.0):
        self.seconds, self.under_way, self.most, self.asked = seconds, 0, 0, []

    async def send(self, request, gate=None, **_):
        begun = CLOCK.now()
        self.asked.append(request)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        if gate:
            await gate.wait()
        await asyncio.sleep(self.seconds)
        self.under_way -= 1
        return Sent(response(200), begun, begun, CLOCK.now())


def cues_of(sessions, steps, gap=0.0):
    out = []
    for session in range(sessions):
        for n in range(steps):
            after = frozenset({len(out) - 1}) if n else frozenset()
            step = Step(f"e{session}-{n}", REQUEST)
            cue = Cue(len(out), step, f"s{session}", None, Part.JUDGED, after, offset=len(out) * gap)
            out.append(cue)
    return out


async def played(cues, client, plan=None, stop=None, concurrency=8, **more):
    player = Player(cues, plan or Plan(), Plain(), concurrency)
    async with asyncio.timeout(20):
        return await drive(player, client, CLOCK, CLOCK.now(), lambda _: "GET /e", stop or StopFlag(), **more)


async def test_everything_is_sent_once_and_told_by_time_of_sending():
    client, heard = Answering(), []
    attempts = await played(cues_of(20, 5), client, heard=heard.append)
    assert len(client.asked) == len({one.exchange_id for one in attempts}) == 100
    assert [one.sent for one in attempts] == sorted(one.sent for one in attempts)
    assert sorted(map(id, heard)) == sorted(map(id, attempts)), "each was told as soon as it was there"


async def test_answers_are_cut_when_they_arrive():
    """The journal is told all of it, and what waits for the end is small."""
    heard, held = [], []

    def cut(attempt):
        held.append(len(heard))
        return replace(attempt, exchange_id="cut")

    attempts = await played(cues_of(1, 3), Answering(), heard=heard.append, cut=cut)
    assert [one.exchange_id for one in attempts] == ["cut"] * 3
    assert held == [0, 1, 2], "at once, one by one"
    assert all(one.exchange_id != "cut" for one in heard)


async def test_sessions_run_side_by_side_up_to_concurrency():
    client = Answering(0.005)
    await played(cues_of(20, 2), client, concurrency=6)
    assert client.most == 6


async def test_times_tell_the_plan_apart_from_the_sending():
    """Intended is the plan's time to the microsecond, whenever the request really left; nothing left early."""
    attempts = await played(cues_of(30, 1), Answering(), Plan(Constant(500)))
    intended = sorted(one.intended for one in attempts)  # of requests that are late together, any may leave first
    assert [one - intended[0] for one in intended] == pytest.approx([n / 500 for n in range(30)], abs=1e-6)
    assert all(one.intended <= one.sent <= one.first_byte <= one.ended for one in attempts)


async def test_a_slow_target_makes_the_next_step_late_not_the_plan():
    """The second step was due while the first was still under way: its latency counts from then."""
    attempts = await played(cues_of(1, 2, gap=0.01), Answering(0.05), Plan(Recorded()))
    assert attempts[1].sent - attempts[1].intended > 0.03


async def test_a_unit_leaves_together():
    cues = [replace(cue, unit=1) for cue in cues_of(4, 1)]
    client = Answering(0.01)
    await played(cues, client, concurrency=2)
    assert client.most == 4, "copies of a race are never split up"


async def test_a_stop_is_heard_while_nothing_happens():
    """The next request is due in an hour."""
    stop = StopFlag()
    asyncio.get_running_loop().call_later(0.05, stop.set)
    attempts = await played(cues_of(1, 2, gap=3600.0), Answering(), Plan(Recorded()), stop)
    assert len(attempts) == 1


async def test_what_is_skipped_is_told_as_withheld():
    """Sessions that would have begun too late are in the trace, with the reason, and were not sent."""
    client = Answering(0.2)
    plan = Plan(Recorded(), CatchUp.SKIP, 0.05)
    attempts = await played(cues_of(3, 1, gap=0.01), client, plan, concurrency=1)
    assert len(client.asked) == 1
    withheld = [one.fault for one in attempts if one.fault]
    assert [(one.kind, one.detail) for one in withheld] == [(FaultKind.WITHHELD, SKIPPED)] * 2


async def test_copies_are_told_apart():
    cues = cues_of(1, 2)
    copies = [replace(cue, number=cue.number + 2, world=1, after=frozenset(n + 2 for n in cue.after)) for cue in cues]
    beside = []
    player = Player([*cues, *copies], Plan(), [Plain(), Plain()])
    attempts = await drive(
        player, Answering(), CLOCK, CLOCK.now(), lambda _: "", StopFlag(), beside=lambda cue, _: beside.append(cue)
    )
    assert (len(attempts), [cue.number for cue in beside]) == (2, [2, 3])


class Broken:
    async def send(self, request, gate=None, **_):
        raise RuntimeError("a bug")


async def test_a_bug_in_a_worker_ends_the_run():
    with pytest.raises(ExceptionGroup):
        await played(cues_of(3, 2), Broken())


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), UsageError("cannot be")])
async def test_what_users_can_mend_is_told_as_it_is(error):
    """A full disk below the journal: one sentence and not a bug of ours."""

    def full(attempt):
        raise error

    player = Player(cues_of(3, 2), Plan(), Plain(), 3)
    with pytest.raises(type(error)) as caught:
        await drive(player, Answering(0.01), CLOCK, CLOCK.now(), lambda _: "", StopFlag(), full)
    assert caught.value is error


async def test_a_bug_that_the_alarm_meets_ends_the_run():
    """The alarm is called by the loop, which swallows errors: the run must not wait for ever."""

    class Odd(Plain):
        def rewrite(self, step, cast=""):
            raise RuntimeError("a bug")

    cues = [replace(cue, offset=cue.offset + 0.02) for cue in cues_of(1, 1)]
    player = Player(cues, Plan(Recorded()), Odd())
    with pytest.raises(ExceptionGroup):
        async with asyncio.timeout(5):
            await drive(player, Answering(), CLOCK, CLOCK.now(), lambda _: "", StopFlag())


def alarms():
    return [LoopAlarm, *([TimerFdAlarm] if sys.platform == "linux" else [])]


@pytest.mark.parametrize("kind", alarms())
async def test_an_alarm_rings_after_its_time(kind):
    """Once for each setting, never early; what was set before is forgotten."""
    rang = asyncio.Event()
    alarm = kind(rang.set, CLOCK) if kind is LoopAlarm else kind(rang.set)
    try:
        for seconds in (0.02, 0.0, 0.005):
            rang.clear()
            at = CLOCK.now() + seconds
            alarm.set(at + 100)
            alarm.set(at)
            async with asyncio.timeout(5):
                await rang.wait()
            assert CLOCK.now() >= at - 1e-4
    finally:
        alarm.close()
        alarm.close()


async def test_another_clock_has_the_loops_alarm(clock):
    """A timerfd knows the system's clock only."""
    alarm = alarm_for(lambda: None, clock)
    assert isinstance(alarm, LoopAlarm)
    alarm.close()
