"""What an interrupted run had done already: a resumed one goes on from there, and its totals include it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from replay.engine.judge import Judgement
from replay.engine.ledger import Ledger, Place
from replay.model.difference import Difference, Noise
from replay.model.evidence import Planted
from replay.model.finding import Finding
from replay.model.run import Fidelity


@dataclass(frozen=True, slots=True)
class Earlier:
    """Everything is empty for a run that begins. `requests_sent` counts what done units sent."""

    has_begun: bool = False
    done: Mapping[str, int] = field(default_factory=dict)  # unit -> cases in it that were judged clean
    worlds: int = 0  # the highest number of a world so far: a world is never used twice
    requests_sent: int = 0
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()  # those that the findings are about
    groups: Mapping[Place, int] = field(default_factory=dict)  # in how many groups each sort of difference was seen
    not_judged: int = 0
    cases: int = 0
    fidelity: Fidelity = Fidelity(0, 0, 0, 0)
    noise: Noise = Noise()
    planted: tuple[Planted, ...] = ()

    def ledger(self) -> Ledger:
        ledger = Ledger(
            unjudged=self.not_judged,
            cases=self.cases,
            clean=sum(self.done.values()),
            fidelity=self.fidelity,
            noise=self.noise,
        )
        deque(ledger.note(Judgement(self.findings, ()), self.differences), maxlen=0)
        ledger.spread(self.groups)
        return ledger
