"""A run as reports with evidence show it: the verdicts, and what stands behind them while the file is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from replay.compose.units import all_oracles
from replay.compose.verdicts import Threshold, exit_status, view_of
from replay.model.evidence import Trace
from replay.model.finding import Finding
from replay.report.detail import Detail, OracleFacts, planted_in
from replay.report.view import RunView
from replay.store.run_reader import RunReader
from replay.store.run_scenes import SceneReader

Known = Callable[[RunView], RunView]


def as_it_is(view: RunView) -> RunView:
    """Nothing was accepted."""
    return view


@contextmanager
def detailed_view(path: Path, threshold: Threshold, known: Known = as_it_is) -> Iterator[RunView]:
    """Evidence is read when a report asks for it: the view is good for as long as the file is open.

    `known` takes accepted findings out.
    """
    reader = RunReader(path)
    try:
        view, scenes = known(view_of(reader)), reader.scenes()
        scenes.expect(_exchange_of(one) for one in view.findings if not one.case_id)
        detail = Detail(
            file_name=path.name,
            status=exit_status(view, threshold),
            fail_on=_words(threshold),
            figures=scenes.figures(view.run.parts),
            cases=scenes.cases(),
            oracles=_oracles(view.run.oracles),
            unfaithful=reader.unjudged_sessions(),
            scene=lambda finding: _scene(finding, scenes),
        )
        yield replace(view, detail=detail)
    finally:
        reader.close()


def _scene(finding: Finding, scenes: SceneReader) -> tuple[Trace, ...]:
    if finding.case_id:
        return scenes.case(finding.case_id)
    return scenes.exchange(_exchange_of(finding), planted_in(finding))


def _exchange_of(finding: Finding) -> str:
    """Of a finding in clean replays: the first exchange that its proof names."""
    for proof in finding.proofs:
        for row in proof.data if isinstance(proof.data, list) else [proof.data]:
            if isinstance(row, dict) and isinstance(row.get("exchange"), str):
                return str(row["exchange"])
    return ""


def _oracles(asked: tuple[str, ...]) -> tuple[OracleFacts, ...]:
    """What today's oracles of these names judge; one that is no longer installed judged what nobody knows."""
    known = {one.name: one for one in all_oracles({})}
    return tuple(
        OracleFacts(name, frozenset(str(one) for one in known[name].judges), "rows" in known[name].needs)
        for name in asked
        if name in known
    )


def _words(threshold: Threshold) -> str:
    if threshold.severity is None:
        return "nothing"
    levels = "confirmed and probable findings" if threshold.probable else "confirmed findings"
    return f"{levels} of {threshold.severity.value} severity and above"
