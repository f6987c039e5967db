"""Laws of the model: they hold for every message and every document, not for chosen ones."""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from replay.model.body import Body
from replay.model.codec import MAX_DEPTH, UndecodableError, depth_bound, dump_json, parse_json
from replay.model.endpoint import is_id_like, template
from replay.model.exchange import Request, Response
from replay.model.headers import Headers
from replay.model.message import request_leaves, response_leaves, with_values
from replay.model.tree import Tree, at, leaves, replaced

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=15
)
field_values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=16)
tokens = st.text("abcXYZ019-_", min_size=1, max_size=6)
field_names = st.sampled_from(
    ["X-A", "x-a", "Cookie", "cookie", "Authorization", "Accept", "Location", "Set-Cookie", "Host"]
)
fields = st.lists(st.tuples(field_names, field_values), max_size=6).map(Headers.of)
raw_targets = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
pairs = st.tuples(tokens, text.map(lambda value: quote(value, safe=""))).map("=".join)
segments = text.map(lambda segment: quote(segment, safe=""))
built_targets = st.builds(
    "/{}?{}".format, st.lists(segments, max_size=4).map("/".join), st.lists(pairs, max_size=4).map("&".join)
)
bodies = (
    st.just(Body())
    | trees.map(lambda tree: Body(dump_json(tree), JSON))
    | st.binary(max_size=30).map(lambda data: Body(data, FORM))
    | st.binary(max_size=30).map(lambda data: Body(data, JSON))
    | st.binary(max_size=30).map(lambda data: Body(data, "text/plain"))
)
requests = st.builds(Request, st.sampled_from(["GET", "POST"]), raw_targets | built_targets, fields, bodies)


@given(requests)
def test_own_values_change_no_value(request: Request) -> None:
    """Putting a request's own leaves back gives the same leaves, in the same order and of the same types."""
    own = list(request_leaves(request))
    again = list(request_leaves(with_values(request, dict(own))))
    assert [(place, type(value), value) for place, value in again] == [(p, type(v), v) for p, v in own]


@given(requests, st.data())
def test_one_value_changes_one_place(request: Request, data: st.DataObject) -> None:
    """A path, query, form or JSON leaf takes any text, is found again, and no other leaf moves."""
    own = dict(request_leaves(request))
    free = [place for place in own if place[0] in {"path", "query", "form", "body"}]
    if not free:
        return
    place = data.draw(st.sampled_from(free))
    value = data.draw(text.filter(bool))
    assert dict(request_leaves(with_values(request, {place: value}))) == {**own, place: value}


@given(requests)
def test_replacing_is_idempotent(request: Request) -> None:
    """Doing it twice is doing it once, byte for byte."""
    own = dict(request_leaves(request))
    once = with_values(request, own)
    assert with_values(once, own) == once


@given(st.integers(100, 599), fields, bodies)
def test_any_response_has_leaves(status: int, headers: Headers, body: Body) -> None:
    """No header or body of a server makes reading fail, and the places are distinct but for repeated cookies."""
    places = [place for place, _ in response_leaves(Response(status, headers, body)) if place[0] != "set-cookie"]
    assert len(places) == len(set(places))


@given(trees)
def test_parse_undoes_dump(tree: Tree) -> None:
    """A tree survives being written and read, integers of any size included."""
    assert parse_json(dump_json(tree)) == tree


@given(trees)
def test_dump_undoes_parse(tree: Tree) -> None:
    """A compact text survives being read and written."""
    written = dump_json(tree)
    assert dump_json(parse_json(written)) == written


@given(st.binary(max_size=60) | st.text('[]{}",:\\u019.-eE +tfn', max_size=60).map(str.encode))
def test_any_bytes_are_a_tree_or_undecodable(data: bytes) -> None:
    """Nothing else is ever raised."""
    try:
        tree = parse_json(data)
    except UndecodableError:
        return
    assert parse_json(dump_json(tree)) == tree


@given(trees)
def test_the_depth_bound_is_a_bound(tree: Tree) -> None:
    """Never below the true depth."""
    depth = max((len(place) for place, _ in leaves(tree)), default=0)
    assert depth_bound(dump_json(tree)) >= depth
    assert depth <= MAX_DEPTH


@given(trees, scalars)
def test_what_is_put_is_found(tree: Tree, value: Tree) -> None:
    """replaced then at gives the value; the other leaves stay."""
    before = dict(leaves(tree))
    for place in before:
        changed = replaced(tree, place, value)
        assert at(changed, place) is value
        assert {**dict(leaves(changed)), place: None} == {**before, place: None}


@given(raw_targets | built_targets)
def test_a_template_is_stable(path: str) -> None:
    """As many segments as the path, no id-like one left (but in an encoded slash's segment)."""
    found = template(path)
    assert found.count("/") == path.partition("?")[0].count("/")
    assert not any(is_id_like(segment) for segment in found.split("/"))
