"""What is kept of a WebSocket: a beginning without gaps, bounded in bytes and messages; the rest is measured."""

from __future__ import annotations

from replay.record.conversation import MOST_MESSAGES, Conversation
from replay.record.tee import Budget

PLENTY = 10 << 20


def test_messages_are_kept_as_they_came() -> None:
    talk = Conversation(100, Budget(PLENTY))
    talk.add(True, 1, 5.0, b"ask")
    talk.add(False, 2, 6.0, b"\x00\x01")
    talk.add(False, 1, 7.0, b"")
    assert talk.last_at == 7.0
    assert talk.take() == ((True, 1, 5.0, b"ask", 3), (False, 2, 6.0, b"\x00\x01", 2), (False, 1, 7.0, b"", 0))
    assert talk.left_out_bytes == 0


def test_the_message_across_the_limit_is_cut_and_later_ones_are_measured() -> None:
    talk = Conversation(5, Budget(PLENTY))
    for content in (b"abc", b"defg", b"h", b"ij"):
        talk.add(True, 1, 1.0, content)
    assert [(message[3], message[4]) for message in talk.take()] == [(b"abc", 3), (b"de", 4)]
    assert talk.left_out_bytes == 3


def test_a_flood_of_small_messages_ends_at_the_limit() -> None:
    talk = Conversation(1 << 20, Budget(PLENTY))
    for _ in range(MOST_MESSAGES + 10):
        talk.add(True, 1, 1.0, b"12")
    assert len(talk.take()) == MOST_MESSAGES
    assert talk.left_out_bytes == 20


def test_all_conversations_together_stay_within_the_budget() -> None:
    """Also messages without content cost something; what is taken or dropped gives its bytes back."""
    budget = Budget(1000)
    talks = [Conversation(1 << 20, budget) for _ in range(20)]
    for talk in talks:
        talk.add(True, 1, 1.0, b"x" * 100)
        talk.add(True, 1, 1.0, b"")
    assert budget.held_bytes <= 1000
    kept = [len(talk.take()) for talk in talks]
    assert 1 <= sum(kept) <= 3
    assert sum(talk.left_out_bytes for talk in talks) > 1500
    assert budget.held_bytes == 0
