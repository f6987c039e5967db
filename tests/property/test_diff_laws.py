"""Laws of comparing: nothing differs from itself, every change is seen, and renaming alone is no change."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.layers import canonical, differences, is_same_document
from replay.diff.noise import learn
from replay.diff.relations import is_equal, type_of
from replay.diff.shapes import is_map_key
from replay.model.codec import dump_json, parse_json
from replay.model.difference import DifferenceKind
from replay.model.tree import leaves, replaced
from unit.diff.traced import answers

NAMES = st.text("abcdefgh_", min_size=1, max_size=5).filter(lambda name: not is_map_key(name))
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)
MIRROR = {DifferenceKind.MISSING: DifferenceKind.ADDED, DifferenceKind.ADDED: DifferenceKind.MISSING}


def parsed(tree: Any) -> Any:
    return parse_json(dump_json(tree))


@given(TREES)
def test_nothing_differs_from_itself(tree: Any) -> None:
    """differences(x, x) is empty, also after another journey through text."""
    assert list(differences(tree, tree)) == []
    assert list(differences(tree, parsed(tree))) == []


@given(TREES, TREES)
def test_comparing_is_symmetric(left: Any, right: Any) -> None:
    """The same places from the other side; what was missing is now added."""
    there = {(raw.place, MIRROR.get(raw.kind, raw.kind)) for raw in differences(left, right)}
    assert there == {(raw.place, raw.kind) for raw in differences(right, left)}


@given(TREES, TREES)
def test_equal_canonical_bytes_mean_equal_trees(left: Any, right: Any) -> None:
    """The fast layer never passes what the walk would report."""
    if is_same_document(left, right):
        assert list(differences(left, right)) == []
    if any(differences(left, right)):
        assert canonical(left) != canonical(right)


@given(TREES, SCALARS, st.randoms(use_true_random=False))
def test_every_changed_leaf_is_seen(tree: Any, value: Any, rng: Any) -> None:
    """One leaf replaced by something else is one difference: of type or of value."""
    places = list(leaves(tree))
    if not places:
        return
    place, old = rng.choice(places)
    if is_equal(old, value):
        return
    (raw,) = differences(tree, replaced(tree, place, value))
    assert raw.kind is (DifferenceKind.VALUE if type_of(old) == type_of(value) else DifferenceKind.TYPE)


@given(st.lists(TREES, max_size=4))
def test_a_recording_equals_its_perfect_replay(documents: list[Any]) -> None:
    """compare(x, [x, x]) is empty and nothing is learned from equal replays."""
    same = answers(*documents)
    noise = learn(same, same, nothing_redacted)
    assert noise.noisy() == ()
    assert compare(same, [same, same], noise, nothing_redacted) == ()


@settings(max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=20), st.permutations(range(7)), st.integers(100, 900))
def test_renaming_alone_is_no_difference(ids: list[int], renaming: list[int], base: int) -> None:
    """Ids that are new in every world, in whatever pattern they repeat, are forgiven."""
    recorded = answers(*({"id": 40 + renaming[n], "of": [40 + renaming[n]]} for n in ids))
    worlds = [
        answers(*({"id": start + n, "of": [start + n]} for n in ids), world=w)
        for w, start in ((1, base), (2, base + 9))
    ]
    assert compare(recorded, worlds, learn(*worlds, nothing_redacted), nothing_redacted) == ()


@given(st.lists(TREES, min_size=1, max_size=3), st.lists(TREES, min_size=1, max_size=3))
def test_replays_that_are_all_noise_never_crash(first: list[Any], second: list[Any]) -> None:
    """Whatever two replays answer, learning and comparing end; what the replays do to each other is forgiven."""
    one, two = answers(*first, world=1), answers(*second, world=2)
    noise = learn(one, two, nothing_redacted)
    assert compare(one, [two, one], noise, nothing_redacted) == ()
