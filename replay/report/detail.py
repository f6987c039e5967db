"""What a report shows beyond the verdicts: figures for pictures, what was tried, and what stands behind a finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replay.model.evidence import Trace
from replay.model.finding import Finding
from replay.model.run import SessionFidelity
from replay.store.run_figures import Figures
from replay.store.run_scenes import CaseCount


@dataclass(frozen=True, slots=True)
class OracleFacts:
    """An oracle that was asked: `judges` are words of expectations, `needs_rows` that it is mute without a database."""

    name: str
    judges: frozenset[str]
    needs_rows: bool


def no_scene(finding: Finding) -> tuple[Trace, ...]:
    """For a view whose evidence is not at hand."""
    del finding
    return ()


@dataclass(frozen=True, slots=True, repr=False)
class Detail:
    """`status` is the exit status that the command line gives for this run, `fail_on` what it was asked to fail on.

    `scene`: (before, after) of a finding: its control and its mutated trace, or a session as recorded and as replayed.
    """

    file_name: str = "RUN.db"
    status: int | None = None
    fail_on: str = ""
    figures: Figures = Figures()
    cases: tuple[CaseCount, ...] = ()
    oracles: tuple[OracleFacts, ...] = ()
    unfaithful: tuple[SessionFidelity, ...] = ()
    scene: Callable[[Finding], tuple[Trace, ...]] = no_scene


def planted_in(finding: Finding) -> dict[str, str]:
    """Marker that replay planted and found where it should not be -> whose it is."""
    owners: dict[str, str] = {}
    for proof in finding.proofs:
        for row in proof.data if isinstance(proof.data, list) else ():
            if isinstance(row, dict) and isinstance(row.get("marker"), str) and row["marker"]:
                owners[str(row["marker"])] = str(row.get("leaked from") or row.get("owner") or "somebody else")
    return owners
