"""Values that cross from one group of sessions into another are noticed, with memory that does not grow."""

from make import exchange, session
from replay.correlate.crossing import Crossing
from replay.correlate.learn import learn

MAKE = exchange("e1", "POST", "/orders", 201, json={"n": 1}, answer={"id": "ord-93xk20da71"})
READ = exchange("e2", "GET", "/orders/ord-93xk20da71", answer={"id": "ord-93xk20da71"})
OTHER = exchange("e3", "GET", "/orders/ord-55aa66bb77", answer={"id": "ord-55aa66bb77"})
SMALL = exchange("e4", "GET", "/orders/17", answer={"id": 17})


def crossed(*groups):
    """As the capture has it: every session is of one group, and everything is taken in before any of it is played."""
    crossing = Crossing({one.id: str(number) for number, group in enumerate(groups) for one in group}, bits=1 << 16)
    for group in groups:
        take_in(crossing, *group)
    return [crossing.of(str(number), group, learn(group)) for number, group in enumerate(groups)]


def take_in(crossing, *sessions):
    for one in sessions:
        for item in one.exchanges:
            crossing.take_in(one.id, item.response)


def test_a_value_of_an_earlier_group_is_noticed_once_its_group_has_gone():
    first, second = session("a", MAKE), session("b", READ, OTHER)
    assert crossed([first], [second]) == [frozenset(), frozenset({"e2"})]


def test_a_value_of_the_own_group_is_bound_and_crosses_nothing():
    assert crossed([session("a", MAKE, READ)]) == [frozenset()]


def test_small_values_are_nobodys():
    """17 was given by many: equality is chance."""
    given = exchange("e0", "POST", "/orders", 201, json={"n": 1}, answer={"id": 17})
    assert crossed([session("a", given)], [session("b", SMALL)]) == [frozenset(), frozenset()]


def test_a_group_that_is_done_or_plays_elsewhere_is_known_all_the_same():
    """After --resume the first group is not played again; of a shard the others' sessions never are."""
    crossing = Crossing({"b": "clean/4"}, bits=1 << 16)
    take_in(crossing, session("a", MAKE), session("b", READ))
    mine = [session("b", READ, OTHER)]
    assert crossing.of("clean/4", mine, learn(mine)) == {"e2"}


def test_the_order_in_which_groups_are_played_does_not_matter():
    """Who was given a value first, in the capture's order, is its owner: an echo of it elsewhere changes nothing."""
    making, reading = session("a", MAKE, READ), session("b", READ)
    crossing = Crossing({"a": "late", "b": "early"}, bits=1 << 16)
    take_in(crossing, making, reading)
    assert crossing.of("early", [reading], learn([reading])) == {"e2"}
    assert crossing.of("late", [making], learn([making])) == frozenset()


def test_what_a_client_names_itself_is_its_own():
    """An echo of a group's own value is given to nobody else."""
    ask = exchange("e5", "PUT", "/orders/ord-77zz66yy55", 201, json={"n": 1}, answer={"id": "ord-77zz66yy55"})
    assert crossed([session("a", MAKE)], [session("b", ask)]) == [frozenset(), frozenset()]
