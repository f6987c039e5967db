"""Mends go in only where they hold, go out without a trace, and safe options leave the user's word alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from mitmproxy.http import Headers
from mitmproxy.net.http import http1
from mitmproxy.net.http.http1 import read
from mitmproxy.options import Options
from mitmproxy.proxy.layers.http import HttpStream, _http1, _http2, _http_h2

from replay.record.proxy import hardening
from replay.record.proxy.hardening import MENDS
from replay.record.proxy.interim import INTERIM
from replay.record.proxy.mend import Mend, is_known_version, undo_all
from replay.record.proxy.quick_headers import QUICK_HEADERS
from replay.record.proxy.rehearsal import receive_response

NAMES = ("interim-responses", "chunked-trailers", "early-answers", "connection-options", "expect-continue")
EVERY = [pytest.param(mend, id=mend.name) for mend in (*MENDS, QUICK_HEADERS)]
TOUCHED = (
    *(_http1.Http1Connection, _http1.Http1Client, _http1.Http1Server, HttpStream, http1, read, Headers),
    *(_http_h2.BufferedH2Connection, _http2.Http2Connection, _http2.Http2Client, _http2.Http2Server),
)


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing installed before, and mitmproxy as it was after."""
    monkeypatch.setattr(hardening, "_installed", {})
    before = [dict(vars(kind)) for kind in TOUCHED]
    reader = vars(_http1)["ChunkedReader"]
    yield
    monkeypatch.setattr(_http1, "ChunkedReader", reader)
    for kind, old in zip(TOUCHED, before, strict=True):
        for name in [name for name in vars(kind) if name not in old]:
            delattr(kind, name)
        for name in [name for name, value in old.items() if vars(kind)[name] is not value]:
            setattr(kind, name, old[name])


@pytest.mark.parametrize("mend", EVERY)
def test_a_mend_holds_in_place_and_leaves_no_trace(mend: Mend) -> None:
    """On the mitmproxy that is installed here, with those in place that it may build on."""
    undo_needed = undo_all(tuple(needed.put() for needed in MENDS[: MENDS.index(mend) if mend in MENDS else 0]))
    before = [dict(vars(kind)) for kind in TOUCHED]
    assert mend.fits()
    undo = mend.put()
    assert mend.holds()
    undo()
    assert [dict(vars(kind)) for kind in TOUCHED] == before
    undo_needed()


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend.name)
def test_stock_mitmproxy_fails_the_rehearsal(mend: Mend) -> None:
    """Else it would prove nothing: 103 is taken as the response, and trailers are not known to be possible."""
    try:
        holds = mend.holds()
    except RuntimeError:  # what stock mitmproxy raises on trailers is a kind of it
        holds = False
    assert not holds


def test_hardening_installs_once() -> None:
    """A second call, as after a reload of the addon, wraps nothing twice."""
    assert hardening.install_hardening() == NAMES
    before = [dict(vars(kind)) for kind in TOUCHED]
    assert hardening.install_hardening() == NAMES
    assert [dict(vars(kind)) for kind in TOUCHED] == before


