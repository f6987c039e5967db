"""What the engine says while it runs. The run file appends events, reporters render them; nobody else listens."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.case import Case
from replay.model.difference import Noise
from replay.model.evidence import Evidence
from replay.model.finding import Finding, NotJudged
from replay.model.run import Fidelity, RunInfo, Summary


@dataclass(frozen=True, slots=True)
class RunStarted:
    run: RunInfo
    sessions: int
    exchanges: int


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of `stage` ("clean replay 1/2", "cases"); `total` 0 when unknown."""

    stage: str
    done: int
    total: int
    requests_sent: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class EvidenceReady:
    """Complete evidence of one case (or of the clean replays): stored first, judged after."""

    evidence: Evidence


@dataclass(frozen=True, slots=True)
class ControlMeasured:
    fidelity: Fidelity


@dataclass(frozen=True, slots=True)
class NoiseLearned:
    """What clean replays do to themselves; `generated` names columns that the database fills in, per entity."""

    noise: Noise
    generated: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class CasePlanned:
    case: Case


@dataclass(frozen=True, slots=True)
class Found:
    finding: Finding


@dataclass(frozen=True, slots=True)
class Unjudged:
    """`planned`: there is no evidence to judge again (no other tenant to cast, say)."""

    verdict: NotJudged
    planned: bool = False


@dataclass(frozen=True, slots=True)
class RunEnded:
    summary: Summary
    finished: bool


Event = (
    RunStarted | Progress | EvidenceReady | ControlMeasured | NoiseLearned | CasePlanned | Found | Unjudged | RunEnded
)
