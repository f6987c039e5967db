"""One format for each media type, one redactor for each format, and types that say no more than that."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from replay.model.body import Body
from replay.redact.body_formats import Format, format_of
from replay.redact.builtin import BUILTIN
from replay.redact.contract import Notes
from replay.redact.media_types import BOUNDARY, boundary_of, reduced
from replay.redact.policy import Policy
from unit.redact.canary_cases import exchange, grep, said, socket
from unit.redact.format_desk import PSEUDONYM, stand_in

POLICY = Policy(PSEUDONYM)
EMAIL = "ingrid.halvorsen@northwind.test"
NEW = stand_in(EMAIL)
A_TYPE_OF_EACH = {
    Format.JSON: "application/problem+json",
    Format.JSON_LINES: "application/x-ndjson",
    Format.FORM: "application/x-www-form-urlencoded",
    Format.MULTIPART: "multipart/form-data; boundary=b",
    Format.GRAPHQL: "application/graphql",
    Format.EVENTS: "text/event-stream",
    Format.XML: "image/svg+xml",
    Format.HTML: "application/xhtml+xml",
    Format.TABLE: "text/csv",
    Format.SCRIPT: "text/javascript",
    Format.TEXT: "text/markdown",
    Format.BINARY: "application/pdf",
}


@pytest.mark.parametrize("kind", list(Format))
def test_each_format_has_one_redactor(kind: Format):
    """A format without one would be written raw: whatever stands under its type, exactly one redactor changes it."""
    content_type = A_TYPE_OF_EACH[kind]
    assert format_of(content_type.partition(";")[0]) is kind
    planted = exchange(body=f"note {EMAIL}", content_type=content_type)
    busy = [
        one.name
        for one in BUILTIN
        if one.redact(planted, PSEUDONYM, Notes()).request.body.data != planted.request.body.data
    ]
    assert len(busy) == 1
    assert grep((EMAIL,), POLICY.redact(planted).exchange) == []


STARTS = {Format.SCRIPT: "cb(", Format.MULTIPART: "--b\r\nContent-Disposition: form-data; name=a", Format.XML: "<a>"}
PARTS = (
    " ",
    "\n",
    "<",
    "<a ",
    "<!--",
    "&",
    "&#1;",
    "a=1&",
    ";",
    "; x=",
    '"',
    '""',
    "(",
    ")",
    "--b\r\n",
    "{",
    "/*",
    "%41",
)


@pytest.mark.parametrize("part", PARTS)
def test_hostile_bodies_end(part: str):
    """Rewritten or dropped; with a step that costs the square of its length this would take hours."""
    for kind, content_type in A_TYPE_OF_EACH.items():
        planted = exchange(body=STARTS.get(kind, "") + part * 30_000 + "x", content_type=content_type)
        for redactor in BUILTIN:
            fresh = redactor.redact(planted, PSEUDONYM, Notes()).request.body
            assert len(fresh.data) < 10 * len(planted.request.body.data)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/msgpack",
        "application/cbor",
        "application/x-protobuf",
        "application/grpc",
        "application/grpc-web-text",
        "image/png",
        "application/pdf",
        "multipart/byteranges; boundary=b",
        "application/octet-stream",
        "x",
        "",
    ],
)
def test_what_nobody_reads_is_dropped(content_type: str):
    """Type and length stay."""
    done = POLICY.redact(exchange(body=f"note {EMAIL}", content_type=content_type))
    kept = done.exchange.request.body
    assert (kept.data, kept.truncated, kept.length_bytes) == (b"", True, 5 + len(EMAIL))
    assert ("body", "body", "drop") in [(one.place, one.value_class, one.action) for one in done.fields]


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [
        ("multipart/form-data; boundary=secret", f"multipart/form-data; boundary={BOUNDARY}"),
        ("multipart/byteranges; boundary=secret", "multipart/byteranges"),
        ("application/json; charset=utf-16", "application/json"),
        ("application/json; charset=UTF-8", "application/json; charset=UTF-8"),
        ("text/xml; charset=utf-16le", "text/xml; charset=utf-8"),
        ("text/csv; charset=windows-1252; header=present", "text/csv; charset=windows-1252"),
    ],
)
def test_types_say_how_the_new_bytes_are_read(content_type: str, wanted: str):
    """Boundaries are ours, wide charsets are gone, all else is dropped."""
    assert reduced(content_type) == wanted
    assert reduced(wanted) == wanted


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [("a/b; boundary=x1", "x1"), ('a/b; charset=x; Boundary="x 1"', "x 1"), ("a/b", ""), ("a/b; boundary=", "")],
)
def test_a_boundary_is_found(content_type: str, wanted: str):
    """Quoted or not, in any case."""
    assert boundary_of(content_type) == wanted


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        (f'42["note",{{"e": "{EMAIL}"}}]', f'42["note",{{"e":"{NEW}"}}]'),
        (f'42/chat,17["note","{EMAIL}"]', f'42/chat,17["note","{NEW}"]'),
        (f'42/{EMAIL},["note"]', f'42/{NEW},["note"]'),
        (f'451-["note","{EMAIL}"]', f'451-["note","{NEW}"]'),
        (f'a["{EMAIL}"]', f'a["{NEW}"]'),
        ("o", None),
        ("2probe", None),
        (
            f"CONNECT\nlogin:{EMAIL}\npasscode:hunter-22\nheart-beat:0,0\n\n\0",
            f"CONNECT\nlogin:{NEW}\npasscode:Redacted-1!\nheart-beat:0,0\n\n\0",
        ),
        (f'SEND\ndestination:/topic/orders\ncontent-length:99\n\n{{"e": "{EMAIL}"}}\0\n', None),
        (f"  {EMAIL}\n", f"  {NEW}\n"),
        (f"<message to='{EMAIL}'><body>7</body></message>", f'<message to="{NEW}"><body>7</body></message>'),
    ],
)
def test_messages_of_known_protocols_keep_their_frames(message: str, wanted: str | None):
    """Socket.IO, SockJS, STOMP, XMPP: what the protocol says stays, what people say does not."""
    kept = POLICY.redact(socket(said(message))).exchange.messages[0].body.data.decode()
    assert EMAIL not in kept
    assert wanted is None or kept == wanted


def test_a_stomp_frame_says_its_new_length():
    """Bytes, not characters; the body is walked like any other."""
    frame = f'SEND\ndestination:/topic/orders\ncontent-type:application/json\ncontent-length:99\n\n{{"e": "{EMAIL}"}}\0'
    head, _, body = POLICY.redact(socket(said(frame))).exchange.messages[0].body.data.decode().partition("\n\n")
    assert body == f'{{"e":"{NEW}"}}\0'
    assert f"content-length:{len(body) - 1}" in head
    assert "destination:/topic/orders" in head


@pytest.mark.parametrize(
    "kind", ["application/json", "text/xml", "text/html", "text/csv", "text/plain", "application/x-ndjson"]
)
def test_a_coded_body_that_was_not_decoded_is_never_kept(kind: str):
    """Bytes that are still gzip are no text of any format; were they kept, so would be what is in them."""
    for data in (gzip.compress(EMAIL.encode()), EMAIL.encode() + b"\xff\xfe\x00"):
        kept = POLICY.redact(exchange(body=data, content_type=kind, headers={"Content-Encoding": "gzip"})).exchange
        assert kept.request.body.data == b""
        assert grep((EMAIL,), kept) == []


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [
        ("application/halvorsen-bank", "application/octet-stream"),
        ("application/vnd.halvorsen.v2+json", "application/json"),
        ("application/vnd.halvorsen+xml; charset=utf-8", "application/xml; charset=utf-8"),
        ("text/halvorsen; charset=utf-8", "text/plain; charset=utf-8"),
        ("halvorsen/json", "application/octet-stream"),
        ("image/halvorsen", "application/octet-stream"),
    ],
)
def test_a_type_that_names_somebody_becomes_the_plainest_of_its_format(content_type: str, wanted: str):
    """The bytes are still read as what they are."""
    assert reduced(content_type) == wanted
    assert format_of(wanted.partition(";")[0]) is format_of(content_type.partition(";")[0])


@pytest.mark.parametrize(
    "content_type",
    [
        "application/pdf",
        "image/svg+xml",
        "application/json-patch+json",
        "application/merge-patch+json",
        "text/x-ndjson",
        "application/vnd.api+json",
        "application/hal+json",
        "application/soap+xml",
        "application/x-protobuf",
        "image/x-icon",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/grpc-web-text",
        "font/woff2",
        "application/x-7z-compressed",
        "application/problem+json",
        "video/mp4",
        "application/vnd.ms-excel",
        "application/vnd.orders.v2+json",
        "text/calendar",
        "application/x-www-form-urlencoded",
    ],
)
def test_types_of_the_world_stay(content_type: str):
    """And those whose words are words of programs."""
    assert reduced(content_type) == content_type


@pytest.mark.parametrize(
    ("data", "content_type", "cut", "reason"),
    [
        (b"%PDF-1.7", "application/pdf", False, "body"),
        (b'{"a": ', "application/json", False, "unreadable-body"),
        (b"<a>", "application/xml", False, "unreadable-body"),
        (b'{"a": 1', "application/json", True, "cut-body"),
    ],
)
def test_why_a_body_is_left_out_is_a_fixed_word(data: bytes, content_type: str, cut: bool, reason: str):
    """Nobody reads the type, it is not what its type says, or a part of it was seen; in messages as in bodies."""
    body = Body(data, content_type, cut, len(data) + 1 if cut else -1)
    planted = exchange()
    for done, place in (
        (POLICY.redact(replace(planted, request=replace(planted.request, body=body))), "body"),
        (POLICY.redact(socket(replace(said("x"), body=body))), "message[*].body"),
    ):
        assert [one.value_class for one in done.fields if one.place == place] == [reason]
