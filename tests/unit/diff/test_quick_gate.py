"""The gate before any verdict: did the controls do what the recording did?"""

from __future__ import annotations

from typing import Any

import pytest

from replay.diff.quick import CONTROL_DRIFTED, CONTROL_UNSTABLE, FAULT_IN_CONTROL, drifted, same_outcome
from replay.model.evidence import Part
from replay.model.exchange import FaultKind
from unit.diff.traced import broken, played, trace

OK, GONE, BUSY = played("a", {}), played("a", {}, status=404), played("a", {}, status=503)


@pytest.mark.parametrize(
    ("recorded", "controls", "expected", "remark"),
    [
        (OK, [OK, OK], "", ""),
        (OK, [played("a", {"other": 1}), OK], "", "bodies are not looked at"),
        (GONE, [GONE, GONE], "", "a recorded 404 is an outcome"),
        (OK, [GONE, GONE], CONTROL_DRIFTED, "both agree, not with the recording"),
        (OK, [OK, BUSY], CONTROL_UNSTABLE, "they disagree"),
        (OK, [broken("a"), OK], FAULT_IN_CONTROL, "no answer"),
        (broken("a"), [broken("a")], "", "the recorded fault again"),
        (OK, [played("a", {}, status=500, part=Part.AFTER)] * 2, "", "read back: left to the oracles"),
        (OK, [], "", "no control is the caller's business"),
        (OK, [played("b", {}, status=500)], "", "another exchange"),
    ],
)
def test_drifted(recorded: Any, controls: list[Any], expected: str, remark: str) -> None:
    """One fixed word, or nothing."""
    assert drifted(trace(recorded), [trace(control) for control in controls]) == expected, remark


def test_same_outcome() -> None:
    """Status or kind of fault."""
    assert same_outcome(OK, played("b", [1]))
    assert not same_outcome(OK, GONE)
    assert not same_outcome(OK, broken("a"))
    assert not same_outcome(broken("a"), broken("a", FaultKind.TIMEOUT))
