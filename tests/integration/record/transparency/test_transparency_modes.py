"""The other modes: TLS upstream, regular proxy, upstream proxy, and an upstream that is down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration.record.transparency.cases_framing import chunked_request, chunked_response, chunks
from integration.record.transparency.cases_http2 import CASES as HTTP2
from integration.record.transparency.cases_messages import noise, replies, request, response, simple
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.http1 import Message
from integration.record.transparency.proxies import PLAIN, RECORDING
from integration.record.transparency.stage import Case, Stage
from integration.record.transparency.wire import Wire

JSON = b"Content-Type: application/json\r\n"
TRIPS = (
    simple(
        "GET", request(target=b"//a%2Fb;p?x=1&x=2", headers=b"X-b: 1\r\nx-A: 2\r\n"), response(headers=b"X-b: 1\r\n")
    ),
    simple("POST", request(b"POST", b"/things?q", JSON, b'{"a":  1}'), response(b"201 Created", body=noise(70000))),
    simple("HEAD", request(b"HEAD"), response(headers=b"Content-Length: 7\r\n", body=None)),
    simple(
        "chunks with trailers",
        chunked_request(chunks(b"up", trailers=b"X-Up: 1\r\n")),
        chunked_response(chunks(b"down", trailers=b"X-Down: 2\r\n")),
    ),
)
every_trip = pytest.mark.parametrize("case", TRIPS, ids=lambda case: case.name)
every_way = pytest.mark.parametrize("way", RECORDING)


def reaching(case: Case, fleet: Fleet, *, tunnel: str = "") -> Case:
    """The case as a client sends it to a proxy: targets in absolute form, or through a CONNECT tunnel to `tunnel`."""

    def through_tunnel(wire: Wire, stage: Stage) -> None:
        at = fleet.sites[tunnel]
        authority = b"127.0.0.1:%d" % at.upstream.port
        wire.send(b"CONNECT " + authority + b" HTTP/1.1\r\nHost: " + authority + b"\r\n\r\n")
        established = wire.head()
        assert established.status == 200
        wire.log.clear()
        if at.tls is not None:
            wire.secure(at.tls)
        case.client(wire, stage)

    def in_absolute_form(wire: Wire, stage: Stage) -> None:
        origin = b"http://127.0.0.1:%d" % fleet.sites["http"].upstream.port
        wire.target_prefix = origin
        case.client(wire, stage)

    return replace(case, client=through_tunnel if tunnel else in_absolute_form)


@every_way
@every_trip
def test_tls_upstream_sees_and_says_the_same(fleet: Fleet, case: Case, way: str) -> None:
    """reverse:https, the upstream's certificate checked against a CA of ours, and our own certificate shown."""
    assert fleet.through(way, case, site="https") == fleet.direct(case, site="https")


@every_way
@every_trip
def test_regular_mode_turns_absolute_targets_only(fleet: Fleet, case: Case, way: str) -> None:
    """The upstream sees origin form (RFC 9112 section 3.2.1), everything else as the client wrote it."""
    assert fleet.through(way, reaching(case, fleet), site="regular") == fleet.direct(case)


@every_way
@pytest.mark.parametrize("tunnel", ["http", "https"])
@every_trip
def test_connect_tunnels_carry_the_same_bytes(fleet: Fleet, case: Case, tunnel: str, way: str) -> None:
    """What goes through the tunnel arrives as without a proxy; TLS inside it ends at our certificate."""
    site = "regular" if tunnel == "http" else "regular to https"
    through = fleet.through(way, reaching(case, fleet, tunnel=tunnel), site=site)
    assert through == fleet.direct(case, site=tunnel)


@every_way
@every_trip
def test_upstream_mode_passes_absolute_targets_on(fleet: Fleet, case: Case, way: str) -> None:
    """The next proxy sees what it would see from the client itself."""
    asked = replace(reaching(case, fleet), name=f"{case.name} to a proxy")
    assert fleet.through(way, asked, site="upstream") == fleet.direct(asked)


def _asks_once(wire: Wire, _: Stage) -> None:
    wire.ask(request())
    wire.answer()


@every_way
def test_an_upstream_that_is_down_is_a_502(fleet: Fleet, way: str) -> None:
    """Not a bare end of the connection, which is what plain mitmdump makes of it."""
    case = Case("down", _asks_once, replies())
    (answer,) = fleet.through(way, case, site="dead").client
    assert isinstance(answer, Message)
    assert answer.status == 502
    plain = fleet.through(PLAIN, case, site="dead").client
    assert not any(isinstance(entry, Message) for entry in plain)  # an end of file or a reset, whichever comes first


@every_way
@pytest.mark.parametrize("asked", ["h2 GET", "h2 POST with a length", "h2 headers in order"])
def test_http2_clients_reach_an_http1_upstream_as_with_plain_mitmdump(fleet: Fleet, asked: str, way: str) -> None:
    """There is no such way without a proxy: how HTTP/2 becomes HTTP/1 is mitmproxy's. Names and values are kept."""
    (client,) = [case.client for case in HTTP2 if case.name == asked]
    case = Case(asked, client, replies(response(headers=b"X-a: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n")))
    seen = fleet.through(way, case, site="h2 to http")
    assert seen == fleet.through(PLAIN, case, site="h2 to http")
    assert "(b'set-cookie', b'a=1'), (b'set-cookie', b'b=2')" in repr(seen.client)
    assert isinstance(seen.upstream[0][0], Message)
    assert seen.upstream[0][0].header(b"host") == b"shop.example:8080"
