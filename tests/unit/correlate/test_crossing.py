"""Values that cross from one group of sessions into another are noticed, with memory that does not grow."""

from make import exchange, session
from replay.correlate.crossing import Crossing
from replay.correlate.learn import learn

MAKE = exchange("e1", "POST", "/orders", 201, json={"n": 1}, answer={"id": "ord-93xk20da71"})
READ = exchange("e2", "GET", "/orders/ord-93xk20da71", answer={"id": "ord-93xk20da71"})
OTHER = exchange("e3", "GET", "/orders/ord-55aa66bb77", answer={"id": "ord-55aa66bb77"})
SMALL = exchange("e4", "GET", "/orders/17", answer={"id": 17})


def crossed(*groups):
    crossing = Crossing(bits=1 << 16)
    return [crossing.of(group, learn(group)) for group in groups]


def test_a_value_of_an_earlier_group_is_noticed_once_its_group_has_gone():
    first, second = session("a", MAKE), session("b", READ, OTHER)
    assert crossed([first], [second]) == [frozenset(), frozenset({"e2"})]


def test_a_value_of_the_own_group_is_bound_and_crosses_nothing():
    assert crossed([session("a", MAKE, READ)]) == [frozenset()]


def test_small_values_are_nobodys():
    """17 was given by many: equality is chance."""
    given = exchange("e0", "POST", "/orders", 201, json={"n": 1}, answer={"id": 17})
    assert crossed([session("a", given)], [session("b", SMALL)]) == [frozenset(), frozenset()]
