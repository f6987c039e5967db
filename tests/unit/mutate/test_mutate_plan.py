"""From sessions and mutators to targets and cases: order, chance, budget and who plays the other tenant."""

from __future__ import annotations

from random import Random

import pytest

from make import bearer, exchange, session
from replay.model.case import Case, SentAs, Site
from replay.model.session import Session
from replay.mutate.builtin import BUILTIN
from replay.mutate.cast import cast_other_tenant
from replay.mutate.duplicate import Duplicate
from replay.mutate.inflate import Inflate
from replay.mutate.plan import MOST_CANDIDATES, Target, build_case, plan
from replay.mutate.race import Race
from replay.mutate.swap_tenant import SwapTenant

ALL = tuple(made() for made in BUILTIN[:4])


def member(name: str, tenant: str, number: int = 17) -> Session:
    """Logs in, writes a note, reads it, logs out."""
    auth = bearer(f"t-{name}")
    return session(
        name,
        exchange(f"{name}-in", "POST", "/login", json={"user": "Some One"}, answer={"token": f"t-{name}"}),
        exchange(f"{name}-new", "POST", "/notes", 201, json={"text": "Some text"}, headers=auth, answer={"id": number}),
        exchange(f"{name}-get", "GET", f"/notes/{number}", headers=auth, answer={"id": number}),
        exchange(f"{name}-out", "POST", "/logout", 204, headers=auth),
        tenant=tenant,
        principal=f"p-{name}",
    )


SESSIONS = (member("a", "acme", 17), member("b", "acme", 18), member("c", "blue", 19), member("x", "", 20))


def names(targets: tuple[Target, ...]) -> list[tuple[str, str, str]]:
    return [(target.mutator.name, target.endpoint, target.variant) for target in targets]


def test_targets_are_mutator_endpoint_variant_in_order() -> None:
    """One target however many sessions did the same; the mutators' order, then by name."""
    variants = ["deep", "long-array", "long-string", "many-keys", "unknown-key"]
    assert names(plan(SESSIONS, ALL, seed=1)) == [
        ("duplicate", "POST /notes", ""),
        ("race", "POST /notes", ""),
        *(("inflate", "POST /login", variant) for variant in variants),
        *(("inflate", "POST /notes", variant) for variant in variants),
        ("swap-tenant", "GET /notes/{id}", "credentials"),
    ]


def test_known_tenants_come_first_and_sessions_take_turns() -> None:
    """A drifted session does not use up all the tries."""
    busy = session("busy", *(exchange(f"o{n}", "POST", "/orders", 201) for n in range(9)), tenant="acme")
    once = session("once", exchange("p", "POST", "/orders", 201), tenant="acme")
    nobody = session("nobody", exchange("q", "POST", "/orders", 201))
    (target,) = plan((nobody, busy, once), (Duplicate(),), seed=3)
    ids = [found.id for found, _ in target.candidates]
    assert len(ids) == MOST_CANDIDATES
    assert set(ids[:2]) == {"busy", "once"}
    assert "nobody" not in ids
    (target,) = plan((nobody, once), (Duplicate(),), seed=3)
    assert [found.id for found, _ in target.candidates] == ["once", "nobody"]


def test_the_seed_decides_the_candidates() -> None:
    """Same seed, same plan; among many seeds the first candidate differs."""
    firsts = {plan(SESSIONS, (Race(),), seed=seed)[0].candidates[0][0].id for seed in range(20)}
    assert firsts == {"a", "b", "c"}
    assert plan(SESSIONS, ALL, seed=7) == plan(SESSIONS, ALL, seed=7)


@pytest.mark.parametrize("limit", [0, 1, 4, 6, 13, 99])
def test_a_limit_is_spread_over_the_mutators(limit: int) -> None:
    """Inflate has ten targets, the others one each: none is crowded out, and the order stays."""
    whole = names(plan(SESSIONS, ALL, seed=1))
    kept = names(plan(SESSIONS, ALL, seed=1, limit=limit))
    assert len(kept) == min(limit, len(whole))
    assert kept == [name for name in whole if name in kept]
    if limit >= 4:
        assert {name for name, _, _ in kept} == {"duplicate", "race", "inflate", "swap-tenant"}


def test_no_sessions_no_targets() -> None:
    assert plan((), ALL, seed=1) == ()
    assert plan(SESSIONS, (), seed=1, limit=5) == ()


