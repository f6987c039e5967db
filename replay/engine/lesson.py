"""What the first clean replay of a group teaches about its bindings.

Rule: a replay that was played with other bindings than those that it taught is not evidence: it is played again.
"""

from __future__ import annotations

from collections.abc import Mapping

from replay.correlate.refine import Refinement, refined, unrefuted
from replay.engine.stage import Stage
from replay.model.exchange import Response


def learn_from_replay(stage: Stage, heard: Mapping[str, Response], is_lean: bool) -> bool:
    """Refine the stage's bindings by the live answers; True when requests will be written otherwise from now on.

    `is_lean`: one of many groups, which learns only when something was not answered as it was recorded.
    """
    exchanges = stage.recording.exchanges
    if is_lean and all(answer.status == exchanges[one].status for one, answer in heard.items() if one in exchanges):
        return False
    return _taken(stage, refined(stage.bindings, stage.recording.sessions, heard))


def unlearn_from_replay(stage: Stage, heard: Mapping[str, Response]) -> bool:
    """Drop the guesses that the replay which was played with them refutes; True when there were any."""
    return _taken(stage, unrefuted(stage.bindings, stage.recording.sessions, heard))


def _taken(stage: Stage, done: Refinement) -> bool:
    if done.bindings is not stage.bindings:
        done.bindings.plans.update(stage.bindings.plans)  # each is looked at again before it is used
    stage.bindings = done.bindings
    stage.scenarios = stage.scenarios.bound_by(done.bindings)
    return done.is_changed
