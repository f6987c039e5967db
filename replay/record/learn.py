"""`replay redact learn`: a listener that counts what traffic shows, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.record.exports.new_file import new_file
from replay.record.hearing import Heard
from replay.record.preview import PreviewListener
from replay.redact.learning import Learner, Unknown
from replay.redact.lexicon import BUILT_IN
from replay.redact.vocabulary_file import Learned, Where, read_learned, vocabulary_text

_MOST_UNKNOWN = 20  # places shown to a person


class LearningListener:
    """`key`: 32 random bytes, forgotten with this object. Names that the built-in vocabulary has are not learned."""

    def __init__(self, key: bytes, k: int, tenants: int, preview: PreviewListener | None = None) -> None:
        """`preview`: who sees which rules of a policy are of use here."""
        self.learner = Learner(key, k, tenants, BUILT_IN.knows_name, BUILT_IN.knows_route)
        self._preview = preview
        self._sessions: set[str] = set()
        self._tenants: set[str] = set()

    def hear(self, heard: Heard) -> None:
        self._sessions.add(heard.session)
        if heard.tenant:
            self._tenants.add(heard.tenant)
        self.learner.look(heard.raw, heard.session, heard.tenant)
        if self._preview:
            self._preview.hear(heard)

    def lesson(self) -> Lesson:
        learned = self.learner.learned()
        return Lesson(
            learned,
            self.learner.unknown(),
            self.learner.exchanges,
            len(self._sessions),
            len(self._tenants),
            self.learner.is_full,
            self._preview.dead() if self._preview else (),
        )


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned of how much, and what stays unknown."""

    learned: Learned
    unknown: tuple[Unknown, ...]
    exchanges: int
    sessions: int
    tenants: int
    is_full: bool
    dead_rules: tuple[str, ...] = ()

    def lines(self) -> Iterable[str]:
        """For people: counts, then where names stay stand-ins."""
        words = sum(map(len, self.learned.values.values()))
        yield f"looked at {self.exchanges} exchanges of {self.sessions} sessions and {self.tenants} tenants"
        yield f"learned {len(self.learned.names)} names, and {words} values at {len(self.learned.values)} places"
        if self.sessions < self.learned.k or self.tenants < self.learned.tenants:
            yield (
                f"nothing can pass: it takes {self.learned.k} sessions of {self.learned.tenants} tenants"
                " (say where tenants stand: [record] tenant)"
            )
        if self.is_full:
            yield "there were more places than an API has: not all were looked at"
        for rule in self.dead_rules:
            yield f"dead: {rule} had nothing to decide here"
        for one in self.unknown[:_MOST_UNKNOWN]:
            what = "a map, its keys are data" if one.is_map else f"{one.names} unknown names"
            yield f"  {what}: {one.where}"
        if len(self.unknown) > _MOST_UNKNOWN:
            yield f"  ... and {len(self.unknown) - _MOST_UNKNOWN} more places"

    def to_wire(self) -> dict[str, Any]:
        """For the way between two processes of ours; the words are in it."""
        return {"facts": self.to_json(), "vocabulary": vocabulary_text(self.learned)}

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> Lesson:
        facts = wire["facts"]
        unknown = tuple(
            Unknown(Where(one["endpoint"], one["side"], one["place"]), one["names"], one["map"])
            for one in facts["unknown"]
        )
        return cls(
            read_learned(wire["vocabulary"]),
            unknown,
            facts["exchanges"],
            facts["sessions"],
            facts["tenants"],
            not facts["all_places_seen"],
            tuple(facts["dead_rules"]),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "exchanges": self.exchanges,
            "sessions": self.sessions,
            "tenants": self.tenants,
            "k": self.learned.k,
            "least_tenants": self.learned.tenants,
            "names": len(self.learned.names),
            "values": sum(map(len, self.learned.values.values())),
            "places": len(self.learned.values),
            "all_places_seen": not self.is_full,
            "dead_rules": list(self.dead_rules),
            "unknown": [_unknown(one) for one in self.unknown],
        }


def write_vocabulary(learned: Learned, out: Path) -> None:
    """Mode 0600, never over another file. Raises UsageError."""
    with new_file(out) as file:
        file.write(vocabulary_text(learned).encode())


def _unknown(one: Unknown) -> dict[str, object]:
    where: Where = one.where
    return {
        "endpoint": where.endpoint,
        "side": where.side,
        "place": where.place,
        "names": one.names,
        "map": one.is_map,
    }
