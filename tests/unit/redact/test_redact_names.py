"""Compound names: one piece that is data makes the name data, wherever names stand; what programmers write stays."""

from __future__ import annotations

import json

import pytest

from replay.model.exchange import Exchange
from replay.model.message import body_tree
from replay.redact.known_words import NAMES_TOO, WORDS, is_made_of_words
from replay.redact.lexicon import Level, Lexicon
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import is_plain_name
from unit.redact.canary_cases import FORM, exchange, grep

POLICY = Policy(Pseudonym(bytes(range(32))))
BALANCED = Policy(Pseudonym(bytes(range(32))), lexicon=Lexicon(Level.BALANCED))

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
    "x-b3-traceid", "filter[status]", "page[number]", "sort.0.field", "@type", "dc:title", "urn:ietf:params",
    "data-id", "v1.2", "utf8", "auth.2fa", "metrics.404_count", "sizes[640x480]", "range.0-10", "version:1.2.3",
    "urn:oid:1.3.6.1.4.1", "order[items_attributes][0][_destroy]", "xmlns:xsi",
    "phones[0]", "card.last4",
)  # fmt: skip
LOOKS_LIKE_A_NAME = ("cart.jane.doe", "janesmith", "X-janesmith", "jane_doe", "JaneDoe", "Grace", "a.b.c", "a:b:c:d")


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


@pytest.mark.parametrize("name", LOOKS_LIKE_A_NAME)
def test_a_name_that_may_be_somebody_s_is_data(name: str):
    """No shape tells `janesmith` from an identifier: what is not in the vocabulary goes, and balanced lets it stay."""
    wanted = (name,) if "." in name or ":" in name else (name.removeprefix("X-"),)
    for place, planted in places_of(name):
        redacted = POLICY.redact(planted)
        assert grep(wanted, (redacted.exchange, redacted.fields)) == [], place
    body = BALANCED.redact(exchange(body={name: 1})).exchange.request.body
    assert body_tree(body) == {name: 1}


@pytest.mark.parametrize(
    ("written", "stays"),
    [
        ("items[48213][qty]", ("items[", "][qty]")),
        ("user:janesmith", ("user:",)),
        ("filter.janesmith.gte", ("filter.",)),
    ],
)
def test_of_a_compound_name_only_the_unknown_piece_is_replaced(written: str, stays: tuple[str, ...]):
    """Frameworks read the rest: `items[90417][qty]` is still a row's quantity."""
    (fresh,) = body_tree(POLICY.redact(exchange(body={written: 1})).exchange.request.body)
    assert fresh != written
    assert len(fresh) == len(written)
    assert all(part in fresh for part in stays)


@pytest.mark.parametrize("segment", ["janesmith", "JaneSmith", "jane-smith", "grace", "zorbs"])
def test_an_unknown_word_of_a_path_is_data(segment: str):
    """Wherever it stands, also in front of everything; known words of routes stay."""
    for target in (f"/api/{segment}/items", f"/{segment}", f"/api/v2/orders/{segment}/lines?page=2"):
        fresh = POLICY.redact(exchange(target)).exchange.request.target
        assert segment not in fresh
        assert fresh == target.replace(segment, fresh.split("/")[target.split("/").index(segment)].partition("?")[0])


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("status", "PENDING_APPROVAL", True), ("status", "janesmith", False), ("role", "admin", True),
        ("currency", "EUR", True), ("country", "NO", True), ("language", "nb-NO", True), ("kind", "grace", False),
        ("sort", "-created_at,name", True), ("sort", "janesmith", False), ("scope", "orders:read", True),
    ],
)  # fmt: skip
def test_a_word_of_a_closed_list_is_a_known_word(name: str, value: str, stays: bool):
    """A name under `status` is a name all the same."""
    body = body_tree(POLICY.redact(exchange(body={name: value})).exchange.request.body)
    assert (body[name] == value) is stays


def test_an_object_of_more_than_fifty_strange_keys_is_a_map():
    """Then the known words among its keys are somebody's, too; a large record of known words stays a record."""
    people = {
        f"{first}{last}": 1 for first in ("jane", "ola", "kari", "per") for last in (f"berg{i}" for i in range(15))
    }
    keys = body_tree(POLICY.redact(exchange(body={**people, "price": 1, "page": 2})).exchange.request.body)
    assert keys.keys().isdisjoint({*people, "price", "page"})
    record = dict.fromkeys(sorted(word for word in WORDS if len(word) > 5)[:120], 1)
    assert body_tree(POLICY.redact(exchange(body=record)).exchange.request.body) == record


def test_a_learned_name_stays():
    """Also in a map, and also in a path: somebody has said that it names nobody."""
    policy = Policy(Pseudonym(bytes(range(32))), lexicon=Lexicon(names=frozenset({"zorbId", "zorbs"})))
    many = {f"key{i}zq": 1 for i in range(60)}
    request = policy.redact(
        exchange("/api/zorbs/17", body={"zorbId": 17, "map": {**many, "zorbId": 1}})
    ).exchange.request
    assert request.target == "/api/zorbs/17"
    assert body_tree(request.body)["zorbId"] == 17
    assert "zorbId" in body_tree(request.body)["map"]


def test_the_vocabulary_names_nobody():
    """Several thousand words; what is also a name stands apart, and stays in company only."""
    assert len(WORDS) > 5_000
    assert not WORDS & NAMES_TOO
    people = """john mary peter ingrid kowalski smith mueller garcia nguyen olsen hansen ivanov tanaka singh mohammed
        fatima giulia pierre hans anders bjorn svetlana oluwaseun priya wei jose carlos maria anna"""
    assert not any(map(is_made_of_words, people.split()))
    assert not any(is_made_of_words(first + last) for first in ("john", "mary", "jane") for last in people.split())
    assert is_made_of_words("bill_to")
    assert not is_made_of_words("bill")


@pytest.mark.parametrize(
    "name",
    [
        "connect.sid", "JSESSIONID", "PHPSESSID", "ASP.NET_SessionId", "csrftoken", "XSRF-TOKEN", "sessionid", "_ga",
        "X-Request-Id", "X-Amz-Date", "x-b3-traceid", "traceparent", "Idempotency-Key", "CF-Connecting-IP",
        "X-Forwarded-For", "X-Api-Key", "DPoP", "firstName", "last_name", "addressLine1", "iso8601", "sha256",
        "oauth2", "userIds", "i18n", "userid", "createdat", "lineItems", "is_active",
    ],
)  # fmt: skip
def test_names_in_common_use_are_known(name: str):
    """Cookies of frameworks, header fields of products, writings of all kinds."""
    assert Lexicon().knows_name(name)


def test_a_piece_of_a_compound_name_cannot_hide_behind_a_known_one():
    """`users.grace` is a path to somebody."""
    assert not is_made_of_words("users.grace")
    assert not is_made_of_words("price[mark]")
    assert is_made_of_words("mark_read")
    (fresh,) = body_tree(POLICY.redact(exchange(body={"users.grace": 1})).exchange.request.body)
    assert fresh.startswith("users.")
    assert fresh != "users.grace"


@pytest.mark.parametrize("value", ["smith_3f9a2b7c1d0e4f", "janes_3f9a2b7c1d0e4f"])
def test_a_prefix_that_is_no_known_word_goes(value: str):
    """`ten_3f9a2b` tells what it names, `smith_3f9a2b` whom."""
    (fresh,) = body_tree(POLICY.redact(exchange(body={"ref": value})).exchange.request.body).values()
    assert not str(fresh).startswith(value[:5])
