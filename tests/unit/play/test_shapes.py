"""Load shapes: which copies are played beside the judged replay, and their bounds. Pure."""

import pytest

from make import exchange
from replay.model.case import Step
from replay.model.errors import UsageError
from replay.model.evidence import Part
from replay.model.session import Actor
from replay.play.cue import Cue
from replay.play.shape_words import shapes_for
from replay.play.shapes import Shapes, shaped


def cue(number, session, method, target, *, after=(), needs=(), tenant="t1", offset=None):
    request = exchange(f"e{number}", method, target).request
    return Cue(
        number, Step(f"e{number}", request), session, Actor(tenant, "p"), Part.JUDGED,
        frozenset(after) | frozenset(needs), offset=float(number) if offset is None else offset, needs=frozenset(needs),
    )  # fmt: skip


SHOP = [
    cue(0, "s1", "POST", "/login"),
    cue(1, "s1", "POST", "/orders", needs=[0]),
    cue(2, "s1", "GET", "/orders/17", after=[1], needs=[0, 1]),
    cue(3, "s2", "POST", "/login", tenant="t2"),
    cue(4, "s2", "GET", "/orders?limit=25&offset=50&q=a%20b", needs=[3], tenant="t2"),
    cue(5, "s2", "POST", "/orders", after=[4], needs=[3], tenant="t2"),
]


def names(cues):
    return [one.step.exchange_id for one in cues]


def test_amplify_copies_everything_in_worlds_of_their_own():
    """Three times the sessions: two copies, a third of the recorded span apart."""
    beside = shaped(SHOP, Shapes(amplify=3))
    assert names(beside) == names(SHOP) * 2
    assert [one.world for one in beside] == [1] * 6 + [2] * 6
    assert [beside[0].offset, beside[6].offset] == [pytest.approx(5 / 3), pytest.approx(10 / 3)]
    assert beside[7].after == {beside[6].number}


def test_copies_may_begin_together():
    assert shaped(SHOP, Shapes(amplify=2, together=True))[0].offset == SHOP[0].offset


def test_a_whale_is_one_tenant_many_times():
    beside = shaped(SHOP, Shapes(weights=(("t2", 4),)))
    assert names(beside) == ["e3", "e4", "e5"] * 3
    assert {one.actor.tenant for one in beside} == {"t2"}


def test_a_whale_brings_the_sessions_whose_values_it_needs():
    shared = [*SHOP, cue(6, "s3", "GET", "/orders/17", needs=[1], tenant="t3")]
    beside = shaped(shared, Shapes(weights=(("t3", 2),)))
    assert names(beside) == ["e0", "e1", "e2", "e6"]
    assert beside[3].needs == {beside[1].number}


def test_a_burst_is_one_write_of_many_worlds_in_one_instant():
    """Logins come before, nothing after; the writes are one unit that waits for all of the logins."""
    beside = shaped(SHOP, Shapes(burst=3))
    assert names(beside) == ["e0", "e1"] * 3
    writes = [one for one in beside if one.unit]
    assert names(writes) == ["e1"] * 3
    assert {one.after for one in writes} == {frozenset(one.number for one in beside if not one.unit)}
    assert len({one.world for one in writes}) == 3


def test_a_hot_entity_is_read_side_by_side():
    beside = shaped(SHOP, Shapes(hot=5))
    assert names(beside) == ["e0", "e1", "e2", *["e2"] * 5]
    assert [one.step.copy for one in beside] == [0, 0, 0, 1, 2, 3, 4, 5]
    assert {one.world for one in beside} == {1}, "one world: one entity"
    assert all(beside[2].number in one.after for one in beside[3:])


def test_a_login_is_no_entity():
    """Everything refers to the login's token; what is read is the order that others refer to as well."""
    busy = [cue(n, "s3", "GET", f"/me/{n}", needs=[6]) for n in range(7, 12)]
    cues = [*SHOP, cue(6, "s3", "POST", "/login"), *busy]
    assert names(shaped(cues, Shapes(hot=1))) == ["e0", "e1", "e2", "e2"]


