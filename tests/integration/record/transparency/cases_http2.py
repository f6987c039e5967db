"""HTTP/2 from end to end: requests, streams side by side, gRPC's four shapes, resets."""

from __future__ import annotations

from collections.abc import Callable

from h2.errors import ErrorCodes

from integration.record.transparency.cases_messages import noise
from integration.record.transparency.http2 import Fields, Http2Side
from integration.record.transparency.stage import Case, Stage
from integration.record.transparency.wire import Wire

H2Script = Callable[[Http2Side, Stage], None]


def _asks(method: bytes, path: bytes, *fields: tuple[bytes, bytes]) -> Fields:
    pseudo = ((b":method", method), (b":scheme", b"https"), (b":authority", b"shop.example:8080"), (b":path", path))
    return pseudo + fields


def _answers(status: bytes, *fields: tuple[bytes, bytes]) -> Fields:
    return ((b":status", status), *fields)


_GRPC_ASKS = _asks(
    b"POST", b"/shop.Orders/Place", (b"te", b"trailers"), (b"content-type", b"application/grpc+proto"),
    (b"grpc-timeout", b"5S"), (b"x-request-bin", b"AAEC"),
)  # fmt: skip
_GRPC_ANSWERS = _answers(b"200", (b"content-type", b"application/grpc"), (b"grpc-encoding", b"identity"))
_GRPC_DONE = ((b"grpc-status", b"0"), (b"grpc-message", b""), (b"x-cost-bin", b"AAEC"))


def _grpc(payload: bytes) -> bytes:
    return b"\x00" + len(payload).to_bytes(4, "big") + payload


def _case(name: str, client: H2Script, upstream: H2Script, exchanges: int = 1) -> Case:
    def client_side(wire: Wire, stage: Stage) -> None:
        client(Http2Side(wire, is_client=True), stage)
        stage.tell("the client is done")

    def upstream_side(wire: Wire, stage: Stage) -> None:
        upstream(Http2Side(wire, is_client=False), stage)
        stage.wait("the client is done")

    return Case(name, client_side, upstream_side, exchanges)


def _unary(
    name: str, sent: Fields, body: bytes | None, answered: Fields, data: bytes | None, trailers: Fields = ()
) -> Case:
    def client(side: Http2Side, _: Stage) -> None:
        side.message(side.ask(sent, body))

    def upstream(side: Http2Side, _: Stage) -> None:
        number = side.opened()
        side.message(number)
        side.headers(number, answered, is_over=data is None and not trailers)
        if data is not None:
            side.data(number, data, is_over=not trailers)
        if trailers:
            side.headers(number, trailers, is_over=True)

    return _case(name, client, upstream)


def _three_at_once(side: Http2Side, _: Stage) -> None:
    numbers = [side.ask(_asks(b"POST", b"/%d" % n), b"body %d" % n) for n in range(3)]
    for number in numbers:
        side.message(number)


def _answers_in_reverse(side: Http2Side, _: Stage) -> None:
    numbers = [side.opened(count) for count in (1, 2, 3)]
    for number in sorted(numbers, key=lambda number: dict(side.stream(number).headers)[b":path"], reverse=True):
        side.message(number)
        side.headers(number, _answers(b"200", (b"x-for", dict(side.stream(number).headers)[b":path"])))
        side.data(number, b"done", is_over=True)


def _server_streaming_client(side: Http2Side, stage: Stage) -> None:
    number = side.ask(_GRPC_ASKS, _grpc(b"q"))
    for n in range(1, 4):
        side.begun(number, n * len(_grpc(b"x")))
        stage.tell(f"message {n} is here")
    side.message(number)


def _server_streaming(side: Http2Side, stage: Stage) -> None:
    """Each message waits until the client has the one before."""
    number = side.opened()
    side.message(number)
    side.headers(number, _GRPC_ANSWERS)
    for n in range(1, 4):
        side.data(number, _grpc(b"%d" % n))
        stage.wait(f"message {n} is here")
    side.headers(number, _GRPC_DONE, is_over=True)


