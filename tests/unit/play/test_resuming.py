"""What is left of an interrupted scenario waits for what is left only, and begins at once."""

from make import exchange, session
from replay.correlate.learn import learn
from replay.play.order import cues_of_capture
from replay.play.resuming import remaining, settled

SESSION = session("s", *(exchange(f"e{i}", "GET", f"/a/{i}", answer={}) for i in range(4)), tenant="t", gap=2.0)
CUES = cues_of_capture([SESSION], learn([SESSION]))


def test_nothing_answered_is_everything_left():
    assert remaining(CUES, ()) == CUES


def test_answered_steps_are_gone_and_nobody_waits_for_them():
    left = remaining(CUES, {"e0", "e1"})
    assert [cue.step.exchange_id for cue in left] == ["e2", "e3"]
    assert left[0].after == frozenset()
    assert left[1].after == {left[0].number}
    assert [cue.offset for cue in left] == [0.0, 2.0], "gaps stay, the pause is over"


def test_everything_answered_is_nothing_left():
    assert remaining(CUES, {"e0", "e1", "e2", "e3"}) == ()


def test_what_others_went_on_without_is_not_sent_after_them():
    """A login that nobody heard stays unanswered once its session went on; the last one may still be sent."""
    assert settled(CUES, {"e1", "e2"}) == {"e0", "e1", "e2"}
    assert settled(CUES, {"e0"}) == {"e0"}
    assert settled(CUES, ()) == set()
