"""What must never be linked: equality by chance, and values that the client made itself."""

from __future__ import annotations

import pytest

from make import bearer, exchange, session
from replay.correlate.learn import learn
from replay.model.body import Body
from replay.model.exchange import Exchange, FaultKind

GIVES = {
    "id": 10,
    "owner": {"id": 2},
    "page": 2,
    "per_page": 20,
    "total": 10,
    "price": "1999.0000",
    "amount": 10,
    "active": True,
    "status": "active",
    "state": "published",
    "starts_on": "2024-05-17",
    "created_at": "2024-05-17T10:00:00Z",
    "version": "12.10.2024-rc1",
    "size": "12345kb",
    "remote": "192.168.100.12",
    "media": "application/vnd.shop2",
    "title": "Intro to course 101",
    "agent": "v-10-2024-05",
}

TRAPS = [
    ("1 and 0", exchange("t", "POST", "/votes", json={"id": 1, "up": 1, "down": 0, "course_id": 1})),
    ("booleans", exchange("t", "POST", "/flags?active=true", json={"active": True, "admin_id": True})),
    (
        "ten: a price and a quantity equal to an id",
        exchange("t", "POST", "/orders", json={"price": 10, "quantity": "10"}),
    ),
    ("page numbers", exchange("t", "GET", "/courses?page=2&per_page=20&limit=10&offset=10")),
    ("status words", exchange("t", "POST", "/x", json={"status": "active", "state": "published"})),
    ("decimal prices", exchange("t", "POST", "/x", json={"price": "1999.0000"})),
    ("dates and times", exchange("t", "POST", "/x", json={"on": "2024-05-17", "at": "2024-05-17T10:00:00Z"})),
    ("versions, units, addresses", exchange("t", "POST", "/x", json={"v": "12.10.2024-rc1", "s": "12345kb"})),
    (
        "network addresses and media types",
        exchange("t", "POST", "/x", json=["192.168.100.12", "application/vnd.shop2"]),
    ),
    ("sentences", exchange("t", "POST", "/x", json={"title": "Intro to course 101"})),
    ("the id of another noun in a path", exchange("t", "GET", "/invoices/10")),
    ("the id of another noun in a key", exchange("t", "POST", "/x", json={"invoice_id": 10, "product_id": 2})),
    ("an unnamed path segment", exchange("t", "GET", "/10")),
    ("a version segment", exchange("t", "GET", "/v2/10")),
    (
        "headers of the client's software",
        exchange("t", "GET", "/x", headers={"User-Agent": "v-10-2024-05", "Accept": "10"}),
    ),
]


@pytest.mark.parametrize(("remark", "trap"), TRAPS, ids=[remark for remark, _ in TRAPS])
def test_chance_is_no_evidence(remark: str, trap: Exchange) -> None:
    """The answer before holds the very values, and still nothing is bound."""
    gives = exchange("g", "POST", "/courses", 201, json={}, answer=GIVES, answer_headers={"Server": "v-10-2024-05"})
    assert learn([session("s", gives, trap)]).all == ()


def test_the_same_values_do_bind_where_the_noun_agrees() -> None:
    """The traps above do not pass because nothing binds at all."""
    gives = exchange("g", "POST", "/courses", 201, json={}, answer=GIVES)
    use = exchange("t", "POST", "/courses/10/notes", json={"course_id": "10", "owner_id": 2})
    assert len(learn([session("s", gives, use)]).all) == 3


def test_a_value_that_a_client_sent_first_is_the_client_s_own() -> None:
    """Later answers that echo it, in any session, give nothing; nor do ids that existed before the recording."""
    key = "a81bc81b-dead-4e5d-abff-90865d1e13b1"
    first = session(
        "a",
        exchange(
            "1", "POST", "/orders", 201, json={"key": key}, headers=bearer("preissued-token-1"), answer={"key": key}
        ),
        exchange("2", "GET", "/courses/17", answer={"id": 17, "token": "preissued-token-1"}),
        start=1,
    )
    second = session(
        "b",
        exchange("3", "GET", f"/orders/{key}", answer={"key": key}),
        exchange("4", "GET", "/courses/17", headers=bearer("preissued-token-1")),
        start=9,
    )
    assert learn([first, second]).all == ()


def test_an_echo_is_no_source() -> None:
    """A read's own id came from its request: when the creation is lost, the echo would not help."""
    found = learn(
        [
            session(
                "s",
                exchange("a", "POST", "/courses", 201, answer={"id": 17}),
                exchange("b", "PUT", "/courses/17", json={"id": 17}, answer={"id": 17}),
                exchange("c", "GET", "/courses/17"),
            )
        ]
    )
    assert [source.exchange_id for source in found.of("c")[0].sources] == ["a"]


def test_users_and_accounts_of_a_bank_are_two_things() -> None:
    """Names for people speak of one thing only while no two of them own a collection."""
    user = exchange("u", "POST", "/users", 201, answer={"id": 70})
    read = exchange("r", "GET", "/users/70")
    account = exchange("a", "GET", "/accounts/70", 404)
    transfer = exchange("t", "POST", "/transfers", json={"account_id": 70, "user_id": 70})
    found = learn([session("s", user, read, account, transfer)]).all
    assert {(b.exchange_id, b.place[-1]) for b in found} == {("r", 2), ("t", "user_id")}


def test_faults_and_broken_bodies_give_nothing_and_break_nothing() -> None:
    """No response, no JSON, a link that does not parse: no binding, no exception."""
    lost = exchange("a", "POST", "/courses", fault=FaultKind.RESET)
    broken = exchange("b", "POST", "/courses", 201, answer_body=Body(b'{"id": 17', "application/json"))
    odd = exchange(
        "c", "GET", "/x", answer={"next": "http://[bad/17"}, answer_headers={"Location": "http://[bad/17?a=b"}
    )
    use = exchange("d", "GET", "/courses/17")
    assert learn([session("s", lost, broken, odd, use)]).all == ()
    assert learn([]).all == ()
