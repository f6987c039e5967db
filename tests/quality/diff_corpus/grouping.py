"""Root causes against the labels: how few they are, and whether each speaks of one thing only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from quality.diff_corpus.diff_methods import differences
from quality.diff_corpus.diff_scoring import speaks_of
from quality.diff_corpus.sessions import Session
from replay.diff.causes import causes
from replay.model.difference import Difference


@dataclass(frozen=True, slots=True)
class Grouping:
    """`homogeneity`: 1 - H(true cause | group) / H(true cause), as Rosenberg and Hirschberg define it (2007)."""

    raw: int
    groups: int
    homogeneity: float

    @property
    def factor(self) -> float:
        return self.raw / self.groups if self.groups else 1.0


def grouping(session: Session) -> Grouping:
    found = differences(session)
    made = causes(found)
    group_of = {group: cause.id for cause in made for group in cause.groups}
    pairs = [(group_of[one.endpoint, one.place, one.kind], _truth(session, one)) for one in found]
    return Grouping(len(found), len(made), homogeneity(pairs))


def _truth(session: Session, one: Difference) -> str:
    """Which regression it comes from, in which field; an unexplained difference is a cause of its own."""
    for label in session.labels:
        if speaks_of(label, (one.endpoint, one.place), {one.exchange_id}):
            return f"{label.regression.kind.name} in {label.regression.family.name}"
    return f"nothing at {one.place}"


def homogeneity(pairs: Iterable[tuple[str, str]]) -> float:
    joint = Counter(pairs)
    total = sum(joint.values())
    groups: Counter[str] = Counter()
    truths: Counter[str] = Counter()
    for (group, truth), count in joint.items():
        groups[group] += count
        truths[truth] += count
    whole = -sum(count / total * math.log(count / total) for count in truths.values())
    left = -sum(count / total * math.log(count / groups[group]) for (group, _), count in joint.items())
    return 1 - left / whole if whole else 1.0
