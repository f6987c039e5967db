"""What a recording writes into the audit log of its capture: when it began and ended, with which key and rules.

Rule: nothing here raises; a recording goes on without its log.
"""

from __future__ import annotations

from pathlib import Path

from replay import __version__
from replay.model.capture import CaptureInfo
from replay.record.account import Standing, total
from replay.record.private_memory import may_be_swapped
from replay.store import audit_log


def note_start(path: Path, event: str, info: CaptureInfo, at: float, *, generation: int = 1) -> bool:
    """`event`: start or import; `generation` counts the writers of a recording, from 1. `at`: seconds, UTC."""
    return audit_log.append(
        path,
        event if generation == 1 else "restart",
        at=at,
        capture=info.id,
        key_id=info.key_id,
        key_scope="capture" if info.key_salt else "project",
        policy_digest=info.policy_digest,
        encrypted=bool(info.recipient),
        lifetime_days=round(info.lifetime / 86_400, 3),
        swap_possible=may_be_swapped(),
        tool_version=__version__,
    )


def note_stop(path: Path, standing: Standing, at: float) -> bool:
    """What the capture counts at its end."""
    return audit_log.append(
        path,
        "stop",
        at=at,
        captured=standing.captured,
        refused=standing.refused,
        skipped=total(standing.skipped),
        dropped=total(standing.dropped),
    )
