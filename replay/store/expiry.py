"""When a capture expires: some days after its last exchange, so that no recording expires while it goes on."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path

from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError

DEFAULT_DAYS = 14
DAY_SECONDS = 86_400.0


class ExpiredError(FileFormatError):
    """Nobody should replay this capture any more."""


def expiry(info: CaptureInfo, last: float) -> float:
    """Seconds, UTC; infinity: never. `last`: when its last exchange ended, 0 without any."""
    return max(info.created, last) + info.lifetime if info.lifetime > 0 else math.inf


def require_unexpired(path: Path, expires: float, now: float) -> None:
    """Raises ExpiredError with one sentence."""
    if now >= expires:
        raise ExpiredError(
            f"{path} expired on {day_of(expires)} and is not replayed: record again, or say --allow-expired"
        )


def day_of(seconds: float) -> str:
    """The day, UTC, as people write it; a forged time is no reason to fail."""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (ValueError, OverflowError, OSError):
        return "an impossible day"
