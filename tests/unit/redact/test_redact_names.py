"""Compound names: one piece that is data makes the name data, wherever names stand; what programmers write stays."""

from __future__ import annotations

import json

import pytest

from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import is_plain_name
from unit.redact.canary_cases import FORM, exchange, grep

POLICY = Policy(Pseudonym(bytes(range(32))))

SECRETS = (
    ("token", "x8g7r6w9s6a5m5g8v8a7f5m7"),
    ("long number", "829893102"),
    ("UUID", "2a0fdadd-05d9-4b55-ab65-393f92997611"),
    ("card", "4012888888881881"),
    ("AWS key", "AKIAIOSFODNN7EXAMPLE"),
    ("IBAN", "DE44500105175407324931"),
    ("social security number", "123-45-6789"),
    ("hex digest", "9f86d081884c7d65"),
    ("prefixed id", "cus_9s6SaYkq2"),
    ("sort code", "12-34-56"),
    ("phone with dots", "555.123.4567"),
    ("IPv4 address", "10.0.0.17"),
    ("MAC address", "00:1a:2b:3c:4d:5e"),
    ("IPv6 address", "2001:db8:0:1:2:3:4:5"),
)
FORMS = ("{}", "a[{}]", "items[{}][qty]", "a[]{}", "user:{}", "cart.{}", "$set.{}", "a.{}.b", "dc:{}")
COMPOUND = [
    pytest.param(form.replace("{}", secret), secret, id=f"{remark} in {form}")
    for remark, secret in SECRETS
    for form in FORMS
]

ORDINARY = (
    "items[0][qty]", "items[]", "items[100]", "orders[4711][qty]", "address.street", "$filter", "user:name",
    "x-b3-traceid", "filter[status]", "a.b.c", "page[number]", "sort.0.field", "@type", "dc:title", "urn:ietf:params",
    "data-id", "v1.2", "utf8", "auth.2fa", "metrics.404_count", "sizes[640x480]", "range.0-10", "version:1.2.3",
    "lines[1700000000123][qty]", "urn:oid:1.3.6.1.4.1", "order[items_attributes][0][_destroy]", "xmlns:xsi", "a:b:c:d",
    "cart.jane.doe", "phones[0]", "card.last4",
)  # fmt: skip


def places_of(name: str) -> list[tuple[str, Exchange]]:
    """The name in every position where names are written."""
    return [
        ("JSON key", exchange(body={name: 1})),
        ("JSON key deep in an answer", exchange(answer={"a": [{name: {"n": 1}}]})),
        ("query", exchange(f"/search?{name}=1")),
        ("form", exchange(body=f"{name}=1", content_type=FORM)),
        ("cookie", exchange(headers={"Cookie": f"{name}=1"})),
        ("Set-Cookie", exchange(answer_headers={"Set-Cookie": f"{name}=1"})),
        ("header", exchange(headers={name: "1"})),
    ]


@pytest.mark.parametrize(("name", "secret"), COMPOUND)
def test_a_secret_inside_a_name_never_stays(name: str, secret: str):
    """Nor is the exchange refused: the second look is no substitute for the first."""
    for place, planted in places_of(name):
        assert grep((secret,), planted) == [secret], f"planted in {place}"
        redacted = POLICY.redact(planted)
        assert grep((secret,), (redacted.exchange, redacted.fields)) == [], place


@pytest.mark.parametrize("name", ["ssn[1234567]", "phone:5551234", "pin.4711", "account.card[8881]"])
def test_a_small_number_goes_where_its_name_makes_it_personal(name: str):
    """As such a number goes when it is a value."""
    assert not is_plain_name(name)
    assert name.encode() not in POLICY.redact(exchange(body={name: 1})).exchange.request.body.data


@pytest.mark.parametrize("name", ORDINARY)
def test_what_programmers_write_stays(name: str):
    """Indices, small ids, paths into documents, prefixes; a dotted pair of words is not told from `address.street`."""
    assert is_plain_name(name)
    redacted = POLICY.redact(exchange(f"/search?{name}=1", body={name: 1})).exchange.request
    assert body_tree(redacted.body) == {name: 1}
    assert redacted.target == f"/search?{name}=1"


def test_equal_names_have_equal_stand_ins_and_others_do_not():
    """In one document and the next, and under a policy made anew with the same key."""
    document = [{"user:829893102": 1}, {"user:829893102": 2}, {"user:829893103": 3}]

    def names(policy: Policy) -> list[str]:
        body = policy.redact(exchange(body=document)).exchange.request.body
        return [name for item in json.loads(body.data) for name in item]

    first, second, third = names(POLICY)
    assert first == second != third
    assert names(Policy(Pseudonym(bytes(range(32))))) == [first, second, third]
