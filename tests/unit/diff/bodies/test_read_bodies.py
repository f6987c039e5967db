"""Bodies that are no JSON: each format as a tree, and what none of them takes."""

from __future__ import annotations

from typing import Any

import cbor2
import msgpack
import pytest

from replay.diff.bodies.limits import UnreadableBodyError
from replay.diff.bodies.places import other_names
from replay.diff.bodies.reading import read_body
from replay.diff.layers import walk_bodies
from replay.model.body import Body

FORM = "application/x-www-form-urlencoded"
MIXED = 'multipart/mixed; boundary="B"'
PARTS = (
    b'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    b'--B\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/json\r\n\r\n{"a":1}\r\n--B--\r\n'
)


def read(data: bytes, content_type: str) -> Any:
    return read_body(Body(data, content_type))


TREES: tuple[tuple[str, bytes, str, Any], ...] = (
    ("a form keeps every value", b"a=1&b=&a=3", FORM, {"a": ["1", "3"], "b": [""]}),
    ("parts by name, each by its type", PARTS, MIXED, {"note": ["hello"], "file": [{"a": 1}]}),
    ("lines of JSON", b'{"a":1}\n\n{"a":2}\n', "application/x-ndjson", [{"a": 1}, {"a": 2}]),
    ("records of JSON", b'\x1e{"a":1}\n\x1e[2]\n', "application/json-seq", [{"a": 1}, [2]]),
    (
        "events; comments say nothing",
        b'event: x\nid: 7\ndata: {"a":\ndata: 1}\n\n: ping\n\ndata: [DONE]\n\n',
        "text/event-stream",
        [{"event": "x", "id": "7", "data": {"a": 1}}, {"data": "[DONE]"}],
    ),
    ("a table by its names", b"id;First Name\r\n7;Ann\r\n", "text/csv", [{"id": "7", "First_Name": "Ann"}]),
    ("a table without names", b"7,Ann\n8,Bo\n", "text/csv", [["7", "Ann"], ["8", "Bo"]]),
    ("one line of text", b"ready\n", "text/plain", "ready"),
    ("lines of text", "é\r\nb".encode("latin-1"), "text/plain; charset=iso-8859-1", ["é", "b"]),
    (
        "elements, attributes, texts",
        b'<?xml version="1.0"?><o id="7"><l>a</l> <l>b</l><e x="1">t</e></o>',
        "text/xml",
        {"o": [{"@id": "7", "l": ["a", "b"], "e": [{"@x": "1", "#text": "t"}]}]},
    ),
    (
        "a page by its elements",
        b'<!doctype html><p class="b a">Hi <b>you</b> there<br>now<!-- no --></p>&lt;',
        "text/html",
        {"#text": "<", "p": [{"@class": "a b", "#text": "Hi therenow"}], "b": ["you"], "br": [""]},
    ),
    ("MessagePack", msgpack.packb({"a": [1, True], 3: None}), "application/msgpack", {"a": [1, True], "3": None}),
    ("CBOR", cbor2.dumps({"a": 2.5, "big": 2**70}), "application/cbor", {"a": 2.5, "big": hex(2**70)}),
    (
        "fields by number",
        b"\x08\x96\x01\x12\x07testing\x1a\x02\x08\x01",
        "application/x-protobuf",
        {"f1": [150], "f2": ["testing"], "f3": [{"f1": [1]}]},
    ),
    ("frames of gRPC", b"\0\0\0\0\x03\x08\x96\x01", "application/grpc+proto", [{"f1": [150]}]),
)


@pytest.mark.parametrize(("remark", "data", "content_type", "tree"), TREES, ids=[row[0] for row in TREES])
def test_a_format_becomes_a_tree(remark: str, data: bytes, content_type: str, tree: Any) -> None:
    assert read(data, content_type) == tree, remark


