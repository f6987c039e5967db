"""A snapshot becomes an exchange of the model: identity bodies, nothing guessed, cuts marked."""

from __future__ import annotations

import gzip

import pytest

from replay.model.body import Body
from replay.model.exchange import Fault, FaultKind, Response, SocketMessage
from replay.model.headers import Headers
from replay.record.rebuild import exchange_of
from replay.record.snapshot import RawMessage, Snapshot

SNAPSHOT = Snapshot(
    connection="c1",
    upstream_host="shop",
    upstream_port=80,
    scheme="http",
    host=b"",
    method=b"POST",
    target=b"/a%20b?q=1",
    request_headers=((b"Host", b"shop.example"), (b"Content-Type", b"text/plain"), (b"X-\xe9", b"\xff")),
    request_body=b"hello",
    request_bytes=5,
    status=200,
    response_headers=((b"Content-Type", b"application/json"), (b"Content-Encoding", b"gzip"), (b"content-type", b"x")),
    response_body=gzip.compress(b"{}", mtime=0),
    response_bytes=len(gzip.compress(b"{}", mtime=0)),
    error="",
    started=1.0,
    ended=2.0,
)


def test_text_and_bodies_come_as_they_were() -> None:
    exchange, left_out = exchange_of(SNAPSHOT, "e1")
    assert left_out == ()
    assert (exchange.id, exchange.started, exchange.ended, exchange.connection) == ("e1", 1.0, 2.0, "c1")
    request = exchange.request
    assert (request.method, request.target, request.host, request.body.data) == (
        "POST", "/a%20b?q=1", "shop.example", b"hello",
    )  # fmt: skip
    assert request.headers.fields[2] == ("X-é", "ÿ")
    assert isinstance(exchange.outcome, Response)
    assert exchange.outcome.body.data == b"{}"
    assert [name for name, _ in exchange.outcome.headers.fields] == ["Content-Type", "content-type"]


def test_an_authority_of_http2_is_the_host() -> None:
    exchange, _ = exchange_of(SNAPSHOT._replace(host=b"h2.example"), "e1")
    assert exchange.request.host == "h2.example"


@pytest.mark.parametrize(
    ("change", "reason", "length"),
    [
        pytest.param({"response_bytes": 9000}, "response: cut while still encoded", 9000, id="half a gzip is nothing"),
        pytest.param(
            {"response_body": b"no gzip", "response_bytes": 7}, "response: broken content coding", 7, id="lie"
        ),
        pytest.param({"response_body": b"", "response_bytes": -1}, "response: cut while still encoded", 0, id="unseen"),
        pytest.param(
            {"response_headers": (), "response_body": b"", "response_bytes": -1}, "response: not seen", 0, id="not seen"
        ),
    ],
)
def test_a_body_that_cannot_be_had_is_left_out_and_counted(change: dict, reason: str, length: int) -> None:
    exchange, left_out = exchange_of(SNAPSHOT._replace(**change), "e1")
    assert left_out == (reason,)
    body = exchange.response.body
    assert (body.data, body.truncated, body.length_bytes) == (b"", True, length)
    assert exchange.status == 200


def test_a_cut_identity_body_keeps_its_beginning_and_true_length() -> None:
    exchange, left_out = exchange_of(SNAPSHOT._replace(request_bytes=5000), "e1")
    assert left_out == ()
    body = exchange.request.body
    assert (body.data, body.truncated, body.length_bytes) == (b"hello", True, 5000)


def test_no_response_is_a_fault() -> None:
    exchange, _ = exchange_of(
        SNAPSHOT._replace(status=0, error="[Errno 111] Connect call failed ('10.1.2.3', 80)"), "e1"
    )
    assert exchange.outcome == Fault(FaultKind.CONNECT)


def test_head_has_headers_of_a_body_that_was_never_sent() -> None:
    exchange, left_out = exchange_of(SNAPSHOT._replace(method=b"HEAD", response_body=b"", response_bytes=0), "e1")
    assert left_out == ()
    assert not exchange.response.body.truncated


def test_no_repr_shows_a_value() -> None:
    assert "hello" not in repr(SNAPSHOT)
    assert "example" not in repr(SNAPSHOT)


MESSAGES = [
    ((True, 1, 1.0, b'{"a": 1}', 8), Body(b'{"a": 1}', "application/json"), "a document"),
    ((True, 1, 1.0, b' ["a"]', 6), Body(b' ["a"]', "application/json"), "behind blanks"),
    ((False, 1, 1.0, b"hello", 5), Body(b"hello", "text/plain"), "text"),
    ((False, 1, 1.0, b"{hello", 6), Body(b"{hello", "text/plain"), "text that begins like a document"),
    ((False, 1, 1.0, b"42", 2), Body(b"42", "text/plain"), "a bare number is as likely text"),
    ((False, 1, 1.0, b"", 0), Body(b"", "text/plain"), "an empty text"),
    ((True, 2, 1.0, b"\x00\x01", 2), Body(b"\x00\x01", "application/octet-stream"), "binary"),
    ((True, 1, 1.0, b'{"a": ', 99), Body(b'{"a": ', "application/json", True, 99), "a cut document"),
    ((True, 1, 1.0, b"", 99), Body(b"", "text/plain", True, 99), "all of it cut"),
    ((True, 2, 1.0, b"\x00", 99), Body(b"\x00", "application/octet-stream", True, 99), "a cut binary"),
]


@pytest.mark.parametrize(("message", "body", "remark"), MESSAGES)
def test_socket_messages_have_a_type_and_show_cuts(message: RawMessage, body: Body, remark: str) -> None:
    """Frames say only text or binary; size and direction stay."""
    made, _ = exchange_of(SNAPSHOT._replace(status=101, messages=(message,)), "e1")
    assert made.messages == (SocketMessage(message[0], 1.0, body),), remark


def test_trailers_are_kept_also_without_a_body() -> None:
    """gRPC's status travels there."""
    trailers = ((b"grpc-status", b"0"), (b"Grpc-Message", b"a\r\n b"))
    for method in (b"POST", b"HEAD"):
        made, _ = exchange_of(SNAPSHOT._replace(method=method, response_trailers=trailers), "e1")
        assert made.response is not None
        assert made.response.trailers == Headers((("grpc-status", "0"), ("Grpc-Message", "a  b")))
