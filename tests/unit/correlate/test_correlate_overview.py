"""The overview: routes with evidence, kinds and lengths, and never a value."""

from __future__ import annotations

import pytest

from make import bearer, exchange, session
from replay.correlate.fresh import find_fresh
from replay.correlate.learn import learn
from replay.correlate.overview import kind_of, own_places, routes_of
from replay.model.tree import Scalar

KINDS: list[tuple[Scalar, str]] = [
    (17, "number"), ("0017", "digits"), ("3fa85f64-5717-4562-b3fc-2c963f66afa6", "UUID"), ("a@x.test", "e-mail"),
    ("eyJhbGciOiJ9.eyJz.c2ln", "JWT"), ("deadbeef01", "hex"), ("tok-1", "text"), (None, "number"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), KINDS)
def test_a_value_is_told_by_its_kind(value: Scalar, kind: str) -> None:
    assert kind_of(value) == kind


def test_routes_sum_up_and_keep_one_pair() -> None:
    """Two courses travel one route: two bindings, two values, the first pair as evidence, the lowest confidence."""
    token = "smith-token-1111"
    capture = session(
        "s",
        exchange("l", "POST", "/login", answer={"token": token}),
        exchange("a", "POST", "/courses", 201, headers=bearer(token), json={"email": "ann@x.test"}, answer={"id": 17}),
        exchange("b", "POST", "/courses", 201, headers=bearer(token), answer={"id": 123}),
        exchange("c", "GET", "/courses/17"),
        exchange("d", "GET", "/courses/123"),
        exchange("e", "GET", "/x?ref=smith-4711"),
    )
    exchanges = {one.id: one for one in capture.exchanges}
    bindings = learn([capture])
    routes = {(one.endpoint, one.place): one for one in routes_of(bindings.all, exchanges)}
    course = routes["GET /courses/{id}", "path[*]"]
    assert (course.bindings, course.values, course.shortest, course.longest, course.kind) == (2, 2, 2, 3, "digits")
    assert (course.given_by, course.returned_by, course.noun, course.confidence) == ("a", "c", "course", 0.85)
    own = own_places(find_fresh([capture], bindings, lambda endpoint, place: "").fresh, exchanges)
    assert [(one.place, one.kind, one.values) for one in own] == [("body.email", "email", 1)]
    assert not [text for text in (token, "smith", "ann@") if text in repr((routes, own))]


def test_the_word_before_a_number_is_a_part_of_the_value() -> None:
    """smith-4711 is somebody's: the noun that it gave is not shown."""
    capture = session(
        "s",
        exchange("a", "POST", "/things", 201, answer={"ref": "smith-4711"}),
        exchange("b", "GET", "/x?of=smith-4711,smith-12"),
    )
    routes = routes_of(learn([capture]).all, {one.id: one for one in capture.exchanges})
    assert len(routes) == 1
    assert "smith" not in repr(routes)
