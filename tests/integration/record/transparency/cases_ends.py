"""Connections that end badly: clients and upstreams that leave, at every moment at which they can."""

from __future__ import annotations

from integration.record.transparency.cases_framing import CHUNKED
from integration.record.transparency.cases_messages import noise, request, response
from integration.record.transparency.cases_streams import EVENTS, chunk
from integration.record.transparency.stage import Case, Script, Stage
from integration.record.transparency.wire import Wire

_FIRST_BYTES = 100_000
_LARGE_BYTES = 32 << 20  # more than all socket buffers on the way hold


def _leaves(sent: bytes, *, after: str, with_reset: bool = False) -> Script:
    """Send this, and leave when the upstream has got that far."""

    def client(wire: Wire, stage: Stage) -> None:
        wire.ask(sent)
        stage.wait(after)
        wire.reset() if with_reset else wire.close()

    return client


def _has_the_beginning(wire: Wire, stage: Stage) -> None:
    wire.head()
    wire.arrived(1000)
    stage.tell("the beginning is here")
    wire.until_gone()


def _has_the_request(wire: Wire, stage: Stage) -> None:
    wire.request()
    stage.tell("the request is here")
    wire.until_gone()


def _leaves_in_mid_download(*, with_reset: bool) -> Script:
    def client(wire: Wire, stage: Stage) -> None:
        wire.ask(request())
        wire.head()
        wire.exactly(_FIRST_BYTES)
        wire.reset() if with_reset else wire.close()

    return client


def _pours_until_nobody_listens(wire: Wire, _: Stage) -> None:
    wire.request()
    try:
        wire.send(response(headers=b"Content-Length: %d\r\n" % _LARGE_BYTES, body=None) + bytes(_LARGE_BYTES))
        wire.note("everything was taken")
    except ConnectionError:
        wire.note("nobody listens")


def _leaves_events(wire: Wire, stage: Stage) -> None:
    wire.ask(request())
    wire.head()
    wire.exactly(len(chunk(b"data: 1\n\n")))
    wire.close()


def _events_until_gone(wire: Wire, stage: Stage) -> None:
    wire.request()
    wire.send(response(headers=EVENTS + CHUNKED, body=None) + chunk(b"data: 1\n\n"))
    wire.until_gone()


def _asks_and_sees_the_end(wire: Wire, _: Stage) -> None:
    wire.ask(request(b"POST", b"/", body=b"x"))
    wire.answer()
    wire.until_gone()


def _answers_and_ends(data: bytes, *, with_reset: bool = False) -> Script:
    def upstream(wire: Wire, _: Stage) -> None:
        wire.request()
        wire.send(data)
        wire.reset() if with_reset else wire.close()

    return upstream


def _breaks_off(data: bytes) -> tuple[Script, Script]:
    """The upstream breaks off when the client has most of what was sent. Nothing may make it look whole."""

    def client(wire: Wire, stage: Stage) -> None:
        def most_is_here() -> None:
            wire.arrived(_FIRST_BYTES)
            stage.tell("most is here")

        wire.ask(request())
        wire.answer(most_is_here)
        wire.until_gone()

    def upstream(wire: Wire, stage: Stage) -> None:
        wire.request()
        wire.send(data)
        stage.wait("most is here")

    return client, upstream


def _asks_again(wire: Wire, stage: Stage) -> None:
    """The upstream closes the idle connection between the two requests."""
    wire.ask(request())
    wire.answer()
    stage.tell("answered")
    stage.wait("closed")
    wire.ask(request(target=b"/again"))
    wire.answer()


def _closes_when_idle(*, with_reset: bool) -> Script:
    def upstream(wire: Wire, stage: Stage) -> None:
        wire.request()
        wire.send(response(body=b"%d" % wire.number))
        if wire.number == 0:
            stage.wait("answered")
            wire.reset() if with_reset else wire.close()
            stage.tell("closed")

    return upstream


_LONG_UPLOAD = request(b"PUT", b"/", b"Content-Length: 5000000\r\n") + noise(_FIRST_BYTES)
_CHUNKED_UPLOAD = request(b"PUT", b"/", CHUNKED) + chunk(noise(_FIRST_BYTES))
_LONG_DOWNLOAD = response(headers=b"Content-Length: 5000000\r\n", body=None) + noise(_FIRST_BYTES)
_CHUNKED_DOWNLOAD = response(headers=CHUNKED, body=None) + chunk(noise(_FIRST_BYTES))

CLIENT_LEAVES = (
    Case("the client leaves in mid-upload", _leaves(_LONG_UPLOAD, after="the beginning is here"), _has_the_beginning),
    Case(
        "the client resets in mid-upload",
        _leaves(_LONG_UPLOAD, after="the beginning is here", with_reset=True),
        _has_the_beginning,
    ),
    Case(
        "the client leaves in a chunked upload",
        _leaves(_CHUNKED_UPLOAD, after="the beginning is here"),
        _has_the_beginning,
    ),
    Case("the client leaves before the answer", _leaves(request(), after="the request is here"), _has_the_request),
    Case(
        "the client resets before the answer",
        _leaves(request(), after="the request is here", with_reset=True),
        _has_the_request,
    ),
    Case("the client leaves in mid-download", _leaves_in_mid_download(with_reset=False), _pours_until_nobody_listens),
    Case("the client resets in mid-download", _leaves_in_mid_download(with_reset=True), _pours_until_nobody_listens),
    Case("the client leaves an event stream", _leaves_events, _events_until_gone),
)

UPSTREAM_LEAVES = (
    Case("the upstream closes in a long body", *_breaks_off(_LONG_DOWNLOAD)),
    Case("the upstream closes in a chunked body", *_breaks_off(_CHUNKED_DOWNLOAD)),
    Case("the upstream closes after the last chunk but one", *_breaks_off(_CHUNKED_DOWNLOAD + b"5\r\nab")),
)


def _leaves_at_once(wire: Wire, _: Stage) -> None:
    wire.ask(request(b"PUT", b"/", b"Content-Length: 5000\r\n") + noise(2000))


def _gets_what_comes(wire: Wire, _: Stage) -> None:
    wire.request()


# With no response, or only the beginning of a short one, in hand, a proxy can but say 502 (RFC 9110 section 15.6.3).
ANSWERED_FOR = (
    Case("the upstream closes before it answers", _asks_and_sees_the_end, _answers_and_ends(b"")),
    Case("the upstream resets before it answers", _asks_and_sees_the_end, _answers_and_ends(b"", with_reset=True)),
    Case("the upstream closes in its head", _asks_and_sees_the_end, _answers_and_ends(b"HTTP/1.1 200 OK\r\nX-A:")),
    Case(
        "the upstream closes in a short body", _asks_and_sees_the_end, _answers_and_ends(response(body=b"12345")[:-2])
    ),
    Case("the upstream speaks no HTTP", _asks_and_sees_the_end, _answers_and_ends(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")),
    Case("a space before the colon", _asks_and_sees_the_end, _answers_and_ends(response(headers=b"X-A : 1\r\n"))),
    Case(
        "two Content-Lengths that differ",
        _asks_and_sees_the_end,
        _answers_and_ends(response(headers=b"Content-Length: 9\r\n")),
    ),
)

NEVER_SENT = (Case("the client leaves in a short upload", _leaves_at_once, _gets_what_comes),)

REUSED = (
    Case("the upstream closes an idle connection", _asks_again, _closes_when_idle(with_reset=False), exchanges=2),
    Case("the upstream resets an idle connection", _asks_again, _closes_when_idle(with_reset=True), exchanges=2),
)

CASES = CLIENT_LEAVES + UPSTREAM_LEAVES
