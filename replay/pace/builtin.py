"""The pacers, and how the command line names them: `max`, or a factor such as `2x`."""

from __future__ import annotations

import re

from replay.model.errors import UsageError
from replay.pace.contract import Pacer
from replay.pace.immediate import Immediate
from replay.pace.recorded import Recorded

_FACTOR = re.compile(r"(\d+(?:\.\d+)?)x?")


def pacer_for(speed: str) -> Pacer:
    """`max` -> Immediate; `1x`, `2.5x`, `2.5` -> Recorded. Raises UsageError for anything else."""
    if speed == "max":
        return Immediate()
    match = _FACTOR.fullmatch(speed)
    if not match or float(match[1]) <= 0:
        raise UsageError("--speed takes `max` or a factor above 0 such as `1x` or `2.5x`.")
    return Recorded(float(match[1]))
