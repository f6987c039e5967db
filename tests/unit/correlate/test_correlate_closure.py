"""Scenarios: what must be played before an exchange, and what reads back what it did."""

from __future__ import annotations

import pytest

from make import bearer, exchange, session
from replay.correlate.closure import MAX_AFTER, after, closure
from replay.correlate.learn import learn

MANAGER = session(
    "m",
    exchange("m0", "POST", "/login", answer={"token": "tok-mmmm1111"}),
    exchange("m1", "GET", "/dashboard", headers=bearer("tok-mmmm1111")),
    exchange("m2", "POST", "/courses", 201, headers=bearer("tok-mmmm1111"), answer={"id": 17}),
    exchange("m3", "POST", "/courses/17/publish", headers=bearer("tok-mmmm1111")),
    exchange("m4", "GET", "/courses", headers=bearer("tok-mmmm1111"), answer={"items": [{"id": 17}]}),
    exchange("m5", "DELETE", "/courses/17", headers=bearer("tok-mmmm1111"), at=900),
    tenant="a",
    start=1,
)
STUDENT = session(
    "s",
    exchange("s0", "POST", "/login", answer={"token": "tok-ssss1111"}),
    exchange("s1", "GET", "/csrf", headers=bearer("tok-ssss1111"), answer={"csrf": "csrf-12345678"}),
    exchange("s2", "GET", "/courses/17", headers=bearer("tok-ssss1111")),
    exchange(
        "s3",
        "POST",
        "/enrolments",
        201,
        json={"course_id": 17},
        headers={"X-CSRF-Token": "csrf-12345678"},
        answer={"id": 4},
    ),
    exchange("s4", "GET", "/enrolments/4", headers=bearer("tok-ssss1111")),
    tenant="a",
    start=50,
)
OTHER = session(
    "o",
    exchange("o0", "POST", "/login", answer={"token": "tok-oooo1111"}),
    exchange("o1", "POST", "/notes", 201, headers=bearer("tok-oooo1111")),
    exchange("o2", "GET", "/notes", headers=bearer("tok-oooo1111")),
    exchange("o3", "POST", "/notes", 201, headers=bearer("tok-oooo1111")),
    tenant="b",
    start=500,
)
ALL = (MANAGER, STUDENT, OTHER)
BINDINGS = learn(ALL)

CLOSURES = [
    ("m0", (), (), "a login needs nothing"),
    ("m1", ("m0",), (), "a read needs its token"),
    ("m3", ("m0", "m2"), (), "reads that gave nothing are left out"),
    (
        "s3",
        ("m0", "m2", "m3", "s0", "s1"),
        (),
        "the course's session writes come along (publish), reads only as sources",
    ),
    ("s4", ("m0", "m2", "m3", "s0", "s1", "s3"), (), "transitive; the later delete is not played"),
    ("o2", ("o0", "o1"), (), "strangers stay out"),
    (
        "s2",
        ("m0", "m2", "m3", "s0", "o0", "o1"),
        ("o2",),
        "borrowed credentials: their producers, though recorded later",
    ),
    ("m5", ("m0", "m2", "m3"), (), "later in time, the session's own writes"),
]


@pytest.mark.parametrize(("target", "expected", "extra", "remark"), CLOSURES, ids=[row[3] for row in CLOSURES])
def test_a_scenario_stands_on_its_own(
    target: str, expected: tuple[str, ...], extra: tuple[str, ...], remark: str
) -> None:
    """Producers, writes of the sessions involved, and nothing else, in start order and without the target."""
    assert closure(target, ALL, BINDINGS, extra) == expected


def test_a_refused_write_is_not_setup() -> None:
    """It changed nothing; in a smaller world it might succeed, and would disturb."""
    capture = session(
        "s",
        exchange("a", "POST", "/courses", 409),
        exchange("b", "POST", "/courses", 500),
        exchange("c", "POST", "/courses", 201),
        exchange("d", "GET", "/me"),
    )
    assert closure("d", [capture], learn([capture])) == ("c",)


def test_every_dependency_is_played_before_its_consumer() -> None:
    """For each exchange of a closure all best sources are in it, and stand earlier."""
    for one in ALL:
        for item in one.exchanges:
            played = (*closure(item.id, ALL, BINDINGS), item.id)
            for i, exchange_id in enumerate(played):
                assert set(BINDINGS.dependencies(exchange_id)) <= set(played[:i])


def test_the_target_is_never_its_own_setup_even_for_a_lender() -> None:
    """A lender recorded after the target, in the target's session, does not bring the target in."""
    assert closure("o1", ALL, BINDINGS, ("o2", "o3")) == ("o0",)


def test_an_unknown_exchange_is_an_error_of_the_caller() -> None:
    """Silence would play nothing and judge it."""
    with pytest.raises(KeyError):
        closure("nope", ALL, BINDINGS)


def test_read_back_consumes_what_was_made_or_reads_where_it_shows() -> None:
    """Reads of the new id, of the resource and of the collection; writes and strangers are none."""
    capture = session(
        "s",
        exchange("a", "POST", "/courses", 201, answer={"id": 17}),
        exchange("b", "GET", "/courses?page=1"),
        exchange("c", "GET", "/stats?course_id=17"),
        exchange("d", "POST", "/courses/17/publish"),
        exchange("e", "GET", "/me"),
        exchange("f", "GET", "/courses/17"),
        *[exchange(f"x{i}", "GET", "/courses") for i in range(9)],
    )
    bindings = learn([capture])
    assert after("a", capture, bindings)[:3] == ("b", "c", "f")
    assert len(after("a", capture, bindings)) == MAX_AFTER
    assert after("d", capture, bindings)[0] == "f"
    assert after("x8", capture, bindings) == ()
