"""When a segment ends and which ones go: decisions over numbers, without files or clocks."""

from __future__ import annotations

import pytest

from replay.model.capture import Loss
from replay.store.file_summary import FileSummary
from replay.store.manifest import Expired, SegmentEntry
from replay.store.retention import Rotation, is_due, outlived, with_expired


def held(exchanges: int = 5, first: float = 100.0) -> FileSummary:
    return FileSummary(exchanges, first, first + 10, exchanges, ())


def entry(segment: int, last: float, size: int = 100, losses: tuple[Loss, ...] = ()) -> SegmentEntry:
    return SegmentEntry(segment, f"c-{segment:04}.db", "c", last - 10, last, 5, segment * 5, size, "d", losses)


@pytest.mark.parametrize(
    ("rotation", "summary", "size", "now", "due"),
    [
        pytest.param(Rotation(), held(), 10**12, 1e9, False, id="nothing is wanted"),
        pytest.param(Rotation(rotate_bytes=100), held(), 99, 0, False, id="not large enough"),
        pytest.param(Rotation(rotate_bytes=100), held(), 100, 0, True, id="large enough"),
        pytest.param(Rotation(rotate_bytes=100), held(0), 10**9, 0, False, id="an empty one is never finished"),
        pytest.param(Rotation(rotate_seconds=60), held(), 1, 159.9, False, id="too young"),
        pytest.param(Rotation(rotate_seconds=60), held(), 1, 160.0, True, id="old enough"),
        pytest.param(Rotation(rotate_bytes=100, rotate_seconds=60), held(), 1, 200.0, True, id="whichever comes first"),
        pytest.param(Rotation(rotate_seconds=60), held(), 1, 10.0, False, id="a clock that went back"),
    ],
)
def test_a_segment_ends(rotation: Rotation, summary: FileSummary, size: int, now: float, due: bool) -> None:
    """By size or by the age of its first exchange."""
    assert is_due(rotation, summary, size, now) is due


SEGMENTS = (entry(1, 100.0), entry(2, 200.0), entry(3, 300.0))


@pytest.mark.parametrize(
    ("rotation", "active", "now", "gone"),
    [
        pytest.param(Rotation(), 10**9, 1e9, 0, id="everything is kept"),
        pytest.param(Rotation(keep_bytes=350), 50, 0, 0, id="all fit exactly"),
        pytest.param(Rotation(keep_bytes=349), 50, 0, 1, id="one too many"),
        pytest.param(Rotation(keep_bytes=120), 50, 0, 3, id="only the active one fits"),
        pytest.param(Rotation(keep_bytes=10), 50, 0, 3, id="the active one is never deleted"),
        pytest.param(Rotation(keep_seconds=100), 50, 200.0, 0, id="not older than that"),
        pytest.param(Rotation(keep_seconds=100), 50, 301.0, 2, id="two are older"),
        pytest.param(Rotation(keep_seconds=100, keep_bytes=150), 50, 201.0, 2, id="whichever deletes more"),
    ],
)
def test_the_oldest_go_first(rotation: Rotation, active: int, now: float, gone: int) -> None:
    """By the age of the last exchange, and by what all files weigh together."""
    assert outlived(rotation, SEGMENTS, active, now) == gone


def test_what_is_deleted_is_added_up() -> None:
    """Exchanges, bytes and losses of deleted segments stay in the account."""
    lost = Loss("dropped", "queue-full", 3)
    before = Expired(1, 5, 1, 5, 100, (lost,))
    after = with_expired(before, (entry(2, 200.0, 100, (lost, Loss("refused", "survivor", 1))),), through=2)
    assert after == Expired(2, 10, 2, 10, 200, (Loss("dropped", "queue-full", 6), Loss("refused", "survivor", 1)))
