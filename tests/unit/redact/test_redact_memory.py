"""What redaction remembers is bounded, and remembering or forgetting is invisible in every output."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import with_rewritten
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes
from replay.redact.header_fields import HeaderFields
from replay.redact.json_body import JsonBody
from replay.redact.memory import Generations, Memory
from replay.redact.policy import Keep, Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from unit.redact.bank_traffic import Bank
from unit.redact.canary_cases import CANARIES, JSON, exchange

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


def test_a_date_of_each_second_fills_no_memory():
    """It never comes back; a recorder that remembered them all would grow for an hour. Each still has its answer."""
    pseudonym = Pseudonym(KEY)
    policy, memo = Policy(pseudonym), pseudonym.memo
    known: list[tuple[int, int]] = []
    for second in range(300):
        date = f"Sat, 21 Nov 2026 07:{second // 60:02}:{second % 60:02} GMT"
        planted = exchange(answer_headers=[("Date", date), ("Last-Modified", date), ("Server", "nginx")])
        response = [policy.redact(planted).exchange.response for _ in range(3)][-1]
        assert response is not None
        assert response.headers.get("date") == date
        known.append((len(memo.fields.young), len(memo.looks.young)))
    assert known[0] == known[-1]
    assert 0 < len(memo.moments.young) <= 256


LONG = {
    "rows": [{"id": 700_000 + n, "token": f"tok-{n:04}-9f3Kq7Zx", "note": f"Call Ada Byron {n}"} for n in range(60)]
}


def test_a_known_body_is_judged_as_a_new_one():
    """Read once, it is still looked through each time: a secret of its rows in a field that nobody hides is refused."""
    careless = tuple(one for one in BUILTIN if not isinstance(one, HeaderFields))
    pseudonym = Pseudonym(KEY)
    policy = Policy(pseudonym, careless)
    for _ in range(4):
        policy.redact(exchange(answer=LONG, answer_headers={"X-Page": "1"}))
    assert any(pseudonym.memo.documents.behind(body) for body in [_answered(policy, LONG)])
    for _ in range(2):
        with pytest.raises(Refused, match="survivor"):
            policy.redact(exchange(answer=LONG, answer_headers={"X-Echo": "tok-0007-9f3Kq7Zx"}))


@dataclass(frozen=True, slots=True)
class Blind:
    """Leaves a body as it is, as a redactor with a fault would."""

    name: str = "blind"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.JSON, lambda _desk, data, _type, _place: data)


def test_what_a_field_hides_is_looked_for_in_a_known_body():
    """The words of a body that came before are the same words."""
    blind = tuple(Blind() if isinstance(one, JsonBody) else one for one in BUILTIN)
    policy = Policy(Pseudonym(KEY), blind)
    plain = {"rows": [{"label": f"tok-{n:04}-9f3Kq7Zx"} for n in range(150)]}
    for _ in range(4):
        policy.redact(exchange(answer=plain))
    for _ in range(2):
        with pytest.raises(Refused, match="survivor"):
            policy.redact(exchange(answer=plain, headers={"Authorization": "Bearer tok-0007-9f3Kq7Zx"}))


def test_whole_bodies_are_kept_within_a_bound():
    """By their bytes, also where each comes often, and one that comes again and again stays known."""
    pseudonym = Pseudonym(KEY)
    policy = Policy(pseudonym)
    bank = Bank("documents")
    for _ in range(40):
        planted = exchange(answer=bank.body(60_000).data)
        for _ in range(2):
            policy.redact(planted)
            _answered(policy, LONG)
    documents = pseudonym.memo.documents
    assert documents.behind(_answered(policy, LONG))
    assert documents.held_bytes() <= 2 << 19


def _answered(policy: Policy, document: object) -> bytes:
    response = policy.redact(exchange(answer=document)).exchange.response
    assert response is not None
    return response.body.data


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


@dataclass(frozen=True, slots=True)
class Planted:
    """A redactor with a fault: it always writes the same row, whoever it belongs to."""

    row: str
    name: str = "planted"

    def redact(self, exchange: Exchange, _: Pseudonym, notes: Notes) -> Exchange:
        response = exchange.response
        assert response is not None
        rows = ",".join(['{"n":1}', self.row, '{"n":2}'])
        return replace(exchange, outcome=replace(response, body=Body(f'{{"items":[{rows}]}}'.encode(), JSON)))


@pytest.mark.parametrize(
    ("row", "secret"),
    [
        ('{"x":"kd83hx92ms71"}', "kd83hx92ms71"),
        ('{"x":"Ingrid Sørensen"}', "Ingrid Sørensen"),
        ('{"x":"a2Q4M2h4OTJtczcx"}', "kd83hx92ms71"),
        ('{"x":"/call?to=ingrid%40shop.test"}', "ingrid@shop.test"),
        ('{"kd83hx92ms71":0}', "kd83hx92ms71"),
    ],
)
def test_a_row_that_was_harmless_is_looked_at_again_with_each_secret(row: str, secret: str):
    """The row is known by heart when the exchange comes in which its word is one that was hidden."""
    policy = Policy(Pseudonym(KEY), (*BUILTIN, Planted(row)))
    if "@" not in secret:  # an address in it is nobody's stand-in, and is refused where it stood before
        for i in range(4):
            policy.redact(exchange(body={"note": f"Nora Quist {i}"}, answer={"items": []}))
    for _ in range(3):
        with pytest.raises(Refused) as refused:
            policy.redact(exchange(body={"name": secret}, answer={"items": []}))
        assert refused.value.reason == "survivor"


def test_header_names_are_remembered_by_redactor():
    """A name that one redactor does not speak for may be another's; a field without a name stays nowhere."""
    policy = Policy(Pseudonym(KEY))
    for _ in range(3):
        redacted = policy.redact(
            exchange(headers=[("", "Ingrid Berg"), ("COOKIE", "sid=Zk3v9Qx7"), ("Cookie", "a=b1")])
        )
        names = [name for name, _ in redacted.exchange.request.headers.fields]
        assert "" not in names
        assert {"COOKIE", "Cookie"} <= set(names)
        assert "Zk3v9Qx7" not in repr(redacted.exchange.request.headers.fields)


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
