"""What redaction remembers is bounded, and remembering or forgetting is invisible in every output."""

from __future__ import annotations

import pytest

from replay.model.exchange import Exchange
from replay.redact.memory import Generations, Memory
from replay.redact.policy import Keep, Policy
from replay.redact.pseudonyms import Pseudonym
from unit.redact.bank_traffic import Bank
from unit.redact.canary_cases import CANARIES, exchange

KEY = bytes(range(32))


def test_a_busy_entry_outlives_many_that_come_once():
    """Two generations: what is asked for is kept, the others go."""
    generations = Generations(100)
    generations.keep("busy", 1)
    for i in range(1000):
        generations.keep(i, i)
        assert generations.find("busy") == 1
    assert generations.find(5) is None
    assert len(generations.young) <= 101


def test_all_roles_together_stay_within_the_bound():
    """A service with many kinds of names needs no more memory than one with few."""
    memory = Memory()
    for i in range(120_000):
        memory.keep_value(memory.values(f"role{i % 10}", i % 3), f"value {i}", i)
    held = sum(len(memory.values(f"role{i}", n).young) for i in range(10) for n in range(3))
    assert held <= 16_384
    for _ in range(50_000):
        memory.count_spot()
        memory.spots[len(memory.spots)] = 1
    assert len(memory.spots) <= 20_000


TRAFFIC: list[Exchange] = [canary.exchange for canary in CANARIES]


@pytest.mark.parametrize("keeps", [(), (Keep("body.items[*].note", "public"), Keep("header.x-tenant-id[*]", "public"))])
def test_a_policy_that_remembers_redacts_as_one_that_does_not(keeps: tuple[Keep, ...]):
    """Three times over the same traffic, in which shapes, fields and values come again."""
    bank = Bank("memory")
    traffic = TRAFFIC + [bank.exchange(700, 2500) for _ in range(10)]
    remembers = Policy(Pseudonym(KEY), keeps=keeps)
    for planted in traffic * 3:
        known, fresh = remembers.redact(planted), Policy(Pseudonym(KEY), keeps=keeps).redact(planted)
        assert (known.exchange, known.fields) == (fresh.exchange, fresh.fields)


@pytest.mark.parametrize(
    ("first", "second", "remark"),
    [
        ({"pin": "A1b2C3"}, {"x": "A1b2C3"}, "a secret's text under a plain name"),
        ({"a": 1}, {"a": 1.0}, "numbers that are equal, of two types"),
        ({"phone": 123456789012}, {"n": 123456789012}, "a number under two roles"),
        ({"error": {"code": "E-77"}}, {"code": "E-77"}, "inside an error and outside"),
        ({"password": {"value": "abc123"}}, {"value": "abc123"}, "inside a password and outside"),
        ({"a": {"b": "Ingrid B"}}, {"a": ["Ingrid B"]}, "an object and a list at one place"),
        ({"a": "Ingrid B", "b": 1}, {"b": 1, "a": "Ingrid B"}, "the same keys in another order"),
    ],
)
def test_what_is_remembered_of_one_place_does_not_leak_to_another(first: object, second: object, remark: str):
    """In both orders the second document comes out as if it were alone."""
    for one, two in ((first, second), (second, first)):
        policy = Policy(Pseudonym(KEY))
        policy.redact(exchange(body=one))
        alone = Policy(Pseudonym(KEY)).redact(exchange(body=two))
        after = policy.redact(exchange(body=two))
        assert (after.exchange, after.fields) == (alone.exchange, alone.fields), remark


def test_thousands_of_objects_with_names_of_their_own_are_redacted_alike():
    """Shapes beyond the bound are not remembered, and nothing else changes."""
    documents = [{f"alpha{chr(97 + i % 26)}{chr(97 + i // 26)}": {"name": f"Ingrid {i}"}} for i in range(400)]
    policy = Policy(Pseudonym(KEY))
    together = policy.redact(exchange(body=documents)).exchange.request.body.data
    assert (
        together
        == b"["
        + b",".join(Policy(Pseudonym(KEY)).redact(exchange(body=one)).exchange.request.body.data for one in documents)
        + b"]"
    )
