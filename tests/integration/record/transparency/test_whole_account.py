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
from replay.model.exchange import Exchange
from replay.store.capture_reader import CaptureReader


def named(cases: tuple[Case, ...], name: str) -> Case:
    (case,) = [case for case in cases if case.name == name]
    return case


def trailer_names(exchanges: list[Exchange]) -> set[tuple[str, ...]]:
    """Of all responses that have some. Paths and values may be stand-ins."""
    return {tuple(name for name, _ in one.response.trailers.fields) for one in exchanges if one.response}


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
    assert trailer_names(exchanges) >= {("X-Down",), ("grpc-status", "grpc-message", "x-cost-bin")}
    talk = [one for one in exchanges if one.request.path == "/talk" and one.messages]
    assert [message.from_client for message in talk[-1].messages] == [True] * 3 + [False] * 3
    assert [len(message.body.data) for message in talk[-1].messages if message.body.data] == [5, 3, 5, 3]  # the texts
