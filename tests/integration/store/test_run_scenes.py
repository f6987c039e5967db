"""Figures and single pieces of evidence out of a run file: each request counted once, each scene the right one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.report.page_make import INFO, OTHER, OWNER, attempt, evidence, write_run
from replay.model.errors import FileFormatError
from replay.model.event import EvidenceReady, RunEnded, RunStarted
from replay.model.evidence import Evidence, Part, Role, Trace
from replay.model.run import Summary
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[RunReader]:
    found = RunReader(write_run(tmp_path / "run.db"))
    yield found
    found.close()


def test_figures_count_every_request_once_and_by_what_it_was(reader: RunReader) -> None:
    """Recorded latency from the recording alone; set-up of a case is neither clean nor mutated."""
    figures = reader.scenes().figures(1)
    assert [(one.clean, one.setup, one.mutated) for one in figures.sent] == [(2, 2, 1)]
    assert sum(one.requests for one in figures.slices) == 5
    assert {one.kind: one.times.total for one in figures.latencies} == {"recorded": 1, "clean": 4, "mutated": 1}
    (crossing,) = figures.crossings
    assert (crossing.owner, crossing.sent_as, crossing.succeeded) == (OWNER.tenant, OTHER.tenant, 1)


def test_a_cases_scene_is_its_last_control_and_its_first_mutated_trace(reader: RunReader) -> None:
    """As they were stored, rows included."""
    assert reader.scenes().case("swap-1") == tuple(
        Trace(one.role, one.world, one.attempts, one.changes) for one in evidence("swap-1").traces
    )
    assert reader.scenes().case("no such case") == ()
    ((mutator, ids),) = [(one.mutator, one.ids) for one in reader.scenes().cases()]
    assert (mutator, ids) == ("swap-tenant", ("swap-1",))


def test_an_exchanges_scene_is_its_session_up_to_it(tmp_path: Path) -> None:
    """Of several clean replays the one whose answer holds the text; other sessions and later steps are left out."""
    marked = {"text": "qmarker"}
    steps = [
        attempt(1, Part.JUDGED, OWNER, 200, {}),
        attempt(2, Part.JUDGED, OWNER, 200, {}),
        attempt(3, Part.JUDGED, OWNER, 200, {}),
    ]
    stranger = attempt(9, Part.JUDGED, OTHER, 200, {}, session_id="s2")
    second = [*steps[:1], attempt(2, Part.JUDGED, OWNER, 200, marked), *steps[2:]]
    traces = tuple(
        Trace(role, world, (stranger, *attempts))
        for role, world, attempts in ((Role.RECORDED, 0, steps), (Role.CLEAN, 1, steps), (Role.CLEAN, 2, second))
    )
    writer = RunWriter.create(tmp_path / "run.db")
    for event in (
        RunStarted(INFO, 2, 4),
        EvidenceReady(Evidence(None, traces), "clean/0"),
        RunEnded(Summary(2, 4, 8, 0, 0, 0, 0, 1.0, 1.0), finished=True),
    ):
        writer.on_event(event)
    writer.close()
    reader = RunReader(tmp_path / "run.db")
    scenes = reader.scenes()
    scenes.expect(["e2"])
    recorded, clean = scenes.exchange("e2")
    assert (recorded.role, clean.role) == (Role.RECORDED, Role.CLEAN)
    assert [one.exchange_id for one in clean.attempts] == ["e1", "e2"]
    assert clean.attempts == tuple(steps[:2])
    _, found = scenes.exchange("e2", ["qmarker"])
    assert found.attempts == tuple(second[:2])
    assert scenes.exchange("e3") == (), "nobody said that it would be asked for"
    reader.close()


def test_a_damaged_row_is_the_files_fault(tmp_path: Path) -> None:
    """One sentence with the file's name, no traceback, nothing of the row."""
    path = write_run(tmp_path / "run.db")
    connection = sqlite3.connect(path)
    connection.execute("UPDATE attempt SET request_headers = 'no json'")
    connection.commit()
    connection.close()
    reader = RunReader(path)
    with pytest.raises(FileFormatError, match="is damaged: a row cannot be read"):
        reader.scenes().case("swap-1")
    reader.close()
