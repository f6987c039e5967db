"""WebSockets through the recorder: the same handshake and the same frames as without any proxy."""

from __future__ import annotations

import pytest

from integration.record.transparency.cases_websocket import CASES
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.proxies import PLAIN, RECORDING
from integration.record.transparency.stage import Case

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@pytest.mark.parametrize("way", RECORDING)
@every_case
def test_frames_pass_unchanged(fleet: Fleet, case: Case, way: str) -> None:
    """Opcodes, payloads, fragments, pings, close codes and reasons; only masks are the hop's own."""
    direct = fleet.direct(case)
    assert "stalled" not in repr(direct)
    assert fleet.through(way, case) == direct


@every_case
def test_plain_mitmdump_passes_the_same_frames(fleet: Fleet, case: Case) -> None:
    assert fleet.through(PLAIN, case) == fleet.direct(case)
