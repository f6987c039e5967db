"""What an oracle may look at: stored traces, row changes and differences. It never sends anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from replay.model.case import Case
from replay.model.difference import Difference
from replay.model.exchange import Fault, Outcome, Request, Response
from replay.model.reading import RowChange
from replay.model.session import Actor


class Part(StrEnum):
    """Why an attempt was sent."""

    SETUP = "setup"  # so that what the case needs exists
    JUDGED = "judged"  # the site: in a control the clean request, in a mutated trace the mutated ones
    AFTER = "after"  # the rest of the session: read-back


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """One request as it was really sent, and what came of it. Times: seconds since the trace's start."""

    exchange_id: str  # the recorded exchange it plays
    session_id: str
    endpoint: str  # template of the *recorded* request
    actor: Actor | None  # of the session; tenant and principal are the recording's stand-ins
    sent_as: Actor | None  # whose credentials it carried; None = nobody's
    part: Part
    request: Request  # live values
    outcome: Outcome
    intended: float = 0.0
    sent: float = 0.0
    first_byte: float = 0.0
    ended: float = 0.0
    copy: int = 0
    recorded_status: int = 0  # what the recording answered here; 0 for a fault
    unresolved: tuple[str, ...] = ()  # places (patterns) whose live value was not known
    bound: int = 0  # places that were given their live value
    as_recorded: bool = False  # read from a lean row: headers and body were as recorded, and are not stored again
    identity: str = ""  # what dressed it; `bound`: the recording's own login; empty: nothing, or nobody looked

    @property
    def status(self) -> int:
        return self.outcome.status if isinstance(self.outcome, Response) else 0

    @property
    def response(self) -> Response | None:
        return self.outcome if isinstance(self.outcome, Response) else None

    @property
    def fault(self) -> Fault | None:
        return self.outcome if isinstance(self.outcome, Fault) else None

    def __repr__(self) -> str:
        return f"Attempt({self.exchange_id}, {self.outcome!r})"


class Role(StrEnum):
    """What a trace is evidence of."""

    RECORDED = "recorded"  # the recording itself, as attempts that we did not send
    CLEAN = "clean"  # a clean replay of the whole capture
    CONTROL = "control"  # a clean replay of one case's scenario, with the probe read around the site
    SERIAL = "serial"  # the copies of a race, one after another
    MUTATED = "mutated"
    CONFIRM = "confirm"  # the mutated scenario once more, in a fresh world
    BASELINE = "baseline"  # a clean replay of the known-good build, beside the target
    LOAD = "load"  # a copy of the capture beside the clean replay: measured, not judged


@dataclass(frozen=True, slots=True, repr=False)
class Planted:
    """A unique marker that replay put into a text of a tenant's own request; where it shows up, it tells whose."""

    marker: str
    tenant: str  # the recording's stand-in
    exchange_id: str
    place: str


@dataclass(frozen=True, slots=True, repr=False)
class Trace:
    """Scenario played once in one world (a world = one set of fresh values: its tenants, users and ids are its own).

    `changes` are the rows committed while the JUDGED attempts ran, until quiescence; None when no probe was read.
    `renamed` maps the recording's values to this world's (bindings and fresh values), as text.
    """

    role: Role
    world: int
    attempts: tuple[Attempt, ...]
    changes: tuple[RowChange, ...] | None = None
    planted: tuple[Planted, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()

    def judged(self) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self.attempts if attempt.part is Part.JUDGED)


@dataclass(frozen=True, slots=True, repr=False)
class Evidence:
    """One case's evidence, or (case None) that of the clean replays of the whole capture.

    `traces` holds every trace of the case; `generated` names columns per entity that the database fills in.
    `elsewhere` are markers planted in *other* worlds and cases of the same run: seeing one is a leak, too.
    """

    case: Case | None
    traces: tuple[Trace, ...]
    differences: tuple[Difference, ...] = ()
    generated: tuple[tuple[str, tuple[str, ...]], ...] = ()
    elsewhere: tuple[Planted, ...] = field(default=())

    def of(self, role: Role) -> tuple[Trace, ...]:
        return tuple(trace for trace in self.traces if trace.role is role)

    @property
    def controls(self) -> tuple[Trace, ...]:
        return self.of(Role.CONTROL)

    @property
    def mutated(self) -> tuple[Trace, ...]:
        """The mutated traces: several rounds for a race, confirmations last."""
        return self.of(Role.MUTATED) + self.of(Role.CONFIRM)

    @property
    def has_rows(self) -> bool:
        """True when every judged trace was read by a probe."""
        judged = self.controls + self.of(Role.SERIAL) + self.mutated
        return bool(judged) and all(trace.changes is not None for trace in judged)
