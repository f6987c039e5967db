"""How a recording stands at one moment, for metrics and probes: the account so far, and what is on its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from replay.record.account import Counts, Standing, counted, losses_so_far, total
from replay.record.ledger import SlotCounts

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """How the writer does, besides what the file counts."""

    oldest: int = 0  # microseconds of the monotonic clock when the oldest uncommitted exchange was offered; 0: none
    pending: int = 0  # exchanges that wait for their commit
    capture_bytes: int = 0
    commits: tuple[int, ...] = ()  # by duration, see COMMIT_SECONDS
    commit_seconds: float = 0.0
    is_held: bool = False  # the file is locked by somebody


@dataclass(frozen=True, slots=True)
class Account:
    """How a recording stands at one moment. All counts are of this recording, not of earlier ones in the same file."""

    seen: int
    captured: int
    skipped: Counts
    refused: Counts
    dropped: Counts
    in_flight: int  # begun, and not ended or lost
    queued: int  # exchanges in the proxies' queues
    queued_bytes: int
    unsettled: int  # handed to the writer, and not committed yet
    lag_seconds: float  # age of the oldest exchange that has ended and is not committed
    capture_bytes: int
    commits: tuple[int, ...]  # by duration, see COMMIT_SECONDS
    commit_seconds: float
    writer_is_alive: bool
    writer_is_held: bool  # somebody else has locked the file
    writer_restarts: int
    worker_restarts: int
    workers: int  # that listen


def account_of(
    slots: Iterable[SlotCounts],
    *,
    start: Standing,
    known: Standing,
    opened: Standing | None,
    state: WriterStatus | None,
    now: float,
    writer_restarts: int = 0,
    worker_restarts: int = 0,
    workers: int = 1,
) -> Account:
    """`start`, `opened`, `known`: what the file counted when the recording, its present writer, and this moment began.

    `now`: seconds of the monotonic clock. Without `opened` and `state` there is no writer.
    """
    slots = tuple(slots)
    done = known.since(start)
    state, is_alive = state or WriterStatus(), state is not None
    drops = losses_so_far(slots, writer_restarts + 1, (opened or known).settled - start.settled)
    reasons = counted({**dict(done.dropped), **drops})
    in_flight = sum(max(0, one.open - one.queued) for one in slots)
    queued = sum(one.queued for one in slots)
    seen = sum(one.seen for one in slots)
    fates = done.captured + done.refused + total(done.skipped) + total(reasons)
    oldest = min((at for at in (*(one.oldest for one in slots), state.oldest) if at), default=0)
    return Account(
        seen=seen,
        captured=done.captured,
        skipped=done.skipped,
        refused=done.refusals,
        dropped=reasons,
        in_flight=in_flight,
        queued=queued,
        queued_bytes=sum(one.held_bytes for one in slots),
        unsettled=max(0, seen - fates - in_flight - queued),
        lag_seconds=max(0.0, now - oldest / _MICROSECONDS) if oldest else 0.0,
        capture_bytes=state.capture_bytes,
        commits=state.commits,
        commit_seconds=state.commit_seconds,
        writer_is_alive=is_alive,
        writer_is_held=state.is_held,
        writer_restarts=writer_restarts,
        worker_restarts=worker_restarts,
        workers=workers,
    )
