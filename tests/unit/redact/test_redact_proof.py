"""A stand-in is read once more unless it is proven to hold nothing of its original, and one writing only."""

from __future__ import annotations

import pytest

from replay.redact.contract import Action, Change, ValueClass
from replay.redact.policy import Policy, Refused
from replay.redact.proof import is_pure
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import exchange


@pytest.mark.parametrize(
    ("original", "new", "pure", "remark"),
    [
        ("Ingrid Halvorsen", "Qkwzpa Bmxtdvkeu", True, "all words are others"),
        ("Ingrid Halvorsen", "Qkwzpa Halvorsen", False, "a word stayed"),
        ("ab1-cd2", "ab1-cd2", False, "short words, and all stayed"),
        ("ab1-cd2", "AB1-CD2", False, "case hides nothing"),
        ("customer_ab12cd34ef", "customer_qx83mw17zz", True, "the noun of an id may stay"),
        ("custom1", "custom2", True, "no whole word stayed"),
        ("custom1 x", "custom q", True, "nor here"),
        ("Ingrid B", "Qk%41wz p", False, "it can be read in two ways"),
        ('say "hi"', 'qpw "zk"', False, "a quote would cut it"),
        ("Ingrid\\nB", "Qkwzpa\\nM", False, "a backslash escapes"),
        ("Søren K", "Qkwzø M", False, "beyond ASCII"),
        ("—", "—", False, "no word at all"),
    ],
)
def test_what_proves_a_stand_in(original: str, new: str, pure: bool, remark: str):
    """Doubt means that the second look reads it."""
    change = Change(new, ValueClass.TEXT, Action.PSEUDONYMISE, ((ValueClass.TEXT, original),))
    assert is_pure(original, change) is pure, remark


def test_a_maker_that_hands_its_original_on_is_caught(monkeypatch: pytest.MonkeyPatch):
    """The proof is about what was made, not about who made it."""
    monkeypatch.setattr(Pseudonym, "text", lambda _, value: value)
    rows = [{"name": f"Ingrid Halvorsen {i}", "token": f"tok9x8y7z6{i}"} for i in range(20)]
    with pytest.raises(Refused, match="survivor"):
        Policy(Pseudonym(bytes(32))).redact(exchange(answer={"items": rows}))


def test_a_stand_in_that_equals_another_original_is_judged():
    """Fed back beside its own original, a short stand-in is refused as it would be without the proof."""
    policy = Policy(Pseudonym(bytes(32)))
    first = "4711008150"
    rows = [{"accountNumber": first, "a": "x", "b": "y"}] * 4
    told = policy.redact(exchange(answer={"items": rows})).exchange.response
    assert told is not None
    again = told.body.data.split(b'"accountNumber":"')[1].split(b'"')[0].decode()
    assert again != first
    with pytest.raises(Refused, match="survivor"):
        policy.redact(exchange(answer={"items": [*rows, {"accountNumber": again, "a": "x", "b": "y"}]}))
