"""`replay redact preview`: a listener that shows what redaction would do, and which rules did nothing."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from replay.record.hearing import Heard
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.record.settings_redact import compiled_rules
from replay.redact.explaining import Sources, Why
from replay.redact.policy import Refused
from replay.redact.previewing import Line, Preview, coverage_of


class PreviewListener:
    """`keeps_originals`: one a place, for a terminal. Raises ConfigError."""

    def __init__(self, key: bytes, settings: RecordSettings, *, keeps_originals: bool = False) -> None:
        self._policy = policy_of(key, settings)  # for its guides; stand-ins come from the scribe's
        rules = compiled_rules(settings.redact).rules
        self._has_rules = bool(rules)
        self._sources = Sources(rules)
        self.preview = Preview(self._sources, keeps_originals=keeps_originals)
        self._left_out: Counter[str] = Counter()

    def hear(self, heard: Heard) -> None:
        self.preview.look(heard.raw, heard.redacted, heard.fields, self._policy.guide(heard.raw))
        if self._has_rules:
            with suppress(Refused):  # what rules decide inside of values is seen by doing it alone
                self._policy.redact(heard.raw)
        for side, before, after in (
            ("request", heard.raw.request.body, heard.redacted.request.body),
            (
                "response",
                heard.raw.response.body if heard.raw.response else None,
                heard.redacted.response.body if heard.redacted.response else None,
            ),
        ):
            if before is not None and after is not None and after.truncated and not before.truncated:
                self._left_out[f"{side} {after.content_type or 'without a type'}"] += 1

    def dead(self) -> tuple[str, ...]:
        """Rules that had nothing to decide."""
        return self._sources.dead(self._policy.decided)

    def report(self) -> PreviewReport:
        seen = self.preview
        left_out = dict(sorted(self._left_out.items()))
        return PreviewReport(dict(seen.exchanges), tuple(seen.lines()), left_out, self.dead(), seen.is_full)


@dataclass(frozen=True, slots=True, repr=False)
class PreviewReport:
    """`endpoints`: exchanges of each; `left_out`: bodies that are not understood, by side and type."""

    endpoints: dict[str, int]
    lines: tuple[Line, ...]
    left_out: dict[str, int]
    dead_rules: tuple[str, ...]
    is_full: bool

    def to_json(self) -> dict[str, Any]:
        coverage = coverage_of(self.lines)
        return {
            "endpoints": self.endpoints,
            "places": [
                {name: value for name, value in _entry(line).items() if name not in _SAMPLES} for line in self.lines
            ],
            "coverage": {name: getattr(coverage, name) for name in coverage.__slots__},
            "bodies_left_out": self.left_out,
            "dead_rules": list(self.dead_rules),
            "all_places_seen": not self.is_full,
        }

    def to_wire(self) -> dict[str, Any]:
        """For the way between two processes of ours: with stand-ins."""
        return {**self.to_json(), "places": [_entry(line) for line in self.lines]}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> PreviewReport:
        lines = tuple(Line(**{**one, "why": Why(one["why"])}) for one in wire["places"])
        full = not wire["all_places_seen"]
        return cls(wire["endpoints"], lines, wire["bodies_left_out"], tuple(wire["dead_rules"]), full)


_SAMPLES = ("sample", "original")


def _entry(line: Line) -> dict[str, Any]:
    return {**asdict(line), "why": str(line.why)}
