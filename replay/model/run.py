"""A run: what was sent where, from which capture, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunInfo:
    id: str
    command: str  # "run" | "fuzz" | "demo"
    capture_id: str
    target: str
    seed: int
    started: float  # seconds, UTC
    mutators: tuple[str, ...]
    oracles: tuple[str, ...]
    database: str  # the probe's name, or empty: never a URL (it may hold a password)
    tool_version: str
    ended: float = 0.0
    finished: bool = False  # False: stopped early; what it had is saved
    settings: tuple[tuple[str, str], ...] = ()  # what decides which requests are sent: a resumed run must agree
    shard: str = ""  # "2/4"; empty: the whole capture
    parts: int = 1  # run files that were merged into this one


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How well the clean replays reproduced the recording: the gate of every later verdict."""

    exchanges: int
    statuses_reproduced: int
    bindings: int
    unresolved: int

    @property
    def score(self) -> float:
        """0..1: the share of exchanges whose status came back, times the share of bindings that resolved."""
        if not self.exchanges:
            return 0.0
        bound = 1.0 if not self.bindings else 1.0 - self.unresolved / self.bindings
        return self.statuses_reproduced / self.exchanges * max(0.0, bound)

    def plus(self, other: Fidelity) -> Fidelity:
        """Of both together: groups of one run, or shards of one capture."""
        return Fidelity(
            self.exchanges + other.exchanges,
            self.statuses_reproduced + other.statuses_reproduced,
            self.bindings + other.bindings,
            self.unresolved + other.unresolved,
        )


@dataclass(frozen=True, slots=True)
class SessionFidelity:
    """The same of one session. `identified` counts exchanges that were sent as somebody the target knows.

    `in_order`: exchanges that were sent after all that stood before them; `on_time`: sent when they were due.
    """

    session_id: str
    exchanges: int
    statuses_reproduced: int
    bindings: int
    unresolved: int
    identified: int
    in_order: int
    on_time: int
    first_wrong: str = ""  # "step 3: GET /me: recorded 200, now 401, no identity for actor t1/p1"
    judged: bool = True  # False: below the floor through replay's own doing

    @property
    def score(self) -> float:
        """0..1: the product of the shares of statuses, bindings, identities and order. Lateness is told beside it."""
        if not self.exchanges:
            return 0.0
        bound = 1.0 if not self.bindings else max(0.0, 1.0 - self.unresolved / self.bindings)
        shares = (self.statuses_reproduced, self.identified, self.in_order)
        score = bound
        for share in shares:
            score *= share / self.exchanges
        return score


@dataclass(frozen=True, slots=True)
class Summary:
    sessions: int
    exchanges: int
    requests_sent: int
    cases: int
    clean: int
    findings: int
    not_judged: int
    seconds: float
    fidelity: float
