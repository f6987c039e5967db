"""Which identity, and which account of a pool: the most specific one, stable, tenants apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.identity.matching import Assignment, label
from replay.identity.outfit import Pattern
from replay.identity.pool import assign
from replay.identity.spec import Account, Identity, Match, Static
from replay.identity.template import Template
from replay.model.errors import ConfigError
from replay.model.session import Actor

ANN, BOB, CYD = Actor("t1", "ann"), Actor("t1", "bob"), Actor("t2", "cyd")


def identity(name, accounts=(), may_share=False, **match):
    match = {key: frozenset(value if isinstance(value, list) else [value]) for key, value in match.items()}
    pattern = Pattern(headers=(("A", Template.name("a")),))
    return Identity(name, "headers", Match(**match), Static(), pattern, accounts=tuple(accounts), may_share=may_share)


def chosen(identities, actor, scheme="bearer"):
    found = Assignment(identities, {actor: frozenset({scheme})}).of(actor, scheme)
    return found and found.identity.name


@pytest.mark.parametrize(
    ("matches", "winner"),
    [
        ([{}, {"tenants": "t1"}], 1),
        ([{"tenants": "t1"}, {"principals": "ann"}], 1),
        ([{"principals": "ann"}, {"actors": "t1/ann"}], 1),
        ([{"principals": "ann", "tenants": "t1"}, {"principals": "ann"}], 0),
        ([{}, {"schemes": "bearer"}], 1),
        ([{"tenants": "t1"}, {"schemes": "bearer"}], 0),
        ([{"tenants": ["t1", "t9"]}, {"tenants": "t2"}], 0),
        ([{"schemes": "cookie"}, {"tenants": "t2"}], None),
    ],
)
def test_the_most_specific_one_wins(matches, winner):
    identities = [identity(str(n), **match) for n, match in enumerate(matches)]
    assert chosen(identities, ANN) == (None if winner is None else str(winner))
    assert chosen(identities[::-1], ANN) == (None if winner is None else str(winner)), "whatever the order"


def test_a_tie_is_an_error_that_names_both_and_the_actor():
    both = [identity("one", tenants="t1"), identity("two", tenants=["t1", "t2"])]
    with pytest.raises(ConfigError, match="`one` and `two` are equally specific for actor t1/ann"):
        Assignment(both, {ANN: frozenset({"bearer"})})
    Assignment(both, {CYD: frozenset({"bearer"})})  # nobody is torn


def test_a_tie_between_kinds_that_the_actor_does_not_use_is_none():
    both = [identity("one", schemes="basic", tenants="t1"), identity("two", schemes="basic", tenants=["t1", "t2"])]
    Assignment(both, {ANN: frozenset({"bearer"})})


def pool(*tenants):
    return [Account({"user": f"u{n}"}, tenant) for n, tenant in enumerate(tenants)]


def test_tenants_get_companies_of_their_own():
    given_to = assign(identity("p", pool("a", "a", "b", "b")), [ANN, BOB, CYD])
    company = {actor: "ab"[index // 2] for actor, index in given_to.items()}
    assert company[ANN] == company[BOB] != company[CYD]
    assert given_to[ANN] != given_to[BOB], "two people, two accounts"


def test_too_few_companies_are_refused_or_shared():
    with pytest.raises(ConfigError, match="2 recorded tenants need QA accounts of their own"):
        assign(identity("p", pool("a", "a")), [ANN, CYD])
    assert set(assign(identity("p", pool("a"), may_share=True), [ANN, CYD]).values()) == {0}


def test_more_people_than_accounts_share_inside_their_tenant():
    people = [Actor("t1", str(n)) for n in range(9)]
    found = assign(identity("p", pool("a", "a", "a")), people)
    assert sorted(list(found.values()).count(n) for n in range(3)) == [3, 3, 3]


def test_accounts_without_a_company_are_spread():
    found = assign(identity("p", pool("", "", "", "")), [ANN, BOB, CYD])
    assert len(set(found.values())) == 3


@given(
    st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("uvwxyz")), min_size=1),
    st.lists(st.sampled_from(["", "q1", "q2", "q3", "q4", "q5"]), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_laws_of_a_pool(people, tenants, rng):
    """Everybody has an account, no account has two tenants, and the order of meeting changes nothing."""
    actors = [Actor(tenant, principal) for tenant, principal in people]
    who = identity("p", pool(*tenants))
    try:
        found = assign(who, actors)
    except ConfigError:
        companies = len({tenant or str(n) for n, tenant in enumerate(tenants)})
        assert companies < len({actor.tenant for actor in actors})
        return
    assert set(found) == set(actors)
    owners = {}
    for actor, index in found.items():
        assert owners.setdefault(tenants[index] or index, actor.tenant) == actor.tenant
    rng.shuffle(actors)
    assert assign(who, actors) == found


def test_actors_are_called_as_a_configuration_calls_them():
    assert (label(ANN), label(Actor("", "x")), label(None)) == ("t1/ann", "/x", "(anonymous)")
