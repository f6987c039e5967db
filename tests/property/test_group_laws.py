"""Groups, shards and samples of a capture: whole sessions, each exactly once, the same every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replay.model.session import Actor, Outline
from replay.play.groups import Most, Shard, grouped, is_one_group, sampled
from replay.play.packed import PackedGroup

_TENANTS = st.sampled_from(["", "a", "b", "c", "ä", "d"])


@st.composite
def outlines(draw):
    """Sessions of a few tenants, by their first exchanges."""
    drawn = draw(st.lists(st.tuples(_TENANTS, st.integers(1, 40), st.integers(0, 90)), max_size=40))
    return tuple(
        Outline(f"s{number}", Actor(tenant, "p") if tenant else None, float(number), size, (), size_bytes)
        for number, (tenant, size, size_bytes) in enumerate(drawn)
    )


@given(outlines(), st.integers(1, 12), st.text(max_size=8))
def test_the_union_of_all_shards_is_the_whole_without_overlap(found, of, key):
    """Every session is in exactly one of n shards, and a tenant's sessions are in the same one."""
    shards = [[one for one in found if Shard(number, of).holds(one, key)] for number in range(1, of + 1)]
    assert sorted(one.name for shard in shards for one in shard) == sorted(one.name for one in found)
    for tenant in {one.tenant for one in found} - {""}:
        assert sum(any(one.tenant == tenant for one in shard) for shard in shards) == 1


@given(outlines(), st.integers(1, 60), st.none() | st.integers(0, 200))
def test_groups_hold_every_session_once_and_no_more_than_they_may(found, most, size_bytes):
    """Only a session that is itself larger makes a larger group; a tenant that fits into a group is not cut."""
    limit = Most(most, size_bytes)
    groups = grouped(found, limit)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in found)
    assert all(is_one_group(group, limit) or len(group) == 1 for group in groups)
    for tenant in {one.tenant for one in found} - {""}:
        if is_one_group([one for one in found if one.tenant == tenant], limit):
            assert sum(any(one.tenant == tenant for one in group) for group in groups) == 1
    assert all(list(group) == sorted(group, key=lambda one: (one.first, one.name)) for group in groups)


@given(outlines(), st.integers(1, 60), st.integers(0, 3))
def test_a_sample_fits_and_the_seed_alone_decides(found, most, seed):
    """Whole sessions, at most so many exchanges unless one session alone is larger than that."""
    chosen = sampled(found, most, seed)
    assert chosen == sampled(tuple(found), most, seed)
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) <= set(found)
    assert sum(one.exchanges for one in chosen) <= most


@given(outlines())
def test_a_packed_group_is_the_group(found):
    """Also with a name that no UTF-8 holds, which a capture may have."""
    odd = (*found, Outline("\udc80", None, 0.5, 3, ((0, 7), (1, 8)), 9))
    packed = PackedGroup.of(odd)
    assert packed.outlines() == odd
    assert (packed.sessions, packed.exchanges) == (len(odd), sum(one.exchanges for one in odd))
