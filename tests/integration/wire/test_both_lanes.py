"""Odd answers over both lanes: one outcome each, whichever lane the request took."""

from __future__ import annotations

import gzip
import time
import zlib

import brotli
import pytest
import zstandard

from integration.wire.scripted_target import CLOSE, HANG, PAUSE, RESET, scripted
from replay.model.body import Body
from replay.model.conversation import MEDIA_TYPE as CONVERSATION
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.headers import Headers
from replay.wire.client import STREAMED_BYTES, Client
from replay.wire.options import Lane, WireOptions

LIMIT = 4096  # of a body, so that cutting is cheap to test
TEXT = b"some text " * 100
BOMB = gzip.compress(bytes(4_000_000))


def ok(body: bytes, *fields: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields, b"", body))


def chunked(*pieces: bytes, trailers: bytes = b"") -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n" + trailers + b"\r\n"


# name -> (script, status, body, is cut)
ANSWERS = {
    "plain": ((ok(b"hello"),), 200, b"hello", False),
    "empty": ((ok(b""),), 200, b"", False),
    "created": ((b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nLocation: /x/1\r\n\r\nok",), 201, b"ok", False),
    "no_content": ((b"HTTP/1.1 204 No Content\r\n\r\n",), 204, b"", False),
    "not_modified": ((b'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\nETag: "a"\r\n\r\n',), 304, b"", False),
    "redirect": ((b"HTTP/1.1 302 Found\r\nLocation: //203.0.113.9/\r\nContent-Length: 0\r\n\r\n",), 302, b"", False),
    "chunks": ((chunked(b"hel", b"lo"),), 200, b"hello", False),
    "chunk_extension": (
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\n",), 200, b"abc", False,
    ),
    "many_chunks": ((chunked(*(b"x" for _ in range(3000))),), 200, b"x" * 3000, False),
    "slow_chunks": ((chunked(b"abc")[:60], PAUSE, chunked(b"abc")[60:]), 200, b"abc", False),
    "trailers": ((chunked(b"abc", trailers=b"X-Checksum: 1\r\n"),), 200, b"abc", False),
    "until_close": ((b"HTTP/1.1 200 OK\r\n\r\nall of", PAUSE, b" it", CLOSE), 200, b"all of it", False),
    "http_1_0": ((b"HTTP/1.0 200 OK\r\n\r\nold", CLOSE), 200, b"old", False),
    "says_close": ((ok(b"bye", b"Connection: close"), CLOSE), 200, b"bye", False),
    "interim": (
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", PAUSE, ok(b"x")),
        200, b"x", False,
    ),
    "byte_by_byte": (tuple(x for i in ok(b"ab") for x in (bytes([i]), PAUSE))[:-1], 200, b"ab", False),
    "gzip": ((ok(gzip.compress(TEXT), b"Content-Encoding: gzip"),), 200, TEXT, False),
    "two_members": ((ok(gzip.compress(b"a") + gzip.compress(b"b"), b"Content-Encoding: gzip"),), 200, b"ab", False),
    "deflate": ((ok(zlib.compress(TEXT), b"Content-Encoding: deflate"),), 200, TEXT, False),
    "raw_deflate": ((ok(zlib.compress(TEXT)[2:-4], b"Content-Encoding: deflate"),), 200, TEXT, False),
    "br": ((ok(brotli.compress(TEXT), b"Content-Encoding: br"),), 200, TEXT, False),
    "zstd": ((ok(zstandard.compress(TEXT), b"Content-Encoding: zstd"),), 200, TEXT, False),
    "twice_coded": ((ok(gzip.compress(gzip.compress(TEXT)), b"Content-Encoding: gzip, gzip"),), 200, TEXT, False),
    "bomb": ((ok(BOMB, b"Content-Encoding: gzip"),), 200, bytes(LIMIT), True),
    "unknown_coding": ((ok(b"??", b"Content-Encoding: aws-chunked"),), 200, b"??", False),
    "long": ((ok(b"y" * 20_000),), 200, b"y" * LIMIT, True),
    "long_chunks": ((chunked(b"y" * 3000, b"z" * 3000),), 200, b"y" * 3000 + b"z" * 1096, True),
    "duplicates": ((ok(b"", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"set-cookie: c=3"),), 200, b"", False),
    "two_types": ((ok(b"", b"Content-Type: text/plain", b"Content-Type: text/html"),), 200, b"", False),
    "folded": ((ok(b"", b"X-Folded: one\r\n two"),), 200, b"", False),
    "latin_1": ((ok(b"", b"X-Name: J\xf8rgen"),), 200, b"", False),
    "long_field": ((ok(b"", b"X-Long: " + b"v" * 30_000),), 200, b"", False),
    "error": ((b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops",), 500, b"oops", False),
    "no_reason": ((b"HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n",), 299, b"", False),
}  # fmt: skip

FAULTS = {
    "nothing": ((CLOSE,), FaultKind.RESET, "ServerDisconnectedError"),
    "half_head": ((b"HTTP/1.1 200 OK\r\nContent-", PAUSE, CLOSE), FaultKind.RESET, "ServerDisconnectedError"),
    "reset_first": ((RESET,), FaultKind.RESET, "ConnectionReset"),
    "reset_in_head": ((b"HTTP/1.1 200 OK\r\nContent-", PAUSE, RESET), FaultKind.RESET, "ConnectionReset"),
    "reset_in_body": ((ok(b"x" * 99)[:-50], PAUSE, RESET), FaultKind.UPSTREAM_GONE, "AnswerCutShort"),
    "close_in_body": ((ok(b"x" * 99)[:-50], PAUSE, CLOSE), FaultKind.UPSTREAM_GONE, "AnswerCutShort"),
    "close_in_chunks": ((chunked(b"abc")[:-5], PAUSE, CLOSE), FaultKind.UPSTREAM_GONE, "AnswerCutShort"),
    "bad_length": ((b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",), FaultKind.PROTOCOL, "BadAnswer"),
    "two_lengths": (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",), FaultKind.PROTOCOL, "BadAnswer",
    ),
    "other_protocol": ((b"SSH-2.0-nothing\r\n\r\n",), FaultKind.PROTOCOL, "BadAnswer"),
    "broken_gzip": ((ok(b"no gzip", b"Content-Encoding: gzip"),), FaultKind.PROTOCOL, "BrokenCoding"),
    "half_gzip": ((ok(gzip.compress(TEXT)[:-9], b"Content-Encoding: gzip"),), FaultKind.PROTOCOL, "BrokenCoding"),
    "broken_br": ((ok(b"\xff\xff\xff", b"Content-Encoding: br"),), FaultKind.PROTOCOL, "BrokenCoding"),
    "broken_zstd": ((ok(b"no zstd!", b"Content-Encoding: zstd"),), FaultKind.PROTOCOL, "BrokenCoding"),
    "silent": ((HANG,), FaultKind.TIMEOUT, "FirstByteTimeout"),
    "slow_body": ((ok(b"x" * 99)[:-50], HANG), FaultKind.TIMEOUT, "TotalTimeout"),
}  # fmt: skip

both_lanes = pytest.mark.parametrize("lane", [Lane.AUTO, Lane.GENERAL])


def options(lane: Lane) -> WireOptions:
    return WireOptions(lane=lane, first_byte_timeout_seconds=0.3)


@both_lanes
async def test_every_odd_answer_is_read_alike(lane):
    """Status, body, cut, fields with their order and bytes; and the connection serves the next request right."""
    scripts = {name: row[0] for name, row in ANSWERS.items()}
    read = {}
    async with (
        scripted(**scripts) as (target, _),
        Client(target, time.monotonic, timeout=5, options=options(lane), limit_bytes=LIMIT) as client,
    ):
        for name in scripts:
            first = await client.send(Request("GET", f"/{name}"))
            after = await client.send(Request("GET", "/plain"))
            assert after.outcome.body.data == b"hello", f"after {name}"
            assert len(after.outcome.headers.fields) == 1, f"nothing of {name} is left over"
            assert 0 < first.sent <= first.first_byte <= first.ended
            read[name] = first.outcome
    assert {name: type(one) for name, one in read.items()} == dict.fromkeys(ANSWERS, Response)
    assert {name: (one.status, one.body.data, one.body.truncated) for name, one in read.items()} == {
        name: row[1:] for name, row in ANSWERS.items()
    }
    assert [value for _, value in read["duplicates"].headers.fields[1:]] == ["a=1", "b=2", "c=3"]
    assert read["latin_1"].headers.get("x-name") == "Jørgen"
    assert "one" in read["folded"].headers.get("x-folded")
    assert "\n" not in read["folded"].headers.get("x-folded")
    assert read["two_types"].body.content_type == "text/plain"
    assert "content-encoding" not in read["gzip"].headers
    assert read["unknown_coding"].headers.get("content-encoding") == "aws-chunked", "what was not undone is told"
    assert read["bomb"].body.length_bytes > LIMIT, "a cut body is longer than what is kept of it"
    assert (read["long"].body.length_bytes, read["long_chunks"].body.length_bytes) == (20_000, 6000)


@both_lanes
async def test_every_broken_answer_is_the_same_fault(lane):
    """Kind and word; the next request is not disturbed."""
    scripts = {name: row[0] for name, row in FAULTS.items()} | {"plain": (ok(b"hello"),)}
    read = {}
    async with (
        scripted(**scripts) as (target, _),
        Client(target, time.monotonic, timeout=0.6, options=options(lane)) as client,
    ):
        for name in FAULTS:
            read[name] = (await client.send(Request("POST", f"/{name}", Headers(), Body(b"{}")))).outcome
            assert (await client.send(Request("GET", "/plain"))).outcome.body.data == b"hello", f"after {name}"
    assert {name: (one.kind, one.detail) if isinstance(one, Fault) else one for name, one in read.items()} == {
        name: row[1:] for name, row in FAULTS.items()
    }


@both_lanes
@pytest.mark.parametrize("framing", [b"Content-Length: 500", b"Transfer-Encoding: chunked"])
async def test_the_answer_to_head_has_no_body_whatever_it_says(lane, framing):
    """And the connection goes on being read in step."""
    async with (
        scripted(head=(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n",), plain=(ok(b"hello"),)) as (target, talk),
        Client(target, time.monotonic, timeout=2, options=options(lane)) as client,
    ):
        for _ in range(2):
            head = await client.send(Request("HEAD", "/head"))
            after = await client.send(Request("GET", "/plain"))
            assert (head.outcome.status, head.outcome.body.data, after.outcome.body.data) == (200, b"", b"hello")
    assert talk.served[0] >= 2


@both_lanes
async def test_bytes_beyond_ascii_leave_as_they_were_recorded(lane):
    """A client that wrote UTF-8 into a field is played as one: the model holds its bytes as latin-1 text."""
    async with (
        scripted(x=(ok(b""),)) as (target, talk),
        Client(target, time.monotonic, options=options(lane)) as client,
    ):
        value = "J\u00f8rgen".encode().decode("latin-1")
        await client.send(Request("GET", "/x", Headers.of([("X-Name", value)])))
    assert "X-Name: Jørgen\r\n".encode() in talk.heads[0]


@both_lanes
async def test_the_digest_of_a_cut_body_covers_what_was_not_kept(lane):
    """Two answers that differ only behind the limit have two digests; a whole one has none."""
    scripts = {"a": (ok(b"y" * 9000 + b"a"),), "b": (ok(b"y" * 9000 + b"b"),), "short": (ok(b"y"),)}
    async with (
        scripted(**scripts) as (target, _),
        Client(target, time.monotonic, options=options(lane), limit_bytes=LIMIT) as client,
    ):
        a, b, again, short = [await client.send(Request("GET", f"/{name}")) for name in ("a", "b", "a", "short")]
    assert a.outcome.body == b.outcome.body
    assert a.digest == again.digest != b.digest
    assert (len(a.digest), short.digest) == (16, b"")


@both_lanes
async def test_nothing_is_sent_that_would_be_read_as_another_message(lane):
    """A live value with a line break inside ends as a fault, and no byte of it leaves."""
    async with (
        scripted(plain=(ok(b"hello"),)) as (target, talk),
        Client(target, time.monotonic, options=options(lane)) as client,
    ):
        for name, value in (
            ("X-A", "1\r\nX-B: 2"),
            ("X-A", "1\rX-B: 2"),
            ("X-A", "1\nX-B: 2"),
            ("X-A\r\nX-B", "1"),
            ("X-A", "a\0b"),
        ):
            sent = await client.send(Request("GET", "/plain", Headers.of([(name, value)])))
            assert sent.outcome == Fault(FaultKind.PROTOCOL, "UnsendableRequest")
        sent = await client.send(Request("GET", "/plain HTTP/1.1\r\nX-B: 2\r\n\r\n"))
        assert sent.outcome == Fault(FaultKind.PROTOCOL, "UnsendableRequest")
    assert talk.heads == []


@both_lanes
async def test_nothing_goes_to_another_host_whatever_a_target_says(lane):
    """A capture may be forged: its targets are no part of a URL's authority. Long bodies and conversations included."""
    bodies = (Body(), Body(bytes(STREAMED_BYTES + 1)), Body(b'{"messages": []}', CONVERSATION))
    async with (
        scripted(x=(ok(b"hello"),)) as (other, elsewhere),
        scripted(x=(ok(b"hello"),)) as (target, talk),
        Client(target, time.monotonic, options=options(lane)) as client,
    ):
        for body in bodies:
            for sign in (f"@{other.authority}/x", f"@elsewhere:{other.port}", f"{other.url}/x", "x", ""):
                sent = await client.send(Request("GET", sign, Headers(), body))
                assert sent.outcome == Fault(FaultKind.PROTOCOL, "UnsendableRequest")
        assert (await client.send(Request("GET", odd := f"//x?@{other.authority}#/"))).outcome.status == 200
    assert elsewhere.served == []
    assert [head.split(b" ")[1].decode() for head in talk.heads] == [odd]
