"""How messages begin and end: chunks, trailers, interim responses, HTTP/1.0, connections kept and closed."""

from __future__ import annotations

from integration.record.transparency.cases_messages import (
    HOST,
    LAST_RESPONSE,
    exchange,
    noise,
    replies,
    request,
    response,
    simple,
)
from integration.record.transparency.http1 import Message
from integration.record.transparency.stage import Case, Stage
from integration.record.transparency.wire import Wire

CHUNKED = b"Transfer-Encoding: chunked\r\n"


def chunks(*parts: bytes, trailers: bytes = b"") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n" + trailers + b"\r\n"


def chunked_request(raw: bytes, headers: bytes = b"") -> bytes:
    return request(b"POST", b"/up", CHUNKED + headers) + raw


def chunked_response(raw: bytes, headers: bytes = b"") -> bytes:
    return response(headers=headers + CHUNKED, body=None) + raw


CHUNK_CASES = (
    simple("a chunked response", request(), chunked_response(chunks(b"a", b"bc" * 500, noise(70000)))),
    simple("an empty chunked response", request(), chunked_response(chunks())),
    simple("a chunked request", chunked_request(chunks(b"a", b"bc" * 500, noise(70000)))),
    simple("an empty chunked request", chunked_request(chunks())),
    simple("odd chunk lines", request(), chunked_response(b"00A;x=1\r\n0123456789\r\n1 \r\nz\r\n0;end\r\n\r\n")),
    simple("odd chunk lines in a request", chunked_request(b'0A;n="v"\r\n0123456789\r\n000\r\n\r\n')),
    simple(
        "response trailers",
        request(headers=b"TE: trailers\r\n"),
        chunked_response(
            chunks(b"part", b"two", trailers=b"grpc-status: 0\r\nX-Sum: abc\r\nx-sum: d\r\n"), b"Trailer: X-Sum\r\n"
        ),
    ),
    simple("response trailers after no body", request(), chunked_response(chunks(trailers=b"X-Sum: \r\n"))),
    simple(
        "request trailers",
        chunked_request(chunks(b"part", b"two", trailers=b"X-Sum: abc\r\nx-sum: d\r\n"), b"Trailer: X-Sum\r\n"),
    ),
    simple(
        "trailers both ways",
        chunked_request(chunks(b"one", trailers=b"X-Up: 1\r\n")),
        chunked_response(chunks(b"two", trailers=b"X-Down: 2\r\n")),
    ),
)

INTERIM = (
    simple(
        "103 and then 200", request(), b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" + response()
    ),
    simple(
        "102, 103, 103 and then 200",
        request(b"POST", b"/", body=b"slow"),
        b"HTTP/1.1 102 Processing\r\n\r\n" + b"HTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n" * 2 + response(),
    ),
    simple("103 before HEAD", request(b"HEAD"), b"HTTP/1.1 103 Early Hints\r\n\r\n" + response(body=None)),
    simple("100 that nobody asked for", request(), b"HTTP/1.1 100 Continue\r\n\r\n" + response()),
    simple(
        "103 and then chunks with trailers",
        request(),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + chunked_response(chunks(b"x", trailers=b"X-Sum: 1\r\n")),
    ),
)


def _hints_come_before_the_answer(wire: Wire, stage: Stage) -> None:
    wire.ask(request())
    wire.head()
    stage.tell("hints are here")
    wire.answer()


def _hints_then_wait(wire: Wire, stage: Stage) -> None:
    wire.request()
    wire.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
    stage.wait("hints are here")
    wire.send(response())
    wire.until_closed()


def _expecting(wire: Wire, _: Stage) -> None:
    """A careful client: the body goes out only after a 100."""
    wire.ask(request(b"POST", b"/up", b"Expect: 100-continue\r\nContent-Length: 5\r\n"))
    if wire.head().status == 100:
        wire.send(b"hello")
        wire.answer()
    else:
        wire.note(repr(wire.exactly(2)))


def _says_continue(wire: Wire, _: Stage) -> None:
    def between(head: Message) -> None:
        if head.header(b"expect"):
            wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    wire.request(between)
    wire.send(response())
    wire.until_closed()


