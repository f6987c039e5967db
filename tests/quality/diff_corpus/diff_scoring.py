"""What a method's report is worth against the labels: per session, and summed up per kind of regression."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from quality.diff_corpus.diff_methods import Method, Place, Report
from quality.diff_corpus.sessions import Label, Session


@dataclass(slots=True)
class Tally:
    """Counts over sessions. A report (endpoint, place) is right when it touches an injected place and an exchange."""

    right: int = 0
    wrong: int = 0
    found: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    injected: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    missed: list[str] = field(default_factory=list)
    false_alarms: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        injected = sum(self.injected.values())
        return sum(self.found.values()) / injected if injected else 1.0

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def add(self, method: Method, session: Session) -> None:
        report = method.report(session)
        for place, exchanges in report.items():
            if any(speaks_of(label, place, exchanges) for label in session.labels):
                self.right += 1
            else:
                self.wrong += 1
                self.false_alarms.append(_alarm(session, place, exchanges))
        for label in session.labels:
            self._look_for(label, report, session)

    def _look_for(self, label: Label, report: Report, session: Session) -> None:
        name = label.regression.kind.name
        self.injected[name] += 1
        if any(speaks_of(label, place, exchanges) for place, exchanges in report.items()):
            self.found[name] += 1
        else:
            where = f"{label.endpoint} {label.places[0]}"
            share = f"{len(label.exchanges)} of {session.requests}"
            family = label.regression.family.name
            self.missed.append(f"seed {session.seed}: {name} in {family} ({share}) at {where}")


def _alarm(session: Session, place: Place, exchanges: set[str]) -> str:
    last = place[1].replace("[*]", "").split(".")
    families = [one.family.name for end in session.endpoints for one in end.fields if one.name in last]
    what = families[0] if families else "frame"
    return f"seed {session.seed}: {place[0]} {place[1]} ({what}), {len(exchanges)} of {session.requests}"


def speaks_of(label: Label, place: Place, exchanges: set[str]) -> bool:
    if place[0] != label.endpoint or not exchanges & label.exchanges:
        return False
    return any(_contains(one, place[1]) or _contains(place[1], one) for one in label.places)


def _contains(above: str, below: str) -> bool:
    return below == above or below.startswith((f"{above}.", f"{above}["))
