"""What the fast lane does the short way is what the long way would have done: heads written, answers read."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.model.body import Body
from replay.model.exchange import Request
from replay.model.headers import Headers
from replay.wire.fast_answer import PlainAnswers
from replay.wire.fast_connection import FastConnection
from replay.wire.head import Letterhead, as_bytes

NAMES = st.sampled_from(
    ["Host", "host", "Accept", "X-A", "x_y!", "Content-Length", "content-length", "Accept-Encoding", "TE", "Expect",
     "Connection", "Transfer-Encoding", "Content-Encoding", "X-Replay-Run", "traceparent", "Cookie", "Bad Name", ""]
)  # fmt: skip
VALUES = st.sampled_from(["", "1", "a b", "gzip", "gzip, br", "chunked", "a\tb", "é", "☃", "a\r\nX: b", "\0", " x "])
REQUESTS = st.builds(
    Request,
    st.sampled_from(["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PROPFIND", "G T", "get"]),
    st.sampled_from(["/", "/a?b=c", "*", "", "/é", "/a b", "http://other/x", "/a\x7f"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=6).map(lambda pairs: Headers(tuple(pairs))),
    st.sampled_from([Body(), Body(b"x"), Body(b'{"a": 1}', "application/json")]),
)


def _outcome(write):
    try:
        return write()
    except ValueError:
        return "refused"


@settings(max_examples=80, deadline=None)
@given(st.lists(REQUESTS, min_size=1, max_size=4), st.sampled_from(["", "run-1"]))
def test_a_head_of_remembered_lines_is_the_head_written_anew(requests, run_id):
    """Byte for byte, for requests before and after others that filled the memory; and both refuse the same ones."""
    remembering = Letterhead("qa:1", run_id)
    for one in requests:

        def anew(one=one):
            fields, body = Letterhead("qa:1", run_id).letter(one)
            return as_bytes(one, fields) + body

        assert _outcome(lambda one=one: remembering.written(one)) == _outcome(anew)


class NeverPlain(PlainAnswers):
    """Everything goes to the parser."""

    def read(self, data):
        return None


FIELDS = st.sampled_from(
    ["Content-Length: 5", "Content-Length: 0", "content-length: 05", "Content-Length: 5, 5", "Content-Length: +5",
     "Content-Length:5", "Content-Length: 5 ", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked",
     "transfer-encoding: Chunked", "Content-Type: application/json", "Content-Type: text/html", "Content-Type:",
     "Content-Type: text/event-stream", "Connection: close", "Connection: Keep-Alive", "Connection: keep-alive, x",
     "Connection: upgrade", "Upgrade: h2c", "Content-Encoding: identity", "X-A: é", "X-A: a\tb", "X A: 1", "X-A : 1",
     " folded", "X-A:  two", "Set-Cookie: a=b; c", "Date: Sun, 22 Nov 2026 00:00:00 GMT", "Keep-Alive: timeout=5"]
)  # fmt: skip
STATUSES = st.sampled_from(
    ["HTTP/1.1 200 OK", "HTTP/1.1 404 Not Found", "HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified",
     "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 100 Continue", "HTTP/1.1 500 é", "http/1.1 200 OK", "HTTP/1.1 20 OK"]
)  # fmt: skip
BODIES = st.sampled_from(
    [b"", b"hello", b"hell", b"hello!", b"5\r\nhello\r\n0\r\n\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"0\r\n\r\n",
     b"5;x=y\r\nhello\r\n0\r\n\r\n", b"5\r\nhello\r\n0\r\nX: t\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\nmore", b"5\r\nhellos"]
)  # fmt: skip
WHOLE = st.sampled_from(
    [("Content-Length: 5", b"hello"), ("Content-Length: 0", b""), ("Transfer-Encoding: chunked", b"0\r\n\r\n"),
     ("Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n")]
)  # fmt: skip
FRAMED = st.one_of(WHOLE, WHOLE, st.tuples(FIELDS, BODIES))
OTHERS = st.lists(st.one_of(FIELDS, FIELDS.filter(lambda one: "ength" not in one and "ransfer" not in one)), max_size=3)


@pytest.fixture(scope="module")
def loop():
    with asyncio.Runner() as runner:
        yield runner.get_loop()


def _heard(loop, plain, data):
    """Status, fields and body, or the error; and whether the connection may be used again. None: more has to come."""
    connection = FastConnection(loop, time.monotonic, memoryview(bytearray(9)), 1000, plain)
    answer = connection.expect(has_body=True)
    connection.transport = type("Open", (), {"abort": lambda _: None, "is_closing": lambda _: False})()
    connection.data_received(data)
    if not answer.done():
        return None
    if answer.exception() is not None:
        return type(answer.exception())
    received = answer.result()
    return received[:4], connection.is_usable


@settings(max_examples=250, deadline=None)
@given(status=st.one_of(st.just("HTTP/1.1 200 OK"), STATUSES), framed=FRAMED, others=OTHERS, first=st.booleans())
def test_a_plain_answer_is_what_the_parser_makes_of_it(loop, status, framed, others, first):
    """The same status, fields, body and use of the connection, whatever was heard before."""
    fields = [framed[0], *others] if first else [*others, framed[0]]
    data = "\r\n".join([status, *fields, "", ""]).encode("latin-1") + framed[1]
    reading = PlainAnswers()
    assert _heard(loop, reading, data) == _heard(loop, NeverPlain(), data)
    assert _heard(loop, reading, data) == _heard(loop, NeverPlain(), data), "known lines mean what they meant"


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 201 Created\r\nX-A: 1\r\ncontent-length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", b"hello"),
    ],
)
def test_common_answers_take_the_short_way(data, body):
    """Else the law above would hold of nothing."""
    plain = PlainAnswers().read(data)
    assert plain is not None
    assert plain.body == body
    assert not plain.closes