def _refuses_the_body(wire: Wire, _: Stage) -> None:
    """Answers as soon as the head is here, and never asks for the body."""
    answer = response(b"417 Expectation Failed", body=b"no")
    if wire.head().header(b"expect"):
        wire.send(answer)
        wire.until_closed()
    else:
        wire.exactly(5)
        wire.send(answer)


EXPECT = (
    Case("hints arrive before the answer is written", _hints_come_before_the_answer, _hints_then_wait),
    Case("Expect: 100-continue, accepted", _expecting, _says_continue),
    Case("Expect: 100-continue, refused", _expecting, _refuses_the_body),
)


def _old_client(headers: bytes = b"") -> bytes:
    return b"GET /old HTTP/1.0\r\n" + headers + b"\r\n"


def one_answer_then_close(name: str, sent: bytes, answered: bytes) -> Case:
    """The upstream closes after its answer; the client sees the end."""

    def client(wire: Wire, _: Stage) -> None:
        wire.ask(sent)
        wire.answer()
        wire.until_closed()

    def upstream(wire: Wire, _: Stage) -> None:
        wire.request()
        wire.send(answered)

    return Case(name, client, upstream)


def _pipeline(wire: Wire, stage: Stage) -> None:
    methods = (b"GET", b"POST", b"HEAD", b"GET")
    sent = [
        request(method, b"/%d" % n, body=b"x" * n if method == b"POST" else None) for n, method in enumerate(methods)
    ]
    wire.ask(sent[0] + b"".join(sent[1:]))
    wire.expect_answers_to(methods[1:])
    for _ in methods:
        wire.answer()


def _asked_to_close(wire: Wire, _: Stage) -> None:
    wire.ask(request(headers=b"Connection: close\r\n"))
    wire.answer()
    wire.until_closed()


def _closes_when_asked(wire: Wire, _: Stage) -> None:
    wire.request()
    wire.send(response(headers=b"Connection: close\r\n"))


def _five_in_a_row(wire: Wire, _: Stage) -> None:
    for n in range(5):
        wire.ask(request(b"POST", b"/%d" % n, body=b"%d" % n * n))
        wire.answer()


CONNECTIONS = (
    one_answer_then_close(
        "a body up to the end, HTTP/1.0", request(), b"HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\n" + noise(99999)
    ),
    one_answer_then_close(
        "a body up to the end, HTTP/1.1", request(), response(headers=b"Connection: close\r\n", body=None) + b"rest"
    ),
    one_answer_then_close("an empty body up to the end", request(), response(body=None)),
    one_answer_then_close("an HTTP/1.0 client", _old_client(), response(headers=b"Connection: close\r\n")),
    one_answer_then_close(
        "an HTTP/1.0 client with Host", _old_client(HOST), b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
    ),
    one_answer_then_close("the upstream says close", request(), response(headers=b"Connection: close\r\n")),
    one_answer_then_close(
        "the upstream says close, chunked", request(), chunked_response(chunks(b"a"), b"connection: Close\r\n")
    ),
    Case(
        "an HTTP/1.0 client that keeps the connection",
        exchange(_old_client(HOST + b"Connection: keep-alive\r\n")),
        replies(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", LAST_RESPONSE),
        exchanges=2,
    ),
    Case(
        "an HTTP/1.0 client that writes Keep-Alive",
        exchange(_old_client(HOST + b"Connection: Keep-Alive\r\n")),
        replies(b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok", LAST_RESPONSE),
        exchanges=2,
    ),
    Case("both say close", _asked_to_close, _closes_when_asked),
    Case("five requests on one connection", _five_in_a_row, replies(*[response(body=b"%d" % n) for n in range(5)]), 5),
    Case(
        "pipelining",
        _pipeline,
        replies(response(), response(), response(headers=b"Content-Length: 7\r\n", body=None), LAST_RESPONSE),
        4,
    ),
)

CASES = CHUNK_CASES + INTERIM + EXPECT + CONNECTIONS