def test_pages_go_further_one_after_another():
    """Only the number changes; everything else of the target stays byte for byte."""
    beside = shaped(SHOP, Shapes(pages=3))
    assert [one.step.request.target for one in beside[1:]] == [
        f"/orders?limit=25&offset={offset}&q=a%20b" for offset in (50, 75, 100, 125)
    ]
    assert beside[4].after >= {beside[3].number}


def test_page_numbers_go_up_by_one():
    listed = [cue(0, "s", "GET", "/orders?page=3")]
    assert [one.step.request.target for one in shaped(listed, Shapes(pages=2))] == [
        "/orders?page=3", "/orders?page=4", "/orders?page=5",
    ]  # fmt: skip


def test_nothing_asked_for_is_nothing_beside():
    assert Shapes().is_plain
    assert Shapes(together=True).is_plain
    assert shaped(SHOP, Shapes()) == []


READS = [cue(0, "s", "GET", "/a")]
NOTHING = [
    (SHOP, Shapes(weights=(("t9", 2),)), "a tenant that the capture does not hold"),
    (READS, Shapes(burst=2), "--shape burst finds no request"),
    (READS, Shapes(pages=2), "--shape pages finds no request"),
    ([cue(0, "s", "POST", "/a")], Shapes(hot=2), "--shape hot finds no read"),
    (SHOP, Shapes(amplify=1000, burst=1000), "At most 200000 and 1000 are played"),
]


@pytest.mark.parametrize(("cues", "shapes", "message"), NOTHING)
def test_a_shape_that_finds_nothing_or_too_much_is_one_sentence(cues, shapes, message):
    with pytest.raises(UsageError, match=message):
        shaped(cues, shapes)


@pytest.mark.parametrize(("cues", "shapes"), [(cues, shapes) for cues, shapes, _ in NOTHING[:4]])
def test_a_part_of_a_capture_may_hold_nothing_for_a_shape(cues, shapes):
    """A worker, a shard or a group has what others have not; what it has it still adds."""
    assert shaped(cues, shapes.share(1)) == []


def test_workers_divide_single_requests_and_keep_their_copies():
    assert Shapes(amplify=3, burst=50, hot=1).share(4) == Shapes(amplify=3, burst=13, hot=1, is_part=True)


def test_words_make_shapes():
    assert shapes_for(1, "spread", (), ()) == Shapes()
    assert shapes_for(4, "together", (), ("burst=9", "pages=2")) == Shapes(4, True, burst=9, pages=2)
    assert shapes_for(1, "spread", ("t-4f1=5", "a=b=2"), ()) == Shapes(weights=(("t-4f1", 5), ("a=b", 2)))


WRONG = [
    (1, (), ("burst",), "--shape takes"),
    (1, (), ("burst=0",), "--shape takes"),
    (1, (), ("burst=2000",), "--shape takes"),
    (1, (), ("hot=2", "hot=3"), "each once"),
    (1, (), ("storm=2",), "--shape takes"),
    (1, ("t1",), (), "--weight takes"),
    (1, ("t1=1",), (), "--weight takes"),
    (1, ("=5",), (), "--weight takes"),
    (2, ("t1=5",), (), "give one of them"),
]


@pytest.mark.parametrize(("amplify", "weights", "shapes", "message"), WRONG)
def test_words_that_make_no_shape_are_one_sentence(amplify, weights, shapes, message):
    with pytest.raises(UsageError, match=message):
        shapes_for(amplify, "spread", weights, shapes)


def test_a_start_of_copies_needs_copies():
    """Said, since the option would do nothing: bursts and hot reads begin when they are ready."""
    with pytest.raises(UsageError, match="give --amplify or --weight"):
        shapes_for(1, "together", (), ("burst=5",))
    assert shapes_for(1, "together", ("t1=2",), ()).together
