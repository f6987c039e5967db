"""The queue is bounded in bytes, never waits for room, and counts what it turns away."""

from __future__ import annotations

from replay.record.intake import Intake
from replay.record.snapshot import Snapshot


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
    one = snapshot(10_000)
    intake = Intake(limit_bytes=3 * one.weight_bytes())
    assert [intake.offer(one) for _ in range(5)] == [True, True, True, False, False]
    assert (intake.offered, intake.full) == (3, 2)
    taken, weight = intake.take(0, most=64, most_bytes=1 << 20)
    assert len(taken) == 3
    assert not intake.offer(one)  # taken, but the pipe has not got them yet
    intake.release(weight)
    assert intake.held_bytes == 0
    assert intake.offer(one)


def test_batches_end_at_a_number_and_at_a_size() -> None:
    intake = Intake(1 << 30)
    for _ in range(5):
        intake.offer(snapshot(1000))
    assert len(intake.take(0, most=2, most_bytes=1 << 20)[0]) == 2
    assert len(intake.take(0, most=64, most_bytes=1)[0]) == 1
    assert len(intake.take(0, most=64, most_bytes=1 << 20)[0]) == 2
    assert intake.take(0, most=64, most_bytes=1 << 20) == ([], 0)


def test_waking_ends_a_batch_and_loses_nothing() -> None:
    intake = Intake(1 << 30)
    intake.offer(snapshot(1))
    intake.wake()
    intake.offer(snapshot(2))
    sizes = [len(intake.take(0, most=64, most_bytes=1 << 20)[0]) for _ in range(2)]
    assert sizes == [1, 1]


def test_weight_covers_bodies_and_headers() -> None:
    """A flood of headers fills the bound as bodies do."""
    many = snapshot(0)._replace(request_headers=tuple((b"n" * 10, b"v" * 90) for _ in range(1000)))
    assert many.weight_bytes() > 200_000
    assert snapshot(5000).weight_bytes() - snapshot(0).weight_bytes() == 5000