def case_of(mutator: object, sessions: tuple[Session, ...] = SESSIONS, seed: int = 1, index: int = 0) -> Case | None:
    target = plan(sessions, (mutator,), seed=seed)[-1]
    return build_case(target, index, sessions, seed)


def test_a_case_can_be_made_again_from_its_mutation() -> None:
    """`seed` alone, with session and site, reproduces steps and injections."""
    for mutator in ALL:
        case = case_of(mutator)
        assert case is not None
        record = next(one for one in SESSIONS if one.id == case.session_id)
        assert mutator.apply(record, case.mutation.site, Random(case.mutation.seed)) == case.steps
        assert case.mutation.mutator == mutator.name
        assert case.mutation.expectation is mutator.expectation
        assert case.id.startswith(f"{mutator.name}-")


def test_case_ids_stay_and_differ() -> None:
    """One id per mutator, endpoint, variant and exchange; the seed of the run does not change it."""
    cases = [
        case
        for target in plan(SESSIONS, ALL, seed=1)
        for index in range(len(target.candidates))
        if (case := build_case(target, index, SESSIONS, 1))
    ]
    assert len({case.id for case in cases}) == len(cases) > 30
    again = {build_case(target, 0, SESSIONS, 2).id for target in plan(SESSIONS, ALL, seed=2)[:2]}
    assert again <= {case.id for case in cases}


def test_only_a_race_has_a_serial_twin() -> None:
    """The same copies with nothing sent at once."""
    race, copy = case_of(Race()), case_of(Duplicate())
    assert race is not None
    assert copy is not None
    assert {step.group for step in race.steps} == {0, 1}
    assert [(step.exchange_id, step.copy) for step in race.serial] == [(s.exchange_id, s.copy) for s in race.steps]
    assert {step.group for step in race.serial} == {0}
    assert copy.serial == ()


def test_injections_are_part_of_the_mutation() -> None:
    case = case_of(Inflate())
    assert case is not None
    sent = b"".join(step.request.body.data for step in case.steps if step.mutated)
    assert all(one.value.encode() in sent for one in case.mutation.injected)
    assert case.mutation.injected


def test_the_cast_is_of_another_known_tenant() -> None:
    """Preferably by an exchange of the same endpoint; never one's own tenant, never an unknown one."""
    for seed in range(20):
        for index in range(3):
            case = case_of(SwapTenant(), seed=seed, index=index)
            assert case is not None
            lender = case.cast_of(SentAs.OTHER_TENANT)
            assert lender in {"a": {"c-get"}, "b": {"c-get"}, "c": {"a-get", "b-get"}}[case.session_id]


def test_without_the_same_endpoint_any_authenticated_exchange_does() -> None:
    """Not the login (it has no credentials yet), not the logout (it ends them)."""
    other = session("d", *member("d", "blue").exchanges[:2], member("d", "blue").exchanges[3], tenant="blue")
    case = case_of(SwapTenant(), (SESSIONS[0], other))
    assert case is not None
    assert case.cast_of(SentAs.OTHER_TENANT) == "d-new"


NOBODY = [
    ((SESSIONS[0], SESSIONS[1]), "one tenant"),
    ((SESSIONS[0], SESSIONS[3]), "the other's tenant is unknown"),
    ((SESSIONS[3],), "the owner's tenant is unknown"),
    (
        (SESSIONS[0], session("z", *member("z", "blue").exchanges, tenant="blue", principal="p-a")),
        "the same person works for both",
    ),
]


@pytest.mark.parametrize(("sessions", "remark"), NOBODY)
def test_without_another_known_tenant_there_is_no_case(sessions: tuple[Session, ...], remark: str) -> None:
    """None, so that the engine says "not judged" and nothing is silently green."""
    target = plan(sessions, (SwapTenant(),), seed=1)[0]
    mine = next(i for i, (one, _) in enumerate(target.candidates) if one.id == sessions[0].id)
    assert build_case(target, mine, sessions, 1) is None, remark


def test_an_unknown_owner_has_no_other_tenant() -> None:
    """Two sessions of unknown tenants may belong to one company."""
    site = Site("x-get", "GET /notes/{id}", "credentials")
    assert cast_other_tenant(SESSIONS[3], site, SESSIONS, Random(1)) is None
