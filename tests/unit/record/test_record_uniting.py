"""Sessions of several captures: parts of one are united, and nothing else is."""

from __future__ import annotations

import pytest

from replay.model.session import Actor
from replay.record.uniting import SeenSession, unite

ADA, BOB = Actor("t1", "ada"), Actor("t1", "bob")


def seen(capture: int, name: str, first: float, last: float, *tokens: str, actor: Actor | None = ADA) -> SeenSession:
    return SeenSession((capture, name), actor, first, last, set(tokens))


@pytest.mark.parametrize(
    ("other", "is_one", "remark"),
    [
        (seen(1, "s1", 5, 25, "tok"), True, "shares a token and overlaps"),
        (seen(1, "s1", 100, 120, "tok"), True, "goes on within the gap"),
        (seen(1, "s1", 4000, 4020, "tok"), False, "the gap is that of two sessions"),
        (seen(1, "s1", 5, 25, "other"), False, "nothing in common"),
        (seen(1, "s1", 5, 25), False, "no token at all"),
        (seen(0, "s9", 5, 25, "tok"), False, "of the same capture: its recorder told them apart"),
        (seen(1, "s1", 5, 25, "tok", actor=BOB), False, "somebody else with the same token"),
        (seen(1, "s1", 5, 25, "tok", actor=None), True, "anonymous there"),
        (seen(1, "s1", 5, 25, "tok", actor=Actor("", "ada")), True, "its tenant is not known there"),
        (seen(1, "s1", 5, 25, "tok", actor=Actor("t2", "ada")), False, "of another tenant"),
    ],
)
def test_two_sessions_are_one_when_they_must_be(other: SeenSession, is_one: bool, remark: str) -> None:
    """Beside s1 of capture 0: ada, from 0 to 20 s, with the token."""
    named = unite([seen(0, "s1", 0, 20, "tok"), other])
    assert (named[0, "s1"][0] == named[other.part][0]) is is_one, remark


def test_a_session_may_have_gone_through_many_sidecars() -> None:
    """Three captures, tokens that overlap in a chain (a refresh in between): one session, one actor."""
    parts = [
        seen(0, "s4", 0, 10, "a", actor=None),
        seen(1, "s2", 5, 40, "a", "b", actor=Actor("", "ada")),
        seen(2, "s7", 30, 90, "b", actor=ADA),
    ]
    assert set(unite(parts).values()) == {("s1", ADA)}


def test_names_follow_the_beginning_and_do_not_depend_on_the_order_of_files() -> None:
    """s1 begins first; the same captures in another order give the same names."""
    parts = [seen(0, "s1", 50, 60, "a"), seen(1, "s1", 10, 20, "b", actor=BOB), seen(2, "s1", 30, 40, "c")]
    named = unite(parts)
    assert [named[capture, "s1"][0] for capture in (1, 2, 0)] == ["s1", "s2", "s3"]
    assert unite(reversed(parts)) == named
