"""What the engine says while it runs. The run file appends events, reporters render them; nobody else listens."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.case import Case
from replay.model.difference import Coverage, Noise
from replay.model.evidence import Evidence
from replay.model.finding import Finding, NotJudged
from replay.model.remains import Remains
from replay.model.run import Fidelity, RunInfo, SessionFidelity, Summary


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
    """Complete evidence of one case (or of the clean replays of one group): stored first, judged after."""

    evidence: Evidence
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ControlMeasured:
    fidelity: Fidelity
    sessions: tuple[SessionFidelity, ...] = ()
    unit: str = ""


@dataclass(frozen=True, slots=True)
class NoiseLearned:
    """What clean replays do to themselves; `generated` names columns that the database fills in, per entity."""

    noise: Noise
    generated: tuple[tuple[str, tuple[str, ...]], ...] = ()
    coverage: tuple[Coverage, ...] = ()
    unit: str = ""


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
class Withdrawn:
    """A finding that noise, learned later, explains."""

    fingerprint: str


@dataclass(frozen=True, slots=True)
class UnitDone:
    """One unit of work (`clean/0`, `target/17`) is complete: a resumed run does not play it again.

    `worlds`: the highest number of a world so far; `requests_sent` and `clean` count this unit alone.
    """

    unit: str
    worlds: int
    requests_sent: int
    clean: int = 0


@dataclass(frozen=True, slots=True)
class CleanedUp:
    """What the run made in the target, and what of it is left."""

    remains: tuple[Remains, ...]


@dataclass(frozen=True, slots=True)
class IdentitiesUsed:
    """Sets of live credentials: made for the first time, made again (expired, or refused with 401), not to be had."""

    fetched: int
    renewed: int
    failed: int


@dataclass(frozen=True, slots=True)
class RunEnded:
    summary: Summary
    finished: bool


Event = (
    RunStarted
    | Progress
    | EvidenceReady
    | ControlMeasured
    | NoiseLearned
    | CasePlanned
    | Found
    | Unjudged
    | Withdrawn
    | UnitDone
    | CleanedUp
    | IdentitiesUsed
    | RunEnded
)
