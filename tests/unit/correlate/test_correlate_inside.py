"""What a text value holds: each kind of value inside a value, and what is one value and stays closed."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode

import pytest

from replay.correlate.inside import dig, inside
from replay.correlate.pieces import spoken
from replay.model.codec import dump_json
from replay.model.tree import Place, Scalar

UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
JSON = '{"id": 17, "deep": {"ref":"a\\u0062c"}}'
BASE64 = urlsafe_b64encode(JSON.encode()).decode().rstrip("=")
JWT = ".".join(["eyJhbGciOiJIUzI1NiJ9", BASE64, "c2lnbmF0dXJl"])
DOCUMENT = 'mutation { addNote(courseId: 17, text: "a \\"b\\"") { id } old: note(id: "n-1") { id } }'


def opened(text: str) -> dict[Place, Scalar]:
    return {piece.place: piece.value for piece in inside(text, ())}


HOLDS: list[tuple[str, str, dict[Place, Scalar]]] = [
    ("a path", "/a%20b/17?x=1&x=2", {("(url)", 1): "a b", ("(url)", 2): "17", ("(url)", "x", 0): "1",
                                     ("(url)", "x", 1): "2"}),
    ("a URL", "https://h.test/o/17#top", {("(url)", 1): "o", ("(url)", 2): "17"}),
    ("a URL template", "/orders/17/items{?page}", {("(url)", 1): "orders", ("(url)", 2): "17", ("(url)", 3): "items"}),
    ("JSON", JSON, {("(json)", "id"): 17, ("(json)", "deep", "ref"): "abc"}),
    ("GraphQL", DOCUMENT, {("(graphql)", "addNote", "courseId"): 17, ("(graphql)", "addNote", "text"): 'a "b"',
                           ("(graphql)", "note", "id"): "n-1"}),
    ("XML", "<a x='1'><b>two</b><b>3</b></a>", {("(xml)", "a", "@x"): "1", ("(xml)", "a", "b"): "two",
                                                ("(xml)", "a", "b", 1): "3"}),
    ("the claims of a JWT", JWT, {("(jwt)",): JSON}),
    ("base64 of text", BASE64, {("(base64)",): JSON}),
    ("padded base64", b64encode(b"user:pass?>").decode(), {("(base64)",): "user:pass?>"}),
    ("a weak entity tag", 'W/"v3"', {("(quoted)",): "v3"}),
    ("percent-encoded base64", "eyJp%2Bdi%3D", {("(percent)",): "eyJp+di="}),
    ("a form", "a=1&b%5B%5D=x+y", {("(form)", "a", 0): "1", ("(form)", "b[]", 0): "x y"}),
    ("parameters of a header", 'nonce="a,b", qop=auth', {("(parameter)", "nonce"): "a,b",
                                                         ("(parameter)", "qop"): "auth"}),
    ("a list", "17,18,x", {("(part)", 0): "17", ("(part)", 1): "18", ("(part)", 2): "x"}),
    ("a list of tags", '"a1", W/"b2"', {("(part)", 0): '"a1"', ("(part)", 1): 'W/"b2"'}),
    ("a reference in running text", "about ORD-88213, please", {("(part)", 0): "about", ("(part)", 1): "ORD-88213",
                                                               ("(part)", 2): "please"}),
    ("a word and a number", "user-17", {("(part)", 1): "17"}),
    ("two numbers", "17:42", {("(part)", 0): "17", ("(part)", 1): "42"}),
    ("a URN", f"urn:shop:{UUID}", {("(part)", 2): UUID}),
]  # fmt: skip


@pytest.mark.parametrize(("remark", "text", "held"), HOLDS, ids=[row[0] for row in HOLDS])
def test_a_value_that_holds_values_is_opened(remark: str, text: str, held: dict[Place, Scalar]) -> None:
    """Every value inside, with its own place."""
    assert opened(text) == held


@pytest.mark.parametrize(("remark", "text", "held"), HOLDS, ids=[row[0] for row in HOLDS])
def test_every_piece_names_its_own_span(remark: str, text: str, held: dict[Place, Scalar]) -> None:
    """What is between start and end, written anew from its value, reads as the same value; the rest is untouched."""
    for piece in inside(text, ()):
        again = text[: piece.start] + piece.spell(piece.value) + text[piece.end :]
        assert opened(again) == held
        assert len(text) - (piece.end - piece.start) == len(again) - len(piece.spell(piece.value))


CLOSED = ["", "17", "acme", "a plain sentence of words", UUID, "ann@x.test", "2024-05-17T10:00:00Z", "P3DT4H", "1.2.3",
          "image/png", "7f3a9c2200ab", "GET", "Grüße aus Köln"]  # fmt: skip


@pytest.mark.parametrize("text", CLOSED)
def test_one_value_stays_one(text: str) -> None:
    """Ids, dates, words and sentences hold nothing."""
    assert opened(text) == {}


def test_values_inside_values_are_reached_by_their_place() -> None:
    """base64 of JSON that holds JSON; what is not there is None."""
    inner = dump_json({"cursor": b64encode(JSON.encode()).decode()}).decode()
    place = ("q", "(json)", "cursor", "(base64)", "(json)", "deep", "ref")
    assert dig(inner, ("q",), place) == "abc"
    assert dig(inner, ("q",), (*place, "more")) is None
    assert dig(17, ("q",), place) is None


def test_opening_ends() -> None:
    """Base64 of base64 of base64 is not followed for ever."""
    text = "id:17 and more"
    for _ in range(9):
        text = b64encode(text.encode()).decode()
    depth = 0
    pieces = inside(text, ())
    while pieces:
        depth += 1
        pieces = inside(str(pieces[0].value), pieces[0].place)
    assert depth <= 4


SPEAKS: list[tuple[Place, Place]] = [
    (("body", "user", "id"), ("body", "user", "id")),
    (("query", "filter", 0, "(json)", "course_id"), ("query", "course_id")),
    (("query", "course_ids", 0, "(part)", 1), ("query", "course_ids", 0, 1)),
    (("query", "cursor", 0, "(base64)"), ("query", "cursor", 0)),
]


@pytest.mark.parametrize(("place", "heard"), SPEAKS)
def test_names_outside_of_a_document_do_not_speak_inside(place: Place, heard: Place) -> None:
    """filter={"course_id": 1} speaks of a course; course_ids=1,2 does, too."""
    assert spoken(place) == heard
