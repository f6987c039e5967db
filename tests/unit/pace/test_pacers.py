"""Pacers say when the next request is due; no clock, no sleep."""

import pytest

from replay.model.errors import UsageError
from replay.pace.builtin import pacer_for
from replay.pace.immediate import Immediate
from replay.pace.recorded import Recorded

ROWS = [
    # pacer, elapsed, sent, recorded offset, wait, remark
    (Immediate(), 0.0, 0, 10.0, 0.0, "the recording's gap does not matter"),
    (Immediate(), 99.0, 500, 10.0, 0.0, "nor does lateness"),
    (Recorded(1.0), 0.0, 0, 1.5, 1.5, "as recorded"),
    (Recorded(2.0), 0.0, 0, 1.5, 0.75, "twice as fast"),
    (Recorded(2.0), 0.5, 3, 1.5, 0.25, "absolute: what has passed is taken off"),
    (Recorded(1.0), 9.0, 3, 1.5, 0.0, "late means at once, never negative"),
]


@pytest.mark.parametrize(("pacer", "elapsed", "sent", "offset", "wait", "remark"), ROWS)
def test_wait(pacer, elapsed, sent, offset, wait, remark):
    """Seconds to wait from elapsed time, sent count and recorded offset alone, without a clock."""
    assert pacer.wait(elapsed, sent, offset) == pytest.approx(wait), remark


@pytest.mark.parametrize(("word", "pacer"), [("max", Immediate()), ("2x", Recorded(2.0)), ("0.5", Recorded(0.5))])
def test_names(word, pacer):
    """The words of `--speed` choose the pacer."""
    assert pacer_for(word) == pacer


@pytest.mark.parametrize("word", ["", "0x", "-1x", "fast", "1xx", "max "])
def test_a_bad_speed_is_one_sentence(word):
    with pytest.raises(UsageError, match="--speed takes"):
        pacer_for(word)
