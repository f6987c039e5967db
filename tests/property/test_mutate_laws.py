"""Laws of every mutator, over sessions that hypothesis makes up."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from make import bearer, exchange, session
from replay.model.exchange import Exchange
from replay.model.session import Session
from replay.mutate.builtin import BUILTIN
from replay.mutate.contract import Injects, Mutator
from replay.mutate.inflate import Inflate
from replay.mutate.plan import build_case, plan

# Small sizes: the laws do not depend on them, and a megabyte per example would only cost time.
UNITS: tuple[Mutator, ...] = tuple(
    Inflate(string_bytes=64, array_items=20, depth=950, keys=20) if made is Inflate else made() for made in BUILTIN
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.just("Some words by Anna"))
DOCUMENTS = st.dictionaries(
    st.sampled_from(["title", "email", "id", "course_id", "tags", "is_admin", "x"]),
    st.one_of(SCALARS, st.lists(SCALARS, max_size=3)),
    max_size=5,
)


@st.composite
def exchanges(draw: st.DrawFn, number: int) -> Exchange:
    method = draw(st.sampled_from(["GET", "POST", "PATCH", "DELETE"]))
    target = draw(st.sampled_from(["/notes", "/notes/17", "/login", "/t/acme/notes?course_id=3"]))
    status = draw(st.sampled_from([200, 201, 204, 303, 404, 500]))
    headers = draw(st.sampled_from([{}, bearer("t-1"), {"Cookie": "sid=abc"}]))
    if method == "GET":
        return exchange(f"e{number}", method, target, status, headers=headers)
    return exchange(f"e{number}", method, target, status, headers=headers, json=draw(DOCUMENTS))


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    count = draw(st.integers(1, 5))
    made = [draw(exchanges(number)) for number in range(count)]
    return session("s", *made, tenant=draw(st.sampled_from(["", "acme"])))


@pytest.mark.parametrize("mutator", UNITS, ids=lambda unit: unit.name)
@given(record=sessions(), seed=st.integers(0, 2**53 - 1))
def test_same_seed_same_steps_and_the_rest_is_untouched(mutator: Mutator, record: Session, seed: int) -> None:
    """apply and injected are pure; outside the site the session is as it was recorded, in its order."""
    for site in mutator.sites(record):
        steps = mutator.apply(record, site, Random(seed))
        assert steps == mutator.apply(record, site, Random(seed))
        assert [step.request for step in steps if step.exchange_id != site.exchange_id] == [
            one.request for one in record.exchanges if one.id != site.exchange_id
        ]
        assert {step.exchange_id for step in steps if step.mutated} == {site.exchange_id}
        assert list(dict.fromkeys(step.exchange_id for step in steps)) == [one.id for one in record.exchanges]


@pytest.mark.parametrize("mutator", [unit for unit in UNITS if isinstance(unit, Injects)], ids=lambda unit: unit.name)
@given(record=sessions(), seed=st.integers(0, 2**53 - 1))
def test_what_is_injected_is_in_the_request(mutator: Mutator, record: Session, seed: int) -> None:
    """An oracle that looks for it looks for something that was really sent."""
    assert isinstance(mutator, Injects)
    for site in mutator.sites(record):
        injected = mutator.injected(record, site, Random(seed))
        assert injected == mutator.injected(record, site, Random(seed))
        (sent,) = [step.request.body.data for step in mutator.apply(record, site, Random(seed)) if step.mutated]
        for one in injected:
            assert one.value.encode() in sent
            assert json.dumps(one.key).encode() in sent


@given(record=sessions(), seed=st.integers(0, 2**53 - 1))
def test_inflated_bodies_keep_what_was_there(record: Session, seed: int) -> None:
    """Of all variants but the one that grows a value in place, the recorded members stay, and the JSON is valid."""
    unit = Inflate(string_bytes=64, array_items=20, depth=100, keys=20)
    for site in unit.sites(record):
        before = json.loads(record.exchanges[record.index_of(site.exchange_id)].request.body.data)
        (sent,) = [step.request.body.data for step in unit.apply(record, site, Random(seed)) if step.mutated]
        after = json.loads(sent)
        changed = [key for key in before if after[key] != before[key]]
        assert len(changed) <= (site.variant in {"long-string", "long-array"})


@given(records=st.lists(sessions(), max_size=4), seed=st.integers(0, 1000), limit=st.integers(0, 30))
def test_a_plan_is_repeatable_and_within_its_limit(records: list[Session], seed: int, limit: int) -> None:
    """Same seed, same targets and cases; a limit never adds anything."""
    whole = plan(records, UNITS, seed=seed)
    kept = plan(records, UNITS, seed=seed, limit=limit)
    assert len(kept) == min(limit, len(whole))
    assert all(target in whole for target in kept)
    assert kept == plan(records, UNITS, seed=seed, limit=limit)
    for target in kept:
        assert build_case(target, 0, records, seed) == build_case(target, 0, records, seed)
