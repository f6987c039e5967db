"""HTTP/1 messages from a recording: what the field sends is read, what is none is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.record.sources.http_message import MalformedError, read_request, read_response

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_request_is_read_as_it_was_sent() -> None:
    """Order, case and repetition of fields stay."""
    raw = b"POST /a?b=%20 HTTP/1.1\r\nHost: shop\r\nX-A:  1 \r\nx-a: 2\r\nContent-Length: 4\r\n\r\nbody, and more"
    read = read_request(raw)
    assert (read.method, read.target, read.body, read.size_bytes) == (b"POST", b"/a?b=%20", b"body", 4)
    assert read.headers == ((b"Host", b"shop"), (b"X-A", b"1"), (b"x-a", b"2"), (b"Content-Length", b"4"))


@pytest.mark.parametrize(
    ("raw", "body", "size"),
    [
        (CHUNKED + b"4\r\nwiki\r\n5;x=y\r\npedia\r\n0\r\n\r\n", b"wikipedia", 9),
        (CHUNKED + b"4\r\nwiki\r\n5\r\nped", b"wikiped", 8),
        (CHUNKED + b"4\r\nwiki", b"wiki", 5),
        (CHUNKED + b'{"joined": "already"}', b'{"joined": "already"}', 21),
        (b"HTTP/1.1 200\r\nContent-Length: 9\r\n\r\nfour", b"four", 9),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end", 13),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", b"ok", 2),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", b"", 0),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", 0),
        (b"HTTP/1.1 200 OK\nX: 1\n\nbare", b"bare", 4),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx", b"x", 1),
    ],
    ids=[
        "chunked", "chunked, end missing", "chunk, line end missing", "chunked by name only", "cut by its length",
        "ends with the connection", "a length that is none", "204", "304", "bare line feeds", "100 before it",
    ],
)  # fmt: skip
def test_a_response_body_is_framed(raw: bytes, body: bytes, size: int) -> None:
    read = read_response(raw, has_body=True)
    assert (read.body, read.size_bytes) == (body, size)


def test_trailers_and_folded_lines_are_kept() -> None:
    raw = CHUNKED.replace(b"\r\n\r\n", b"\r\nX-Fold: a\r\n  b\r\n\r\n") + b"1\r\nx\r\n0\r\nGrpc-Status: 0\r\n\r\n"
    read = read_response(raw, has_body=True)
    assert read.trailers == ((b"Grpc-Status", b"0"),)
    assert read.headers[1] == (b"X-Fold", b"a b")


def test_the_answer_to_head_has_no_body() -> None:
    assert read_response(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", has_body=False).size_bytes == 0


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x16\x03\x01\x02\x00", b"GET /", b"GET / HTTP/1.1 x", b"PRI * HTTP/2.0\x00", b"A" * (2 << 20),
     b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 1100],
)  # fmt: skip
def test_what_is_no_request_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(MalformedError) as caught:
        read_request(raw)
    assert len(str(caught.value)) < 40


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_malformed(data: bytes) -> None:
    """Nothing else comes out of hostile bytes."""
    for raw in (data, CHUNKED + data, b"GET / HTTP/1.1\r\n" + data):
        for read in (read_request, lambda one: read_response(one, has_body=True)):
            try:
                message = read(raw)
            except MalformedError:
                continue
            assert message.size_bytes >= len(message.body)
