"""The queue is bounded in bytes, never waits for room, and counts what it turns away."""

from __future__ import annotations

from replay.record.intake import Intake
from replay.record.ledger import CELLS, FULL, OFFERED, OLDEST
from replay.record.snapshot import Snapshot


def cells() -> memoryview:
    """A slot of a ledger that nobody shares."""
    return memoryview(bytearray(CELLS * 8)).cast("q")


def make_intake(limit_bytes: int = 1 << 30) -> Intake:
    return Intake(limit_bytes, cells(), lambda: 2.0)


def snapshot(body_bytes: int) -> Snapshot:
    headers = ((b"host", b"shop"),)
    return Snapshot(
        "c",
        "shop",
        80,
        "http",
        b"",
        b"GET",
        b"/",
        headers,
        b"",
        0,
        200,
        (),
        b"x" * body_bytes,
        body_bytes,
        "",
        1.0,
        2.0,
    )


def test_room_is_counted_in_bytes_and_freed_only_after_the_write() -> None:
    one, counts = snapshot(10_000), cells()
    intake = Intake(3 * one.weight_bytes(), counts, lambda: 2.0)
    assert [intake.offer(one) for _ in range(5)] == [True, True, True, False, False]
    assert (counts[OFFERED], counts[FULL]) == (3, 2)
    batch = intake.take(0, most=64, most_bytes=1 << 20)
    assert len(batch) == 3
    assert not intake.offer(one)  # taken, but the writer has not got them yet
    intake.release(batch)
    assert intake.held_bytes == 0
    assert intake.offer(one)


def test_the_age_of_a_batch_is_that_of_its_oldest(clock) -> None:
    """In microseconds; it stands in the ledger for as long as the batch is on its way."""
    clock.advance(2.0)
    counts = cells()
    intake = Intake(1 << 30, counts, clock.now)
    for _ in range(3):
        intake.offer(snapshot(1))
        clock.advance(1.0)
    batch = intake.take(0, most=64, most_bytes=1 << 20)
    assert (batch.oldest, counts[OLDEST]) == (2_000_000, 2_000_000)
    intake.release(batch)
    assert counts[OLDEST] == 0


def test_batches_end_at_a_number_and_at_a_size() -> None:
    intake = make_intake()
    for _ in range(5):
        intake.offer(snapshot(1000))
    assert len(intake.take(0, most=2, most_bytes=1 << 20)) == 2
    assert len(intake.take(0, most=64, most_bytes=1)) == 1
    assert len(intake.take(0, most=64, most_bytes=1 << 20)) == 2
    last = intake.take(0, most=64, most_bytes=1 << 20)
    assert (list(last), last.weight_bytes, last.oldest) == ([], 0, 0)


def test_waking_ends_a_batch_and_loses_nothing() -> None:
    intake = make_intake()
    intake.offer(snapshot(1))
    intake.wake()
    intake.offer(snapshot(2))
    sizes = [len(intake.take(0, most=64, most_bytes=1 << 20)) for _ in range(2)]
    assert sizes == [1, 1]


def test_weight_covers_bodies_and_headers() -> None:
    """A flood of headers fills the bound as bodies do."""
    many = snapshot(0)._replace(request_headers=tuple((b"n" * 10, b"v" * 90) for _ in range(1000)))
    assert many.weight_bytes() > 200_000
    assert snapshot(5000).weight_bytes() - snapshot(0).weight_bytes() == 5000
