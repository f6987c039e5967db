"""With the recorder in between, both ends see the bytes that they see without any proxy."""

from __future__ import annotations

import pytest

from integration.record.transparency.differences import DIFFERENCES, PLAIN_BREAKS, SPOKEN_FOR, expected
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.http1_cases import CASES
from integration.record.transparency.http1_cases import SPOKEN_FOR as SPOKEN_FOR_CASES
from integration.record.transparency.play import PATIENCE_SECONDS, SHORT_PATIENCE_SECONDS
from integration.record.transparency.proxies import PLAIN, RECORDING
from integration.record.transparency.stage import Case

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name[:60])
every_spoken_for = pytest.mark.parametrize("case", SPOKEN_FOR_CASES, ids=lambda case: case.name)


def test_tables_name_cases_that_exist() -> None:
    """A name that is spelled wrong, or twice there, would quietly excuse or skip something."""
    names = [case.name for case in CASES + SPOKEN_FOR_CASES]
    assert len(names) == len(set(names))
    assert not (DIFFERENCES.keys() | PLAIN_BREAKS.keys() | SPOKEN_FOR.keys()) - set(names)


@every_case
def test_cases_end_well_without_a_proxy(fleet: Fleet, case: Case) -> None:
    """The yardstick itself: no script stalls, and both sides have seen something."""
    seen = fleet.direct(case)
    assert "stalled" not in repr(seen)
    assert seen.upstream


@pytest.mark.parametrize("way", RECORDING)
@every_case
def test_nothing_is_changed(fleet: Fleet, case: Case, way: str) -> None:
    """Heads, bodies, trailers, order, closing, and who waits for whom: as without a proxy."""
    assert fleet.through(way, case) == expected(case.name, fleet.direct(case))


@pytest.mark.parametrize("way", RECORDING)
@every_spoken_for
def test_a_proxy_speaks_for_a_broken_upstream_as_plain_mitmdump_does(fleet: Fleet, case: Case, way: str) -> None:
    assert fleet.through(way, case) == fleet.through(PLAIN, case)


@every_case
def test_plain_mitmdump_differs_only_where_the_table_says(fleet: Fleet, case: Case) -> None:
    """Where it breaks, the case would catch it in ours as well; elsewhere it is as transparent as ours."""
    breaks = case.name in PLAIN_BREAKS
    patience = SHORT_PATIENCE_SECONDS if breaks else PATIENCE_SECONDS
    seen = fleet.through(PLAIN, case, patience)
    assert (seen != expected(case.name, fleet.direct(case))) is breaks, seen