def _both_streaming_client(side: Http2Side, _: Stage) -> None:
    """Each message answers the one before; the request ends last but for the trailers."""
    number = side.ask(_GRPC_ASKS, is_over=False)
    for n in range(1, 4):
        side.data(number, _grpc(b"%d" % n))
        side.begun(number, n * len(_grpc(b"x")))
    side.data(number, b"", is_over=True)
    side.message(number)


def _both_streaming(side: Http2Side, _: Stage) -> None:
    number = side.opened()
    side.headers(number, _GRPC_ANSWERS)
    for n in range(1, 4):
        side.begun(number, n * len(_grpc(b"x")))
        side.data(number, _grpc(b"%d" % n))
    side.message(number)
    side.headers(number, _GRPC_DONE, is_over=True)


def _cancels(side: Http2Side, stage: Stage) -> None:
    number = side.ask(_GRPC_ASKS, _grpc(b"q"))
    side.begun(number, 1)
    side.reset(number, ErrorCodes.CANCEL)
    stage.wait("the cancel is seen")


def _is_cancelled(side: Http2Side, stage: Stage) -> None:
    number = side.opened()
    side.message(number)
    side.headers(number, _GRPC_ANSWERS)
    side.data(number, _grpc(b"1"))
    side.stream(number).end = ""
    side.message(number)
    stage.tell("the cancel is seen")


def _sees_a_reset(side: Http2Side, _: Stage) -> None:
    number = side.ask(_GRPC_ASKS, _grpc(b"q"))
    side.message(number)


def _resets_in_the_middle(side: Http2Side, _: Stage) -> None:
    number = side.opened()
    side.message(number)
    side.headers(number, _GRPC_ANSWERS)
    side.data(number, _grpc(b"1"))
    side.reset(number, ErrorCodes.INTERNAL_ERROR)


CASES = (
    _unary("h2 GET", _asks(b"GET", b"//a%2Fb;p?x=1&x=2"), None, _answers(b"200", (b"content-length", b"2")), b"ok"),
    _unary("h2 HEAD", _asks(b"HEAD", b"/"), None, _answers(b"200", (b"content-length", b"12")), None),
    _unary("h2 204", _asks(b"DELETE", b"/1"), None, _answers(b"204"), None),
    _unary("h2 POST of 1 MB", _asks(b"POST", b"/up"), noise(1 << 20), _answers(b"201"), noise(1 << 20)),
    _unary("h2 POST with a length", _asks(b"POST", b"/", (b"content-length", b"3")), b"abc", _answers(b"200"), b""),
    _unary(
        "h2 headers in order",
        _asks(b"GET", b"/", (b"x-b", b"2"), (b"x-a", b"1"), (b"x-b", b"3"), (b"cookie", b"a=1"), (b"cookie", b"b=2")),
        None,
        _answers(b"200", (b"set-cookie", b"a=1"), (b"x-e", b""), (b"set-cookie", b"b=2"), (b"x-l", b"caf\xe9")),
        b"ok",
    ),
    _unary("gRPC unary", _GRPC_ASKS, _grpc(b"order"), _GRPC_ANSWERS, _grpc(b"placed"), _GRPC_DONE),
    _unary("gRPC trailers only", _GRPC_ASKS, _grpc(b"order"), _answers(b"200", (b"grpc-status", b"7")), None),
    _unary(
        "h2 request without a body, response with trailers",
        _asks(b"GET", b"/"),
        None,
        _answers(b"200"),
        b"x",
        _GRPC_DONE,
    ),
    _case("h2 three streams at once", _three_at_once, _answers_in_reverse, exchanges=3),
    _case("gRPC server streaming", _server_streaming_client, _server_streaming),
    _case("gRPC in both directions", _both_streaming_client, _both_streaming),
    _case("the h2 client cancels", _cancels, _is_cancelled),
    _case("the h2 upstream resets", _sees_a_reset, _resets_in_the_middle),
)
