"""When to begin a new segment, and which finished ones have to go: pure decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from replay.model.capture import Loss
from replay.store.file_summary import FileSummary
from replay.store.manifest import Expired, SegmentEntry


@dataclass(frozen=True, slots=True)
class Rotation:
    """0: never. `rotate_*` of one segment, `keep_*` of the whole capture with its active segment."""

    rotate_bytes: int = 0
    rotate_seconds: float = 0.0
    keep_bytes: int = 0
    keep_seconds: float = 0.0

    @property
    def is_wanted(self) -> bool:
        return self.rotate_bytes > 0 or self.rotate_seconds > 0


def is_due(rotation: Rotation, held: FileSummary, size_bytes: int, now: float) -> bool:
    """A segment without exchanges is never finished: there would be nothing in it."""
    if not held.exchanges:
        return False
    is_large = 0 < rotation.rotate_bytes <= size_bytes
    return is_large or (rotation.rotate_seconds > 0 and now - held.first >= rotation.rotate_seconds)


def outlived(rotation: Rotation, segments: Sequence[SegmentEntry], active_bytes: int, now: float) -> int:
    """How many of the oldest finished segments have to go."""
    total = active_bytes + sum(one.bytes for one in segments)
    gone = 0
    for one in segments:
        is_old = rotation.keep_seconds > 0 and now - one.last > rotation.keep_seconds
        if not (is_old or 0 < rotation.keep_bytes < total):
            break
        total -= one.bytes
        gone += 1
    return gone


def with_expired(expired: Expired, gone: Sequence[SegmentEntry], through: int) -> Expired:
    """What was deleted so far, and these. All segments up to `through` are gone."""
    losses: Counter[tuple[str, str]] = Counter()
    for one in (*expired.losses, *(loss for entry in gone for loss in entry.losses)):
        losses[one.kind, one.reason] += one.count
    return Expired(
        through=max(expired.through, through),
        highest=max((expired.highest, *(one.highest for one in gone))),
        segments=expired.segments + len(gone),
        exchanges=expired.exchanges + sum(one.exchanges for one in gone),
        bytes=expired.bytes + sum(one.bytes for one in gone),
        losses=tuple(Loss(kind, why, count) for (kind, why), count in sorted(losses.items())),
    )
