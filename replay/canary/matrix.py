"""What a canary run came to: the matrix of what was found where, and what could not be shown. Never a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from replay.canary.case import Case
from replay.canary.detector import Hit


@dataclass(frozen=True, slots=True)
class EndingReport:
    """One recording and its end. `not_run`: why this machine could not do it."""

    name: str
    sent: int = 0
    hits: list[Hit] = field(default_factory=list)
    missing: list[tuple[str, str]] = field(default_factory=list)  # case, what its record lacks
    changed: list[tuple[str, str]] = field(default_factory=list)  # case, what the proxy changed or cut
    files: list[tuple[str, int]] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    losses: dict[str, int] = field(default_factory=dict)  # as the capture counts them itself
    watched_by: str = ""
    left_out: int = 0  # bodies and records that a case allows to be left out, with its reason
    not_run: str = ""

    @property
    def is_clean(self) -> bool:
        return not (self.hits or self.missing or self.changed or self.vanished)


@dataclass(frozen=True, slots=True)
class FuzzReport:
    """`leaks`: the number of each and its position. `blind`: flows whose secret the detector cannot see unredacted."""

    flows: int = 0
    through_proxy: int = 0
    refused: int = 0
    leaks: list[tuple[str, str]] = field(default_factory=list)
    blind: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """A whole run. `blind`: cases whose secrets the detector does not see in raw traffic; must be empty."""

    seed: int
    cases: tuple[Case, ...]
    secrets: int
    blind: list[str]
    endings: list[EndingReport]
    fuzz: FuzzReport | None = None

    @property
    def is_clean(self) -> bool:
        fuzz_is_clean = self.fuzz is None or not self.fuzz.leaks
        return not self.blind and fuzz_is_clean and all(ending.is_clean for ending in self.endings)

    def as_json(self) -> dict[str, Any]:
        """For a reviewer's archive: plain data, no values."""
        return {
            "clean": self.is_clean,
            "seed": self.seed,
            "cases": len(self.cases),
            "secrets": self.secrets,
            "detector": {"blind": self.blind},
            "endings": [self._ending(ending) for ending in self.endings],
            "fuzz": self._fuzz(),
        }

    def _ending(self, ending: EndingReport) -> dict[str, Any]:
        return {
            "ending": ending.name,
            "clean": ending.is_clean,
            "not_run": ending.not_run,
            "sent": ending.sent,
            "left_out": ending.left_out,
            "losses": ending.losses,
            "watched_by": ending.watched_by,
            "files": [{"name": name, "bytes": size} for name, size in ending.files],
            "hits": [self._hit(hit) for hit in ending.hits],
            "missing": [{"case": case, "what": what} for case, what in ending.missing],
            "changed": [{"case": case, "what": what} for case, what in ending.changed],
            "vanished": ending.vanished,
        }

    def _hit(self, hit: Hit) -> dict[str, Any]:
        case = next((case for case in self.cases if case.id == hit.secret.case), None)
        return {
            "case": hit.secret.case,
            "group": case.group.value if case else "",
            "position": case.position if case else "the recorder's own key",
            "secret": hit.secret.kind.value,
            "artefact": hit.artefact,
            "variant": hit.variant,
            "offset": hit.offset,
            "layer": hit.layer,
        }

    def _fuzz(self) -> dict[str, Any] | None:
        if self.fuzz is None:
            return None
        leaks = [{"exchange": flow, "position": position} for flow, position in self.fuzz.leaks]
        return {
            "exchanges": self.fuzz.flows,
            "through_proxy": self.fuzz.through_proxy,
            "refused": self.fuzz.refused,
            "blind": self.fuzz.blind,
            "leaks": leaks,
        }