@pytest.mark.parametrize("missing", ["interim-responses", "early-answers"])
def test_expectations_stay_stock_without_what_they_need(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 100 that is not passed on, or a 417 that never ends, would be worse than mitmproxy's own answer."""
    monkeypatch.setattr(hardening, "_installed", {missing: False})
    assert hardening.install_hardening() == tuple(name for name in NAMES if name not in {missing, "expect-continue"})


def raising() -> bool:
    raise AttributeError


@pytest.mark.parametrize(
    "spoilt",
    [
        pytest.param(replace(INTERIM, fits=lambda: False), id="does not fit"),
        pytest.param(replace(INTERIM, fits=raising), id="cannot be looked at"),
        pytest.param(replace(INTERIM, put=raising), id="cannot be put in place"),
        pytest.param(replace(INTERIM, holds=lambda: False), id="does not hold"),
        pytest.param(replace(INTERIM, holds=raising), id="raises in its rehearsal"),
    ],
)
def test_a_mend_that_fails_leaves_mitmproxy_stock(spoilt: Mend, caplog: pytest.LogCaptureFixture) -> None:
    """One sentence in the log, once, and the methods are the old ones."""
    stock = _http1.Http1Client.read_headers
    assert hardening.install_hardening((spoilt,)) == ()
    assert hardening.install_hardening((spoilt,)) == ()
    assert _http1.Http1Client.read_headers is stock
    assert [record.getMessage() for record in caplog.records] == [
        "replay: interim-responses does not fit this mitmproxy; it stays as it is"
    ]


def test_an_unknown_version_stays_stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has read its code."""
    monkeypatch.setattr("mitmproxy.version.VERSION", "13.0.0")
    assert hardening.install_hardening() == ()


@pytest.mark.parametrize(
    ("version", "is_known"),
    [("11.0.2", True), ("12.2.3", True), ("12.3.1", True), ("11.0.1", False), ("13.0.0", False), ("13.0.0.dev", False)],
)
def test_versions_are_known_by_their_numbers(version: str, is_known: bool) -> None:
    """11.0.2 up to, not including, 13."""
    assert is_known_version(version) is is_known


@pytest.mark.parametrize(
    ("raw", "statuses", "body"),
    [
        (b"HTTP/1.1 103 Early Hints\r\n\r\n", [], b""),  # the rest is still to come
        (b"HTTP/1.1 103 Early", [], b""),
        (b"HTTP/1.0 102 X\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 1\r\n\r\nx", [404], b"x"),
        (b"HTTP/1.1 199\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", [204], b""),
        (b"HTTP/1.1 101 Switching\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", [101], b"HTTP/1.1 200 OK\r\n\r\n"),  # a pipe now
        (b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nHTTP/1.1 103 X\r\n", [200], b"HTTP/1.1 103 X\r\n"),
    ],
)
def test_only_interim_heads_are_no_response(raw: bytes, statuses: list[int], body: bytes) -> None:
    """Before the final head, never inside a body, never 101."""
    undo = INTERIM.put()
    try:
        received = receive_response(raw)
    finally:
        undo()
    assert (received.statuses, received.body) == (statuses, body)


FIELDS = ((b"A", b"1"), (b"a", b"2"), (b"Set-Cookie", b"x=1"), (b"X-\xc3\xa9", b"\xff"), (b"Empty", b""))


@pytest.mark.parametrize("name", ["a", "A", b"a", "set-cookie", "x-é", "EMPTY", "none", b"none", ""])
def test_quick_headers_answer_as_stock_ones(name: str | bytes) -> None:
    """Every way of asking, with fields that repeat, are empty or are no UTF-8."""

    def answers() -> list[object]:
        headers = Headers(FIELDS)
        try:
            item: object = headers[name]
        except KeyError as error:
            item = repr(error)
        return [headers.get_all(name), headers.get(name), headers.get(name, 7), name in headers, item]

    stock = answers()
    undo = QUICK_HEADERS.put()
    try:
        assert answers() == stock
    finally:
        undo()


def with_options() -> Options:
    options = Options()
    options.add_option("connection_strategy", str, "eager", "")
    options.add_option("keep_host_header", bool, False, "")
    return options


def test_safe_defaults_are_for_options_that_exist() -> None:
    """The tuned master has fewer of them than mitmdump."""
    assert hardening.safe_defaults(with_options()) == {
        "connection_strategy": "lazy",
        "keep_host_header": True,
        "http3": False,
    }


def test_safe_defaults_leave_the_users_word_alone() -> None:
    """Also when he asks for what is mitmproxy's default anyway."""
    options = with_options()
    options.set("connection_strategy=eager", "keep_host_header=false")
    assert hardening.safe_defaults(options) == {"http3": False}
