"""Every exchange has exactly one fate, whoever was killed when: seen = captured + skipped + refused + dropped."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.record.account import Standing, losses_at_end, losses_of_a_cut_end, losses_so_far, summary_of, total
from replay.record.balance import WriterStatus, account_of
from replay.record.ledger import SlotCounts


def slot(**counts: Any) -> SlotCounts:
    names = (
        "seen",
        "offered",
        "full",
        "errors",
        "unfinished",
        "handed",
        "welcomed",
        "generation",
        "gone",
        "silent",
        "left",
    )
    return SlotCounts(**{**dict.fromkeys((*names, "oldest", "worker_dead", "held_bytes"), 0), **counts})


def drops(counts: dict[str, int]) -> dict[str, int]:
    return {reason: count for reason, count in counts.items() if count}


@pytest.mark.parametrize(
    ("slots", "settled", "expected"),
    [
        pytest.param([slot(seen=9, offered=9, handed=9)], 9, {}, id="nothing lost"),
        pytest.param([slot(seen=9, full=2, errors=1, unfinished=3, handed=3)], 3,
                     {"queue-full": 2, "hook-error": 1, "unfinished": 3}, id="counted by the proxy"),
        pytest.param([slot(seen=9, handed=9)], 5, {"writer-dead": 4}, id="a writer died with four"),
        pytest.param([slot(seen=9, handed=6, gone=3)], 6, {"writer-dead": 3}, id="no writer was to be had"),
        pytest.param([slot(seen=9, handed=6, silent=3)], 6, {"writer-silent": 3}, id="the writer did not read"),
        pytest.param([slot(seen=9, handed=6, left=3)], 6, {"queue-left": 3}, id="the time to end was over"),
        pytest.param([slot(seen=9, handed=6)], 6, {"worker-dead": 3}, id="a worker was killed and nobody buried it"),
        pytest.param([slot(seen=9, handed=6, worker_dead=3), slot(seen=5, handed=5)], 10,
                     {"worker-dead": 3, "writer-dead": 1}, id="one of two workers, and a writer"),
        pytest.param([slot(seen=9, handed=6, worker_dead=3)], 8, {"worker-dead": 1},
                     id="killed after the write and before the count: the writer had two of them"),
    ],
)  # fmt: skip
def test_the_last_account(slots: list[SlotCounts], settled: int, expected: dict[str, int]) -> None:
    """Reasons sum up to what is missing in the file, exactly."""
    assert drops(losses_at_end(slots, settled)) == expected


counts = st.integers(0, 50)


@given(st.lists(st.tuples(counts, counts, counts, counts, counts, counts), min_size=1, max_size=4), counts, st.data())
def test_the_sum_is_exact_whatever_was_killed(parts: list[tuple[int, ...]], earlier: int, data: st.DataObject) -> None:
    """Any ledger, any part of what was handed over in the file: nothing is missing and nothing counted twice."""
    slots = [
        slot(seen=full + errors + handed + gone + dead + open_, full=full, errors=errors, handed=handed, gone=gone,
             worker_dead=dead)
        for full, errors, handed, gone, dead, open_ in parts
    ]  # fmt: skip
    settled = data.draw(st.integers(0, sum(one.handed for one in slots)))
    start = Standing(captured=earlier, dropped=(("writer-dead", 3),))
    last = Standing(captured=earlier + settled, dropped=start.dropped)
    for word in (last, None):
        summary = summary_of(slots, start, word, last)
        assert summary.seen == sum(one.seen for one in slots)
        assert summary.seen == summary.captured + summary.refused + total(summary.skipped) + total(summary.dropped)


def test_a_writer_that_is_cut_tells_what_it_left_from_what_died() -> None:
    """Three of what earlier writers took are not in the file; the rest of what is missing was never read."""
    slots = [slot(seen=30, handed=28, left=2, welcomed=10, generation=2)]
    ours = losses_of_a_cut_end(slots, 20, generation=2, settled_before=7)
    assert drops(ours) == {"writer-dead": 3, "queue-left": 7}
    last = Standing(captured=20, dropped=tuple(sorted(ours.items())))
    assert summary_of(slots, Standing(), last, None).dropped == (("queue-left", 7), ("writer-dead", 3))


def test_while_recording_only_what_dead_writers_took_is_lost() -> None:
    """The present writer's own part is on its way, that of the one before it is compared with the file."""
    after = [slot(seen=20, handed=18, welcomed=10, generation=2)]
    assert drops(losses_so_far(after, 2, settled_before=7)) == {"writer-dead": 3}
    not_back_yet = [slot(seen=20, handed=18, welcomed=0, generation=1)]
    assert drops(losses_so_far(not_back_yet, 2, settled_before=18)) == {}


def test_the_account_of_a_moment_says_what_is_on_its_way() -> None:
    slots = [slot(seen=20, offered=15, handed=12, generation=1, oldest=3_000_000, held_bytes=900)]
    start = Standing(captured=100, refusals=(("NotUtf8", 2),))
    known = Standing(captured=110, refusals=(("NotUtf8", 3),))
    now = account_of(slots, start=start, known=known, opened=start,
                     state=WriterStatus(oldest=2_000_000), now=5.0)  # fmt: skip
    assert (now.seen, now.captured, now.refused, now.dropped) == (20, 10, (("NotUtf8", 1),), ())
    assert (now.in_flight, now.queued, now.queued_bytes, now.unsettled) == (5, 3, 900, 1)
    assert now.lag_seconds == 3.0
    assert now.writer_is_alive


def test_the_sentence_names_what_is_missing() -> None:
    """Without a last word the rest is said to be silent, and the sentence says that the file may lack something."""
    said = summary_of(
        [slot(seen=9, full=1, handed=8)], Standing(), None, Standing(captured=5, skipped=(("excluded", 1),))
    )
    assert said.sentence() == (
        "captured 5, dropped 1 queue-full, 2 writer-silent, refused 0, 1 excluded; the writer process did not answer,"
        " the capture may lack the last batch"
    )


def test_a_stated_source_that_was_never_found_is_said_at_the_end() -> None:
    """A misspelt header would make a capture without tenants; where nothing was captured it says nothing."""
    last = Standing.from_wire(Standing(captured=5, silent_sources=("tenant", "session")).to_wire())
    told = summary_of([slot(seen=5, handed=5)], Standing(), last, last).sentence()
    assert told.endswith("refused 0; no exchange has a tenant or session where the configuration says")
    nothing = summary_of([], Standing(), Standing(silent_sources=("tenant",)), None)
    assert "tenant" not in nothing.sentence()
