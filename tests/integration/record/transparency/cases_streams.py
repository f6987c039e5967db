"""Nothing is held back: each side waits for what the other has seen, so that a proxy which buffers stalls the case."""

from __future__ import annotations

from integration.record.transparency.cases_framing import CHUNKED
from integration.record.transparency.cases_messages import LAST_RESPONSE, exchange, noise, replies, request, response
from integration.record.transparency.stage import Case, Stage
from integration.record.transparency.wire import Wire

_LARGE_BYTES = 8 << 20
_FIRST_BYTES = 64 << 10
_PARTS = (b"data: 1\n\n", b"data: two\nid: 2\n\n", b": ping\n\n", b"data: 4\n\n")
EVENTS = b"Content-Type: text/event-stream\r\nCache-Control: no-cache\r\n"


def chunk(part: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(part), part)


def _pours(head: bytes, *, is_chunked: bool) -> Case:
    """The upstream writes a part only when the client has the one before."""

    def client(wire: Wire, stage: Stage) -> None:
        wire.ask(request(headers=b"Accept: text/event-stream\r\n"))
        wire.head()
        stage.tell("head")
        for n, part in enumerate(_PARTS):
            got = wire.exactly(len(chunk(part) if is_chunked else part))
            wire.note(repr(got))
            stage.tell(f"part {n}")
        wire.note(repr(wire.exactly(5) if is_chunked else wire.rest()))

    def upstream(wire: Wire, stage: Stage) -> None:
        wire.request()
        wire.send(head)
        stage.wait("head")
        for n, part in enumerate(_PARTS):
            wire.send(chunk(part) if is_chunked else part)
            stage.wait(f"part {n}")
        if is_chunked:
            wire.send(b"0\r\n\r\n")
            wire.until_closed()

    return Case("", client, upstream)


def _named(name: str, case: Case) -> Case:
    return Case(name, case.client, case.upstream, case.exchanges)


def _long_poll_client(wire: Wire, stage: Stage) -> None:
    wire.ask(request())
    wire.head()
    stage.tell("head")
    wire.note(repr(wire.exactly(4)))


def _long_poll_upstream(wire: Wire, stage: Stage) -> None:
    wire.request()
    wire.send(response(headers=CHUNKED, body=None))
    stage.wait("head")
    wire.send(b"4\r\nlate\r\n0\r\n\r\n")
    wire.until_closed()


def _download_client(wire: Wire, stage: Stage) -> None:
    wire.ask(request())
    wire.head()
    first = wire.exactly(_FIRST_BYTES)
    stage.tell("first bytes are down")
    rest = wire.exactly(_LARGE_BYTES - _FIRST_BYTES)
    wire.note(f"the body is whole: {first + rest == noise(_LARGE_BYTES)}")


def _download_upstream(wire: Wire, stage: Stage) -> None:
    body = noise(_LARGE_BYTES)
    wire.request()
    wire.send(response(headers=b"Content-Length: %d\r\n" % _LARGE_BYTES, body=None) + body[: 2 * _FIRST_BYTES])
    stage.wait("first bytes are down")
    wire.send(body[2 * _FIRST_BYTES :])
    wire.until_closed()


def _upload(*, is_chunked: bool) -> Case:
    """The client sends the rest only when the upstream has the beginning."""
    head = CHUNKED if is_chunked else b"Content-Length: %d\r\n" % _LARGE_BYTES

    def begun(wire: Wire, stage: Stage) -> None:
        wire.arrived(_FIRST_BYTES // 2)
        stage.tell("first bytes are up")

    def framed(piece: bytes) -> bytes:
        return chunk(piece) if is_chunked else piece

    def client(wire: Wire, stage: Stage) -> None:
        body = noise(_LARGE_BYTES)
        wire.ask(request(b"PUT", b"/upload", head) + framed(body[:_FIRST_BYTES]))
        stage.wait("first bytes are up")
        wire.send(framed(body[_FIRST_BYTES:]) + (b"0\r\n\r\n" if is_chunked else b""))
        wire.answer()

    def upstream(wire: Wire, stage: Stage) -> None:
        wire.request(lambda _: begun(wire, stage))
        wire.send(response())
        wire.until_closed()

    return Case("", client, upstream)


def _early_answer_client(wire: Wire, stage: Stage) -> None:
    wire.ask(request(b"PUT", b"/upload", b"Content-Length: %d\r\n" % _LARGE_BYTES) + noise(_FIRST_BYTES))
    wire.answer()
    wire.until_gone()
    stage.tell("answered")


def _early_answer_upstream(wire: Wire, stage: Stage) -> None:
    """413 before the body is there, and the connection is over."""
    wire.head()
    wire.exactly(_FIRST_BYTES)
    wire.send(response(b"413 Content Too Large", b"Connection: close\r\n", b"too large"))
    wire.sock.shutdown(1)
    stage.wait("answered")


def _talk_client(wire: Wire, stage: Stage) -> None:
    """Both directions at once: each part of the response answers a part of the request (gRPC over HTTP/1.1 does so)."""
    wire.ask(request(b"POST", b"/talk", CHUNKED))
    wire.head()
    for n in range(3):
        wire.send(chunk(b"question %d" % n))
        wire.note(repr(wire.exactly(len(chunk(b"answer 0")))))
    wire.send(b"0\r\n\r\n")
    wire.note(repr(wire.exactly(5)))


def _talk_upstream(wire: Wire, stage: Stage) -> None:
    wire.head()
    wire.send(response(headers=CHUNKED, body=None))
    for n in range(3):
        wire.note(repr(wire.exactly(len(chunk(b"question 0")))))
        wire.send(chunk(b"answer %d" % n))
    wire.note(repr(wire.exactly(5)))
    wire.send(b"0\r\n\r\n")
    wire.until_closed()


CASES = (
    _named("server-sent events in chunks", _pours(response(headers=EVENTS + CHUNKED, body=None), is_chunked=True)),
    _named(
        "server-sent events up to the end",
        _pours(response(headers=EVENTS + b"Connection: close\r\n", body=None), is_chunked=False),
    ),
    _named("plain text in flushed chunks", _pours(response(headers=CHUNKED, body=None), is_chunked=True)),
    Case("the head comes before the first chunk", _long_poll_client, _long_poll_upstream),
    Case("a large download is not held back", _download_client, _download_upstream),
    _named("a large upload is not held back", _upload(is_chunked=False)),
    _named("a large chunked upload is not held back", _upload(is_chunked=True)),
    Case("an answer before the upload is done", _early_answer_client, _early_answer_upstream),
    Case("talk in both directions at once", _talk_client, _talk_upstream),
    Case(
        "chunks keep their bounds when streamed",
        exchange(request()),
        replies(
            response(headers=CHUNKED, body=None) + b"".join(chunk(noise(n)) for n in (1, 2, 30, 400)) + b"0\r\n\r\n",
            LAST_RESPONSE,
        ),
        exchanges=2,
        keeps_chunks=True,
    ),
)
