"""Pacers say when a request is due; plans are chosen by words. No clock, no sleep."""

import pytest

from replay.model.errors import UsageError
from replay.pace.builtin import PaceWords, pacer_for, plan_for, seconds_of
from replay.pace.closed import Closed
from replay.pace.constant import Constant
from replay.pace.contract import UNPLANNED
from replay.pace.immediate import Immediate
from replay.pace.plan import CatchUp, Plan
from replay.pace.ramp import Ramp
from replay.pace.recorded import Recorded

RISE = Ramp(10, 50, steps=3, hold=2)

ROWS = [
    # pacer, number, recorded offset, due, remark
    (Immediate(), 0, 10.0, UNPLANNED, "the recording's gap does not matter"),
    (Recorded(1.0), 0, 1.5, 1.5, "as recorded"),
    (Recorded(2.0), 0, 1.5, 0.75, "twice as fast"),
    (Recorded(2.0), 999, 1.5, 0.75, "how many went before does not matter"),
    (Constant(200), 0, 9.0, 0.0, "the first at once"),
    (Constant(200), 200, 9.0, 1.0, "so many in each second"),
    (Constant(200), 720_000, 0.0, 3600.0, "exact after an hour"),
    (RISE, 0, 9.0, 0.0, "the first step: 10 a second for 2 s"),
    (RISE, 19, 0.0, 1.9, "its last request"),
    (RISE, 20, 0.0, 2.0, "the second step begins when the first was held"),
    (RISE, 21, 0.0, 2.0 + 1 / 30, "30 a second"),
    (RISE, 80, 0.0, 4.0, "the third"),
    (RISE, 80 + 500, 0.0, 14.0, "goes on at 50 a second"),
    (Ramp(50, 10, steps=2, hold=1), 60, 0.0, 2.0, "a ramp may fall"),
]


@pytest.mark.parametrize(("pacer", "number", "offset", "due", "remark"), ROWS)
def test_due(pacer, number, offset, due, remark):
    """When a request is due comes from its number and its recorded time alone."""
    assert pacer.due(number, offset) == pytest.approx(due, abs=1e-9), remark


def test_think_times():
    """As recorded, divided by the speed; or one time for all."""
    assert Closed().pause(3.0) == 3.0
    assert Closed(speed=2.0).pause(3.0) == 1.5
    assert Closed(think=0.2).pause(3.0) == 0.2


WORDS = [
    (PaceWords(), Plan()),
    (PaceWords(speed="max"), Plan(Immediate())),
    (PaceWords(speed="2x"), Plan(Recorded(2.0))),
    (PaceWords(speed="0.5"), Plan(Recorded(0.5))),
    (PaceWords(rate="200/s"), Plan(Constant(200))),
    (PaceWords(rate="90/min"), Plan(Constant(1.5))),
    (PaceWords(ramp="10..200/s,steps=5,hold=30s"), Plan(Ramp(10, 200, 5, 30))),
    (PaceWords(ramp="60..120/min,steps=2,hold=500ms"), Plan(Ramp(1, 2, 2, 0.5))),
    (PaceWords(speed="1x", catch_up="stretch"), Plan(Recorded(1.0), CatchUp.STRETCH)),
    (PaceWords(rate="5/s", catch_up="skip=2s"), Plan(Constant(5), CatchUp.SKIP, 2.0)),
    (PaceWords(sessions=8), Plan(closed=Closed(8))),
    (PaceWords(sessions=8, speed="max"), Plan(closed=Closed(8, 0.0))),
    (PaceWords(sessions=8, speed="2x"), Plan(Recorded(2.0), closed=Closed(8, None, 2.0))),
    (PaceWords(think="1.5s"), Plan(closed=Closed(None, 1.5))),
    (PaceWords(think="none"), Plan(closed=Closed(None, 0.0))),
    (PaceWords(rate="200/s", workers=4), Plan(Constant(50))),
    (PaceWords(ramp="10..200/s,steps=5,hold=30s", workers=2), Plan(Ramp(5, 100, 5, 30))),
    (PaceWords(sessions=5, workers=2), Plan(closed=Closed(3))),
    (PaceWords(sessions=5, workers=2, worker=1), Plan(closed=Closed(2))),
    (PaceWords(speed="2x", workers=2), Plan(Recorded(2.0))),
]


@pytest.mark.parametrize(("words", "plan"), WORDS)
def test_words_choose_the_plan(words, plan):
    assert plan_for(words) == plan


@pytest.mark.parametrize("word", ["", "0x", "-1x", "fast", "1xx", "max "])
def test_a_bad_speed_is_one_sentence(word):
    with pytest.raises(UsageError, match="--speed takes"):
        pacer_for(word)


WRONG = [
    (PaceWords(rate="200"), "--rate takes"),
    (PaceWords(rate="0/s"), "--rate takes"),
    (PaceWords(rate="9999999/s"), "--rate takes"),
    (PaceWords(ramp="10..200"), "--ramp takes"),
    (PaceWords(ramp="10..200/s,steps=1,hold=30s"), "at least two steps"),
    (PaceWords(ramp="10..200/s,steps=5,hold=0s"), "a hold above 0"),
    (PaceWords(ramp="10..200/s,steps=5,hold=soon"), "--ramp hold takes a time"),
    (PaceWords(rate="5/s", ramp="1..2/s,steps=2,hold=1s"), "two plans"),
    (PaceWords(rate="5/s", speed="2x"), "two plans"),
    (PaceWords(rate="5/s", think="none"), "an open loop"),
    (PaceWords(rate="5/s", sessions=3), "an open loop"),
    (PaceWords(think="1s", speed="2x"), "--speed changes recorded think times only"),
    (PaceWords(think="long"), "--think"),
    (PaceWords(speed="max", think="recorded"), "--speed max pauses nowhere"),
    (PaceWords(sessions=1, workers=2), "--sessions cannot be shared by 2 workers"),
    (PaceWords(catch_up="burst"), "--catch-up needs a plan"),
    (PaceWords(sessions=3, catch_up="burst"), "--catch-up needs a plan"),
    (PaceWords(rate="5/s", catch_up="never"), "--catch-up takes"),
    (PaceWords(rate="5/s", catch_up="burst=2s"), "--catch-up takes"),
]


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_words_that_make_no_plan_are_one_sentence(words, message):
    with pytest.raises(UsageError, match=message):
        plan_for(words)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("500ms", 0.5), ("2min", 120), ("1h", 3600), ("1.5", 1.5)])
def test_spans_of_time(text, seconds):
    assert seconds_of(text, "--x") == seconds
