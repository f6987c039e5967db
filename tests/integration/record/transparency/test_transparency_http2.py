"""HTTP/2 and gRPC through the recorder, over TLS on both sides with a certificate of our own."""

from __future__ import annotations

import pytest

from integration.record.transparency.cases_http2 import CASES
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.play import PATIENCE_SECONDS, SHORT_PATIENCE_SECONDS
from integration.record.transparency.proxies import PLAIN, RECORDING
from integration.record.transparency.stage import Case

# Plain mitmdump keeps a body until it is whole: it holds streams back, and turns a late reset into a 502 page.
PLAIN_BREAKS = {
    "gRPC server streaming",
    "gRPC in both directions",
    "the h2 client cancels",
    "the h2 upstream resets",
}

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def test_the_table_names_cases_that_exist() -> None:
    assert {case.name for case in CASES} >= PLAIN_BREAKS


@pytest.mark.parametrize("way", RECORDING)
@every_case
def test_http2_passes_unchanged(fleet: Fleet, case: Case, way: str) -> None:
    """Fields and their order, bodies, trailers, resets with their codes, and messages that are not held back."""
    direct = fleet.direct(case, site="h2")
    assert "stalled" not in repr(direct)
    assert fleet.through(way, case, site="h2") == direct


@every_case
def test_plain_mitmdump_differs_in_streams_only(fleet: Fleet, case: Case) -> None:
    breaks = case.name in PLAIN_BREAKS
    patience = SHORT_PATIENCE_SECONDS if breaks else PATIENCE_SECONDS
    seen = fleet.through(PLAIN, case, patience, site="h2")
    assert (seen != fleet.direct(case, site="h2")) is breaks, seen
