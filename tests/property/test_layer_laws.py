"""Laws of the layers: what is passed over quickly is what a look at every leaf would not have spoken of."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from replay.compose.redacted_places import classes
from replay.diff.above import places_above, with_all_above
from replay.diff.alignment import nothing_redacted
from replay.diff.census import values_at
from replay.diff.compare import compare
from replay.diff.documents import Documents
from replay.diff.headers import are_compared_alike, head_tree
from replay.diff.layers import walk_answers, walk_bodies
from replay.diff.noise import learn_from
from replay.diff.unsteady import EVERYTHING, Unsteady
from replay.diff.walk import Lens, is_same_tree, walk
from replay.model.body import Body
from replay.model.capture import RedactedField
from replay.model.codec import dump_json, parse_json
from replay.model.evidence import Trace
from replay.model.headers import Headers
from replay.model.tree import leaves, pattern
from unit.diff.traced import ENDPOINT, played, trace

WORLDS = 3
UUIDS = [f"{n}b7e4f10-1c2d-4e3f-8a9b-0c1d2e3f4a5b" for n in "abc"]
TOKENS = ["tok-A1b2C3d4E5f6", "TOK-A1b2C3d4E5f6", "ann.lee@example.test", "ANN.lee@example.test", 123_456_789_012_345]
PLAIN_VALUES = [0, 1, False, True, None, 1.0, 2.5, "", "x", "y", 17, 42, "2026-11-20T10:00:01Z", "2026-11-20T10:00:09Z"]
TEXTS = [
    f'{{"n":1,"id":"{UUIDS[0]}"}}',
    f'{{"n":1,"id":"{UUIDS[1]}"}}',
    "[1]",
    'a "quoted" tok-A1b2C3d4E5f6',
    "caf\u00e9\\",
]
HIDDEN = b64encode(TEXTS[0].encode()).decode()
VALUES = st.sampled_from([*UUIDS, *TOKENS, *PLAIN_VALUES, *TEXTS, HIDDEN])
KEYS = st.sampled_from(["id", "at", "name", "ok", "user_id"])
LEAF = st.builds(lambda one: ("leaf", [one] * WORLDS), VALUES) | st.builds(
    lambda many: ("leaf", many), st.lists(VALUES, min_size=WORLDS, max_size=WORLDS)
)
SPLIT = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda many: ("list", many))
        | st.dictionaries(KEYS, inner, max_size=4).map(lambda named: ("dict", named))
        | st.lists(inner, min_size=WORLDS, max_size=WORLDS).map(lambda many: ("any", many))
    ),
    max_leaves=10,
)
"""One document as several replays answered it: a leaf, or a whole subtree, has one value for each."""


def side(made: Any, world: int) -> Any:
    sort, inside = made
    if sort == "leaf":
        return inside[world]
    if sort == "any":
        return side(inside[world], world)
    if sort == "list":
        return [side(one, world) for one in inside]
    return {key: side(one, world) for key, one in inside.items()}


def spelled(tree: Any, world: int) -> bytes:
    """Each world writes its JSON in another way."""
    if world == 1:
        return json.dumps(tree, indent=1).replace("/", "\\/").encode()
    return json.dumps(tree, sort_keys=world == 2, ensure_ascii=False).encode()


def traces_of(made: list[Any], head: list[str]) -> list[Trace]:
    """Two endpoints that take turns."""
    return [
        trace(
            *(
                played(
                    f"e{n}",
                    spelled(side(one, world), world),
                    endpoint=ENDPOINT if n % 2 else "GET /others",
                    headers=[("Date", f"day {world}"), ("X-Owner", head[world])],
                )
                for n, one in enumerate(made)
            ),
            world=world,
        )
        for world in range(WORLDS)
    ]


DOCUMENTS = st.lists(SPLIT, min_size=1, max_size=4)
HEADS = st.lists(st.sampled_from([*UUIDS, "a", "b"]), min_size=WORLDS, max_size=WORLDS)


@pytest.fixture(scope="module")
def looking_at_everything():
    """Learning as it would be without passing over anything."""

    def pairs(self: Unsteady, one: Any, two: Any) -> Any:
        return walk_answers(one.response, two.response, self._with_hooks(EVERYTHING, one.endpoint))

    return pairs


@settings(max_examples=100)
@given(DOCUMENTS, HEADS)
@example([("leaf", [UUIDS[0]] * 3), ("leaf", [UUIDS[0], UUIDS[1], UUIDS[2]])], ["a"] * 3)
@example([("leaf", [UUIDS[0].upper()] * 3), ("dict", {"id": ("leaf", UUIDS)})], ["a"] * 3)
@example([("dict", {"id": ("leaf", UUIDS)}), ("leaf", ["x"] * 3)], [UUIDS[0]] * 3)
@example([("dict", {"id": ("leaf", UUIDS)}), ("leaf", [TEXTS[0]] * 3)], ["a"] * 3)
@example([("dict", {"id": ("leaf", UUIDS)}), ("leaf", [HIDDEN] * 3)], ["a"] * 3)
def test_passing_over_what_is_equal_teaches_the_same(
    looking_at_everything: Any, made: list[Any], head: list[str]
) -> None:
    """Noise learned from what differs is the noise learned from everything, counts included."""
    clean = traces_of(made, head)
    quick = learn_from(clean, nothing_redacted)
    kept = Unsteady.pairs
    Unsteady.pairs = looking_at_everything
    try:
        assert learn_from(clean, nothing_redacted) == quick
    finally:
        Unsteady.pairs = kept


@settings(max_examples=60)
@given(
    DOCUMENTS, HEADS, st.sets(st.sampled_from(["body.id", "body.name", "body[*].id", "header.x-owner", "body.id[*]"]))
)
def test_passing_over_what_is_equal_judges_the_same(made: list[Any], head: list[str], replaced: set[str]) -> None:
    """A table of redacted places says where nothing need be looked at; without the table every leaf is looked at."""
    recorded, *clean = traces_of(made, head)
    table = classes(
        [RedactedField(ENDPOINT, "response", place, "uuid", "pseudonymise", 1) for place in sorted(replaced)]
    )
    noise = learn_from(clean, table)
    whole = compare(recorded, clean, noise, lambda *asked: table(*asked))
    assert compare(recorded, clean, noise, table) == whole


@given(SPLIT, st.sets(st.sampled_from(["body", "body.id", "body.name", "body[*]", "body.id.at", "body.user_id[*].id"])))
def test_subtrees_are_passed_over_only_where_nothing_would_be_said(made: Any, watched: set[str]) -> None:
    """The walk that skips equal subtrees, by trees or by bodies, gives the pairs of the walk that enters everything."""
    left, right = side(made, 0), side(made, 1)
    inside = with_all_above(watched)
    everywhere = Lens(is_watched=watched.__contains__, sees_equal=True)
    quick = Lens(is_watched=watched.__contains__, sees_equal=True, is_watched_below=inside.__contains__)
    expected = walk(left, right, "body", everywhere)
    assert repr(walk(left, right, "body", quick)) == repr(expected)
    bodies = [Body(dump_json(tree), "application/json") for tree in (left, right)]
    if bodies[0].data and bodies[1].data:
        assert repr(walk_bodies(*bodies, lens=quick)) == repr(walk(*map(parsed, (left, right)), "body", everywhere))


def parsed(tree: Any) -> Any:
    return parse_json(dump_json(tree))


@given(SPLIT)
def test_the_layers_come_to_the_verdict_of_the_walk(made: Any) -> None:
    """Bytes, documents, subtrees: none of them calls equal what the walk tells apart, or the other way round."""
    left, right = side(made, 0), side(made, 1)
    one, two = (Body(spelled(tree, world), "application/json") for world, tree in enumerate((left, right)))
    walked = walk(left, right, "body", Lens())
    assert bool(walk_bodies(one, two)) == bool(walked)
    if is_same_tree(left, right):
        assert walked == []


@given(SPLIT)
def test_everything_above_a_leaf_is_known(made: Any) -> None:
    """Whoever looks for a place enters all that it stands in."""
    for place, _ in leaves(side(made, 0), ("body",)):
        parents = {pattern(place[:n]) for n in range(len(place))}
        assert parents <= with_all_above([pattern(place)])
        assert set(places_above(pattern(place))) == parents - {pattern(place)} | {""}


@given(SPLIT)
def test_values_are_found_by_the_way_to_them(made: Any) -> None:
    """Every leaf by its pattern, in the order of the document, and nothing else."""
    tree = side(made, 0)
    found: dict[str, list[Any]] = {}
    for place, value in leaves(tree, ("body",)):
        found.setdefault(pattern(place), []).append(value)
    for place, values in found.items():
        assert repr(values_at(tree, place, "body")) == repr(values)
    assert values_at(tree, "body.nowhere", "body") == []


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Date", "X-A", "x-a", "Set-Cookie", "Vary", "ETag"]),
        st.sampled_from(["a", "b", "a=1; path=/"]),
    ),
    max_size=5,
)


@given(FIELDS, FIELDS)
def test_heads_compared_alike_have_one_tree(one: list[tuple[str, str]], two: list[tuple[str, str]]) -> None:
    left, right = Headers.of(one), Headers.of(two)
    if are_compared_alike(left, right):
        assert head_tree(left) == head_tree(right)
    assert are_compared_alike(left, left)


@given(st.lists(st.sampled_from([b"[1]", b"[true]", b"no", b'{"a":"' + b"x" * 40 + b'"}', b"17"]), max_size=30))
def test_remembered_documents_are_the_parsed_ones_and_few(asked: list[bytes]) -> None:
    """However often and in whatever order: the same document, and never more text than is allowed."""
    few = Documents(most_bytes=60)
    for data in asked:
        found = few.json(data)
        assert (found is None) == (data == b"no")
        if found is not None:
            assert (found.tree, found.has_truth) == (parse_json(data), b"true" in data)
        assert few.size_bytes <= 60
