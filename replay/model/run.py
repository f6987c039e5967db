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
