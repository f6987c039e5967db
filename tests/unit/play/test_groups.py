"""Shards by name, and groups as a reader would make them by hand."""

import pytest

from replay.model.errors import UsageError
from replay.model.session import Actor, Outline
from replay.play.groups import Most, Shard, grouped, is_one_group, sampled, shard_for


def outline(name, tenant, size, size_bytes=0):
    return Outline(name, Actor(tenant, "p") if tenant else None, float(name[1:]), size, (), size_bytes)


PINNED = [True, True, True, True, True, True, False, False, True, True, True, False]
FOUND = (
    outline("s1", "a", 3),
    outline("s2", "b", 2),
    outline("s3", "", 1),
    outline("s4", "a", 3),
    outline("s5", "", 9),
)


def names(groups):
    return [[one.name for one in group] for group in groups]


def test_tenants_stay_together_and_strangers_share_what_is_left():
    assert names(grouped(FOUND, Most(8))) == [["s1", "s2", "s4"], ["s3"], ["s5"]]
    assert names(grouped(FOUND, Most(4))) == [["s1"], ["s2", "s3"], ["s4"], ["s5"]], "a large tenant is cut by time"
    assert names(grouped(FOUND, Most(100))) == [["s1", "s2", "s3", "s4", "s5"]]
    assert grouped((), Most(5)) == ()


def test_heavy_sessions_fill_a_group_before_many_do():
    """Three exchanges of 10 MB are as much as a group of 24 MB takes two of; what is heavier stands alone."""
    heavy = [outline(f"s{i}", "", 1, 10) for i in range(3)]
    assert names(grouped(heavy, Most(100, 24))) == [["s0", "s1"], ["s2"]]
    assert names(grouped([*heavy, outline("s9", "", 1, 99)], Most(100, 24)))[-1] == ["s9"]
    assert not is_one_group(heavy, Most(100, 24))
    assert is_one_group(heavy, Most(100, 30))
    assert is_one_group(heavy, Most(100))


def test_who_made_a_thing_plays_before_who_uses_it():
    """A session of nobody that comes first is in the first group: tenants do not go before strangers."""
    found = (outline("s1", "", 3), outline("s2", "a", 3), outline("s3", "", 3))
    assert names(grouped(found, Most(3))) == [["s1"], ["s2"], ["s3"]]
    assert names(grouped(found, Most(6))) == [["s1", "s2"], ["s3"]]


def test_a_sample_keeps_room_for_a_second_tenant():
    large = (*(outline(f"s{i}", "a", 4) for i in range(10)), outline("s99", "b", 4))
    for seed in range(5):
        assert {one.tenant for one in sampled(large, 8, seed)} == {"a", "b"}


def test_a_shard_is_written_as_it_is_read():
    assert shard_for("2/4") == Shard(2, 4)
    assert str(Shard(2, 4)) == "2/4"


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/0", "1", "a/b", "1/5000", "-1/4", ""])
def test_another_part_is_refused(text):
    with pytest.raises(UsageError, match="--shard takes a part such as 2/4"):
        shard_for(text)


def test_the_partition_depends_on_the_captures_key_and_stays():
    """Pinned: two machines, or two versions, must not cut a capture differently."""
    shards = [next(number for number in (1, 2, 3) if Shard(number, 3).holds(one, "capture-1")) for one in FOUND]
    assert shards[3] == shards[0], "a tenant is in one shard"
    many = [outline(f"s{i}", "", 1) for i in range(300)]
    sizes = [sum(Shard(number, 3).holds(one, "k") for one in many) for number in (1, 2, 3)]
    assert sum(sizes) == 300
    assert min(sizes) > 70
    assert [Shard(1, 2).holds(one, "capture-1") for one in many[:12]] == PINNED
