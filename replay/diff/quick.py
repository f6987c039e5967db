"""Did the control do what the recording did? Statuses only: the gate before any verdict on a mutation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from replay.diff.alignment import first_attempts
from replay.diff.layers import gate
from replay.model.difference import DifferenceKind
from replay.model.evidence import Attempt, Part, Trace

FAULT_IN_CONTROL = "fault-in-control"
CONTROL_UNSTABLE = "control-unstable"
CONTROL_DRIFTED = "control-drifted"


def same_outcome(one: Attempt, two: Attempt) -> bool:
    """Same status, or the same kind of fault. Bodies and media types are not looked at."""
    gap = gate(one.outcome, two.outcome)
    return gap is None or gap.kind is DifferenceKind.MEDIA_TYPE


def drifted(recorded: Trace, controls: Sequence[Trace]) -> str:
    """Why no verdict can be had from these controls, as a fixed word; empty when they did what was recorded.

    fault-in-control: a control had no answer where the recording has one. control-unstable: two controls disagree.
    control-drifted: they agree with each other, and not with the recording. What is only read back afterwards
    (Part.AFTER) is left to the oracles.
    """
    originals = first_attempts(recorded)
    played = [_judged(control) for control in controls]
    reasons = {_reason(original, [play[key] for play in played if key in play]) for key, original in originals.items()}
    return next((reason for reason in (FAULT_IN_CONTROL, CONTROL_UNSTABLE, CONTROL_DRIFTED) if reason in reasons), "")


def _judged(control: Trace) -> dict[str, Attempt]:
    return {key: attempt for key, attempt in first_attempts(control).items() if attempt.part is not Part.AFTER}


def _reason(original: Attempt, attempts: Sequence[Attempt]) -> str:
    if original.response is not None and any(attempt.fault for attempt in attempts):
        return FAULT_IN_CONTROL
    if not all(same_outcome(one, two) for one, two in combinations(attempts, 2)):
        return CONTROL_UNSTABLE
    return "" if all(same_outcome(original, attempt) for attempt in attempts) else CONTROL_DRIFTED