def test_files_are_told_by_kind_size_and_digest() -> None:
    one, two = read(b"\x89PNG\r\n\x1a\n1", "image/png"), read(b"\x89PNG\r\n\x1a\n2", "image/png")
    assert one["kind"] == two["kind"] == "png"
    assert one["size"] == two["size"] == 9
    assert one["digest"] != two["digest"]


NESTED_CBOR = b"\x81" * 100_000 + b"\x01"
LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>'
FILE = b'<!DOCTYPE l SYSTEM "file:///etc/hostname"><l/>'
SELF = b"\xd8\x1c\x81\xd8\x1d\x00"  # a list that holds itself (value sharing)
DOUBLED = b"\x82" + b"".join(b"\xd8\x1c\x82\xd8\x1d" + bytes([i]) + b"\xd8\x1d" + bytes([i]) for i in range(20))
REFUSED: tuple[tuple[str, bytes, str], ...] = (
    ("entities within entities", LAUGHS, "application/xml"),
    ("a document type elsewhere", FILE, "application/soap+xml"),
    ("an entity of nobody", b"<a>&nobody;</a>", "text/xml"),
    ("XML nested too deeply", b"<a>" * 300 + b"</a>" * 300, "text/xml"),
    ("XML that was cut", b"<a><b>", "text/xml"),
    ("too many elements", b"<p>" * 100_001, "text/html"),
    ("text in no charset", b"\xff", "text/plain"),
    ("a codec that is no charset", b"\\ud800", "text/plain; charset=unicode_escape"),
    ("a line that is no JSON", b'{"a":1}\n{"a"', "application/x-ndjson"),
    ("open quotes", b'id,name\n7,"Ann', "text/csv"),
    ("no form", b"a=1&b", FORM),
    ("no closing boundary", PARTS[:-8], MIXED),
    ("no boundary", PARTS, "multipart/mixed"),
    ("lists within lists, CBOR", NESTED_CBOR, "application/cbor"),
    ("lists within lists, MessagePack", b"\x91" * 100_000 + b"\x01", "application/msgpack"),
    ("a list of 2^32", b"\xdd\xff\xff\xff\xff", "application/msgpack"),
    ("bytes of 2^63", b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff", "application/cbor"),
    ("a list that holds itself", SELF, "application/cbor"),
    ("references that double", DOUBLED, "application/cbor"),
    ("a message that was cut", b"\x12\x07test", "application/protobuf"),
    ("a frame that was cut", b"\0\0\0\0\x09\x08", "application/grpc"),
    ("multipart within multipart", b"", ""),
)


def _nested_multipart() -> Body:
    body = Body(b"x", "text/plain")
    for i in range(8):
        mark = f"B{i}".encode()
        head = b"--" + mark + b"\r\nContent-Type: " + body.content_type.encode() + b"\r\n\r\n"
        body = Body(head + body.data + b"\r\n--" + mark + b"--\r\n", f"multipart/mixed; boundary=B{i}")
    return body


@pytest.mark.parametrize(("remark", "data", "content_type"), REFUSED, ids=[row[0] for row in REFUSED])
def test_hostile_and_broken_bodies_are_refused(remark: str, data: bytes, content_type: str) -> None:
    """Refused with a fixed phrase, and never read in part."""
    body = Body(data, content_type) if data else _nested_multipart()
    with pytest.raises(UnreadableBodyError) as error:
        read_body(body)
    assert 0 < len(error.value.reason) < 60, remark


@pytest.mark.parametrize(
    "page", [b"<div>" * 5_000, b"<select>" + b"<option>" * 5_000, b'<a "' * 5_000, b"<!--" * 5_000, b"<" * 5_000]
)
def test_pages_that_break_browsers_are_read_all_the_same(page: bytes) -> None:
    """Quadratic parsers would need minutes here; the suite's own timeout is the judge."""
    assert isinstance(read(page, "text/html"), dict)


def test_a_cut_body_is_not_read() -> None:
    with pytest.raises(UnreadableBodyError):
        read_body(Body(b"a", "text/plain", truncated=True))


SAME: tuple[tuple[str, bytes, bytes, str], ...] = (
    (
        "prefixes, attributes, comments",
        b'<a:o xmlns:a="u" x="1" y="2"/>',
        b'<o xmlns="u" y="2" x="1"><!-- --></o>',
        "text/xml",
    ),
    ("CDATA and layout", b"<o><a>1</a></o>", b"<o>\n <a><![CDATA[1]]></a>\n</o>", "text/xml"),
    ("layout of a page", b'<p class="a b">x y</p>', b"<!-- 1 -->\n<P class='b a'>x\n y</P>", "text/html"),
    ("keep-alives", b"data: 1\n\n", b": x\n\ndata: 1\r\n\r\n", "text/event-stream"),
    ("line ends", b"a,b\n1,2\n", b"a,b\r\n1,2", "text/csv"),
)  # fmt: skip


@pytest.mark.parametrize(("remark", "one", "two", "content_type"), SAME, ids=[row[0] for row in SAME])
def test_spelling_is_no_difference(remark: str, one: bytes, two: bytes, content_type: str) -> None:
    assert walk_bodies(Body(one, content_type), Body(two, content_type)) == [], remark


OTHER: tuple[tuple[bytes, bytes, str, str], ...] = (
    (b"<o><a>1</a></o>", b"<o><a>2</a></o>", "text/xml", "body.o[*].a[*]"),
    (b'<o xmlns="u"/>', b'<o xmlns="v"/>', "text/xml", "body.o[*].@xmlns"),
    (b"<o><a/></o>", b"<o><a/><a/></o>", "text/xml", "body.o[*].a"),
    (b'<a href="/x">t</a>', b'<a href="/y">t</a>', "text/html", "body.a[*].@href"),
    (b"<script>a()</script>", b"<script>b()</script>", "text/html", "body.script[*]"),
    (b"id,total\n1,2\n", b"id,total\n1,3\n", "text/csv", "body[*].total"),
    (b'{"a":1}\n', b'{"a":"1"}\n', "application/x-ndjson", "body[*].a"),
    (b'data: {"a":1}\n\n', b'data: {"a":2}\n\n', "text/event-stream", "body[*].data.a"),
    (b"a=1", b"a=2", FORM, "body.a[*]"),
    (b"\x08\x01", b"\x08\x02", "application/x-protobuf", "body.f1[*]"),
    (msgpack.packb({"a": True}), msgpack.packb({"a": 1}), "application/msgpack", "body.a"),
)


@pytest.mark.parametrize(("one", "two", "content_type", "place"), OTHER)
def test_a_change_has_its_place(one: bytes, two: bytes, content_type: str, place: str) -> None:
    assert [pair.place for pair in walk_bodies(Body(one, content_type), Body(two, content_type))] == [place]


def test_the_boundary_is_noise() -> None:
    other = Body(PARTS.replace(b"--B", b"--C0"), "multipart/mixed; boundary=C0")
    assert walk_bodies(Body(PARTS, MIXED), other) == []


def test_two_bodies_that_nobody_can_read_are_no_difference_and_not_equal() -> None:
    """They are not judged: `unread` says so; a readable one against an unreadable one is a difference."""
    broken, other, whole = (Body(data, "text/xml") for data in (b"<a>", b"<b>", b"<a/>"))
    assert walk_bodies(broken, other) == []
    assert [pair.kind for pair in walk_bodies(whole, broken)] == ["media-type"]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("body.o[*].line[*].@id", "body.o.line.id"),
        ("body.a[*].#text", "body.a"),
        ("body[*].data.items[*].id", "body.data.items[*].id"),
        ("body.field[*]", "form.field[*]"),
    ],
)
def test_places_are_found_under_the_names_that_redaction_has(place: str, name: str) -> None:
    assert name in other_names(place)


def test_plain_places_have_one_name() -> None:
    assert other_names("body.items.total") == ()
