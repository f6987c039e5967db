"""Laws of the correlate room: identity when nothing is bound, one-to-one renewals, types kept, order irrelevant."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from make import exchange, request, response, session
from replay.correlate.bindings import Bindings
from replay.correlate.fresh import FreshPlan
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.correlate.renewal import MARKER_CHARACTERS, Fresh, FreshKind, Renewal
from replay.correlate.shapes import canonical
from replay.model.case import Step
from replay.model.codec import parse_json
from replay.model.message import request_leaves

KEYS = st.sampled_from(["id", "course_id", "title", "note", "items", "x-ref"])
SCALARS = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12)
TREES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
TARGETS = st.sampled_from(["/", "/courses/17", "/a%20b?x=1&x=2&&y", "/q?a=+&b", "//x", "/caf%C3%A9?id=7#"])
IDS = st.integers(2, 10**9) | st.uuids().map(str) | st.from_regex(r"[a-z]{3}_[a-z0-9]{4}[0-9]{4}", fullmatch=True)
VALUES = st.one_of(
    st.tuples(st.just(FreshKind.EMAIL), st.emails(domains=st.just("x.test"))),
    st.tuples(st.just(FreshKind.UUID), st.uuids().map(str)),
    st.tuples(st.just(FreshKind.KEY), st.from_regex(r"[a-z]{8,20}-[0-9]{2,6}", fullmatch=True)),
    st.tuples(st.just(FreshKind.TEXT), st.text(min_size=12, max_size=40)),
)


@given(TARGETS, TREES, st.booleans())
def test_nothing_bound_nothing_changed(target: str, tree: Any, is_mutated: bool) -> None:
    """Without bindings and fresh values a request passes through byte by byte."""
    sent = request("POST", target, json=tree, headers={"Cookie": "a=b;c", "Authorization": "odd"})
    recorded = {} if is_mutated else {"a": exchange("a", "POST", target, json=tree)}
    done = Rebinder(Bindings(), Renewal(), recorded).rewrite(Step("a", sent, mutated=is_mutated))
    assert (done.request, done.unresolved, done.bound) == (sent, (), 0)


@given(IDS, IDS)
def test_the_live_value_arrives_with_the_recorded_type(recorded: int | str, live: int | str) -> None:
    """Numbers stay numbers where the live value is one; text stays text; paths get text; neighbours are untouched."""
    made = exchange("a", "POST", "/courses", 201, answer={"id": recorded})
    used = exchange("b", "POST", f"/courses/{recorded}", json={"course_id": recorded, "seats": 3, "open": True})
    capture = session("s", made, used)
    rebinder = Rebinder(learn([capture]), Renewal(), {"a": made, "b": used})
    rebinder.absorb("a", response(201, answer={"id": live}))
    done = rebinder.rewrite(Step("b", used.request))
    body = parse_json(done.request.body.data)
    assert isinstance(body, dict)
    assert canonical(body["course_id"]) == str(live)
    if isinstance(recorded, str) or isinstance(live, int):
        assert type(body["course_id"]) is type(recorded)
    assert (body["seats"], body["open"]) == (3, True)
    assert (done.request.path, done.bound) == (f"/courses/{live}", 2)


@given(st.lists(VALUES, max_size=12, unique_by=lambda pair: pair[1]), st.integers(0, 2**63), st.integers(1, 10**6))
def test_renewals_are_one_to_one_and_repeatable(values: list[tuple[FreshKind, str]], seed: int, world: int) -> None:
    """No two values meet, none stays or becomes another's recorded value, markers are as promised."""
    plan = FreshPlan(tuple(Fresh(value, kind, "t", "e", "p") for kind, value in values))
    renewal = plan.renew(seed, world)
    new = list(renewal.values.values())
    assert list(renewal.values) == [value for _, value in values]
    assert len(set(new)) == len(new)
    assert not set(new) & set(renewal.values)
    assert plan.renew(seed, world) == renewal
    for kind, value in values:
        if kind is FreshKind.TEXT:
            fresh = renewal.values[value]
            assert fresh[:-MARKER_CHARACTERS] == value[:-MARKER_CHARACTERS]
            assert re.fullmatch("q[a-z2-7]{9}", fresh[-MARKER_CHARACTERS:])


@given(st.lists(st.tuples(KEYS, TREES), max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_learning_does_not_depend_on_the_order_of_sessions(bodies: list[tuple[str, Any]], chance: Any) -> None:
    """Time decides, not the position in the capture; and every binding names a value its request really holds."""
    sessions = [
        session(f"s{i}", exchange(f"{i}a", "POST", "/courses", 201, json={key: tree}, answer={key: tree, "id": i + 2}),
                exchange(f"{i}b", "GET", f"/courses/{i + 2}"), start=1.0 + 3.1 * i)
        for i, (key, tree) in enumerate(bodies)
    ]  # fmt: skip
    found = learn(sessions).all
    shuffled = list(sessions)
    chance.shuffle(shuffled)
    assert set(learn(shuffled).all) == set(found)
    recorded = {item.id: item for one in sessions for item in one.exchanges}
    for binding in found:
        assert dict(request_leaves(recorded[binding.exchange_id].request))[binding.place] == binding.value
        assert all(
            recorded[source.exchange_id].ended <= recorded[binding.exchange_id].started for source in binding.sources
        )
