"""What went through unchanged was also recorded: the capture holds every exchange, or says why not."""

from __future__ import annotations

import pytest

from integration.record.transparency.cases_http2 import CASES as HTTP2
from integration.record.transparency.cases_websocket import CASES as WEBSOCKET
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.http1_cases import CASES as HTTP1
from integration.record.transparency.http1_cases import SUBSET
from integration.record.transparency.proxies import RECORDING
from integration.record.transparency.stage import Case
from replay.model.exchange import Exchange, Response
from replay.store.capture_reader import CaptureReader


def named(cases: tuple[Case, ...], name: str) -> Case:
    (case,) = [case for case in cases if case.name == name]
    return case


def response_of(exchanges: list[Exchange], path: str) -> Response:
    """The response to the last request of that path that has trailers."""
    found = [
        one.response for one in exchanges if one.request.path == path and one.response and one.response.trailers.fields
    ]
    return found[-1]


@pytest.mark.parametrize("way", RECORDING)
def test_every_exchange_is_accounted_for(fleet: Fleet, way: str) -> None:
    """Counted over all that earlier tests sent through that proxy as well; nothing is lost on an idle machine."""
    for case in SUBSET:
        fleet.through(way, case)
    fleet.through(way, named(HTTP1, "trailers both ways"))
    fleet.through(way, named(HTTP2, "gRPC unary"), site="h2")
    fleet.through(way, named(WEBSOCKET, "text and binary"))
    sent, capture, account = fleet.account(way)
    assert account.total == sent
    assert account.losses == {}
    with CaptureReader.open(capture) as reader:
        exchanges = [one for session in reader.sessions() for one in session.exchanges]
    assert ("grpc-status", "0") in response_of(exchanges, "/shop.Orders/Place").trailers.fields
    assert [name for name, _ in response_of(exchanges, "/up").trailers.fields] == ["X-Down"]
    talk = [one for one in exchanges if one.request.path == "/talk" and one.messages]
    assert [(message.from_client, message.body.size_bytes) for message in talk[-1].messages][:2] == [
        (True, 5),
        (True, 2),
    ]
    assert len(talk[-1].messages) == 6
