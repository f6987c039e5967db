"""The pace options of `run` and `fuzz`, from typed words to a plan; nothing is read and nothing is sent."""

import pytest

from replay.cli.fuzz import fuzz_command
from replay.cli.options_pace import of_pace
from replay.cli.run import run_command
from replay.model.errors import UsageError
from replay.pace.builtin import PaceWords, plan_for
from replay.pace.closed import Closed
from replay.pace.plan import CatchUp, Plan
from replay.pace.ramp import Ramp
from replay.play.shapes import Shapes

NOTHING = PaceWords()
NEEDED = ["shop.db", "--target", "http://127.0.0.1:1", "--out", "run.db"]


def typed(*words, command=run_command, configured=NOTHING):
    """The plan and the shapes that these words ask for."""
    with command.make_context("run", [*NEEDED, *words]) as context:
        made = of_pace(context.params, configured)
    return plan_for(made["pace"]), made["shapes"]


@pytest.mark.parametrize("command", [run_command, fuzz_command])
def test_without_a_word_nothing_changes(command):
    assert typed(command=command) == (Plan(), Shapes())


def test_every_option_reaches_its_plan():
    ramp = typed("--ramp", "10..200/s,steps=5,hold=30s", "--catch-up", "skip=2s")[0]
    assert ramp == Plan(Ramp(10, 200, 5, 30), CatchUp.SKIP, 2.0)
    assert typed("--sessions", "8", "--think", "2s")[0] == Plan(closed=Closed(8, 2.0))
    assert typed("--amplify", "4", "--amplify-start", "together")[1] == Shapes(4, together=True)
    assert typed("--weight", "t1=5", "--weight", "t2=2", "--shape", "hot=9")[1] == Shapes(
        weights=(("t1", 5), ("t2", 2)), hot=9
    )


def test_the_configurations_plan_holds_unless_one_is_typed():
    file = PaceWords(sessions=3)
    assert typed(configured=file)[0] == Plan(closed=Closed(3))
    assert typed("--speed", "max", configured=file)[0] == Plan()


def test_words_that_contradict_each_other_are_one_sentence():
    with pytest.raises(UsageError, match="--rate and --speed are two plans"):
        typed("--rate", "5/s", "--speed", "2x")
