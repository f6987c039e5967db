"""What a run has found so far, over all its units: findings, missing verdicts, fidelity, noise, counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from replay.diff.noise_merging import is_explained, merged_noise
from replay.engine.judge import Judgement, is_stronger
from replay.model.difference import Difference, DifferenceKind, Noise
from replay.model.event import Event, Found, Unjudged, Withdrawn
from replay.model.finding import Finding, NotJudged
from replay.model.run import Fidelity

Place = tuple[DifferenceKind, str, str]
"""Kind, endpoint and place of a difference that a finding is about."""

_MORE = re.compile(r", and in \d+ more groups? of sessions$")


@dataclass(slots=True)
class Ledger:
    """Grows with the number of distinct findings and noisy places, never with the number of exchanges."""

    found: dict[str, Finding] = field(default_factory=dict)
    unjudged: int = 0
    cases: int = 0
    clean: int = 0
    fidelity: Fidelity = Fidelity(0, 0, 0, 0)
    noise: Noise = Noise()
    _places: dict[str, set[Place]] = field(default_factory=dict)
    _groups: Counter[str] = field(default_factory=Counter)

    def lose(self, verdict: NotJudged, *, planned: bool = True) -> Unjudged:
        self.unjudged += 1
        return Unjudged(verdict, planned=planned)

    def note(self, judgement: Judgement, differences: Iterable[Difference] = ()) -> Iterator[Event]:
        """What is new in a judgement. `differences`: those that it was reached over."""
        for verdict in judgement.not_judged:
            yield self.lose(verdict, planned=False)
        kinds: dict[tuple[str, str], list[Difference]] = {}
        for one in differences:
            kinds.setdefault((one.exchange_id, one.place), []).append(one)
        for finding in judgement.findings:
            self._groups[finding.fingerprint] += 1
            self._remember(finding, kinds)
            known = self.found.get(finding.fingerprint)
            if known is None or is_stronger(finding, known):
                self.found[finding.fingerprint] = finding
                yield Found(finding)

    def measured(self, fidelity: Fidelity, noise: Noise) -> None:
        """A group's fidelity adds up; its noise (which holds that of the groups before it) takes their place."""
        self.fidelity = self.fidelity.plus(fidelity)
        self.noise = noise

    def spread(self, groups: Mapping[Place, int]) -> None:
        """In how many groups (of a run before this one, of all parts) each sort of difference was seen."""
        for fingerprint, places in self._places.items():
            seen = max(groups.get(place, 0) for place in places)
            self._groups[fingerprint] = max(self._groups[fingerprint], seen)

    def learn(self, noise: Noise) -> None:
        self.noise = merged_noise(self.noise, noise)

    def settle(self) -> Iterator[Event]:
        """After the last of several groups: what noise explains in the end is withdrawn; the rest says where it was."""
        for fingerprint, finding in tuple(self.found.items()):
            places = self._places.get(fingerprint, set())
            if places and all(is_explained(*place, self.noise) for place in places):
                del self.found[fingerprint]
                yield Withdrawn(fingerprint)
            elif self._groups[fingerprint] > 1:
                more = self._groups[fingerprint] - 1
                where = f", and in {more} more {'group' if more == 1 else 'groups'} of sessions"
                self.found[fingerprint] = replace(finding, observed=_MORE.sub("", finding.observed) + where)
                yield Found(self.found[fingerprint])

    def _remember(self, finding: Finding, kinds: dict[tuple[str, str], list[Difference]]) -> None:
        for key in named_differences([finding]):
            for one in kinds.get(key, ()):
                self._places.setdefault(finding.fingerprint, set()).add((one.kind, one.endpoint, one.place))


def named_differences(findings: Iterable[Finding]) -> frozenset[tuple[str, str]]:
    """(exchange, place) of the differences that divergences are about: their proofs name them."""
    lines = (
        line
        for finding in findings
        for proof in finding.proofs
        if finding.oracle == "divergence" and proof.label == "differences" and isinstance(proof.data, list)
        for line in proof.data
        if isinstance(line, dict)
    )
    return frozenset((str(line.get("exchange")), str(line.get("place"))) for line in lines)
