"""Detectors of a policy: regular expressions for what must not stay, whatever let it stay.

All texts of an exchange that stayed are joined and searched once. Only where something is found is each looked at.

Rule: a detector never lets anything stay. What it finds is replaced, and what cannot be replaced refuses the exchange.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from replay.model.errors import ConfigError
from replay.redact.kinds import Action
from replay.redact.re2_patterns import Pattern, compiled, pattern_set
from replay.redact.rules import CLASSES, Decision

_MOST_SEARCHES = 400_000  # of one text by one detector, where something was found; about half a second
_MOST_EXAMPLES = 100


class TooManyError(Exception):
    """Something was found among so many texts that nobody can say in which ones."""


@dataclass(frozen=True, slots=True)
class Detector:
    name: str
    regex: str
    value_class: str = ""
    pattern: Pattern | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.regex} -> {self.value_class}"


def make_detector(
    source: str, name: str, regex: str, value_class: str, examples: Sequence[str], counter: Sequence[str]
) -> Detector:
    """Raises ConfigError: one sentence that names the detector by `source`, and an example by its number."""
    try:
        _check(value_class, examples, counter)
        pattern = compiled(regex)
        _try(pattern, examples, counter)
    except ValueError as problem:
        raise ConfigError(f"{source} {problem}.") from None
    return Detector(name, regex, value_class, pattern)


def _check(value_class: str, examples: Sequence[str], counter: Sequence[str]) -> None:
    if value_class and (value_class not in CLASSES or value_class == "password"):
        known = ", ".join(one for one in CLASSES if one != "password")
        raise ValueError(f"has an unknown class; valid: {known}")
    if not examples:
        raise ValueError("has no examples: a detector is tried at each start")
    if len(examples) + len(counter) > _MOST_EXAMPLES:
        raise ValueError(f"has more than {_MOST_EXAMPLES} examples")


def _try(pattern: Pattern, examples: Sequence[str], counter: Sequence[str]) -> None:
    missed = next((i for i, one in enumerate(examples, 1) if pattern.search(one) is None), 0)
    if missed:
        raise ValueError(f"does not match its own example {missed}")
    hit = next((i for i, one in enumerate(counter, 1) if pattern.search(one) is not None), 0)
    if hit:
        raise ValueError(f"matches its counter-example {hit}")


class DetectorNet:
    """All detectors at once."""

    def __init__(self, detectors: Iterable[Detector]) -> None:
        self._detectors = tuple(sorted(detectors, key=str))
        self._set = pattern_set([one.regex for one in self._detectors])

    def found(self, texts: Collection[str]) -> dict[str, Decision]:
        """What to do with those of `texts` in which something is found. Raises TooManyError."""
        hits = self._set.Match("\n".join(texts).encode("utf-8", "replace").decode()) if texts else None
        if not hits:
            return {}
        if len(hits) * len(texts) > _MOST_SEARCHES:
            raise TooManyError
        out: dict[str, Decision] = {}
        for i in sorted(hits, reverse=True):  # the first detector has the last word
            detector = self._detectors[i]
            decision = Decision(Action.PSEUDONYMISE, detector.value_class)
            out.update((text, decision) for text in texts if _is_in(detector, text))
        return out

    def __str__(self) -> str:
        return "\n".join(f"detector {one}" for one in self._detectors)


def _is_in(detector: Detector, text: str) -> bool:
    pattern = detector.pattern or compiled(detector.regex)
    return pattern.search(text.encode("utf-8", "replace").decode()) is not None
