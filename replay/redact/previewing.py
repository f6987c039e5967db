"""What redaction does with traffic, place by place: for whoever writes the policy, before anything is recorded.

Rule: it counts places and classes. Of values it keeps one stand-in a place, and an original only when told to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from replay.model.capture import RedactedField
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Exchange
from replay.model.message import path_segments, request_leaves, response_leaves, text_of
from replay.model.tree import Place, Scalar, pattern
from replay.redact.explaining import KEEP, Sources, Why, decision_at, reason_of
from replay.redact.guide import Guide
from replay.redact.kinds import ValueClass
from replay.redact.rules import Decision

_LONGEST_SAMPLE = 28  # characters
_MOST_PLACES = 50_000

At = tuple[str, str, str]  # endpoint, side, place


@dataclass(slots=True, repr=False)
class _Seen:
    """One place."""

    leaves: int = 0
    changed: dict[tuple[str, str], int] = field(default_factory=dict)  # by class and action
    decision: Decision | None = None
    name: str = ""
    sample: str = ""
    original: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """`count` of `of` values at a place; `hint` says what its author may want to do."""

    endpoint: str
    side: str
    place: str
    value_class: str
    action: str
    why: Why
    reason: str
    count: int
    of: int
    sample: str = ""
    original: str = ""
    hint: str = ""


class Preview:
    """`keeps_originals`: also one original a place, for a person at a terminal."""

    def __init__(self, sources: Sources, *, keeps_originals: bool = False) -> None:
        self._sources = sources
        self._keeps_originals = keeps_originals
        self._seen: dict[At, _Seen] = {}
        self.exchanges: dict[str, int] = {}
        self.is_full = False

    def look(self, raw: Exchange, redacted: Exchange, fields: Iterable[RedactedField], guide: Guide) -> None:
        endpoint = endpoint_of(redacted.request.method, redacted.request.target)
        self.exchanges[endpoint] = self.exchanges.get(endpoint, 0) + 1
        segments = len(path_segments(raw.request.path))
        for side, leaves, before in (
            ("request", request_leaves(redacted.request), dict(request_leaves(raw.request))),
            (
                "response",
                response_leaves(redacted.response) if redacted.response else iter(()),
                dict(response_leaves(raw.response)) if raw.response else {},
            ),
        ):
            for place, value in leaves:
                self._note_leaf((endpoint, side, pattern(place)), place, value, before, guide, segments)
        for one in fields:
            seen = self._place((endpoint, one.side, one.place))
            if seen is not None:
                key = (one.value_class, one.action)
                seen.changed[key] = seen.changed.get(key, 0) + one.count

    def lines(self) -> list[Line]:
        """By endpoint, side and place."""
        return [line for at in sorted(self._seen) for line in self._lines(at, self._seen[at])]

    def _note_leaf(
        self, at: At, place: Place, value: Scalar, before: dict[Place, Scalar], guide: Guide, segments: int
    ) -> None:
        seen = self._place(at)
        if seen is None:
            return
        if not seen.leaves:
            seen.name = next((step for step in reversed(place) if isinstance(step, str)), "")
            seen.decision = decision_at(guide, at[1], at[2], seen.name, segments)
            self._sources.rule_of(seen.decision)
        seen.leaves += 1
        old = before.get(place, value)
        if not seen.sample and old != value:
            seen.sample = text_of(value)[:_LONGEST_SAMPLE]
        if self._keeps_originals and not seen.original and place in before:
            seen.original = text_of(old)[:_LONGEST_SAMPLE]

    def _place(self, at: At) -> _Seen | None:
        seen = self._seen.get(at)
        if seen is None:
            if len(self._seen) >= _MOST_PLACES:
                self.is_full = True
                return None
            seen = self._seen[at] = _Seen()
        return seen

    def _lines(self, at: At, seen: _Seen) -> Iterator[Line]:
        names = ValueClass.FIELD_NAME  # of a place, not of values there
        changed = sum(count for (kind, _), count in seen.changed.items() if kind != names)
        of = max(seen.leaves, changed)
        for (value_class, action), count in sorted(seen.changed.items()):
            why, reason = reason_of(seen.decision, self._sources, value_class, action, seen.name)
            hint = "unclassified: name its class or keep it" if why is Why.DEFAULT else ""
            if value_class == names:
                hint = "unknown name: learn it, or list it in a rule"
                yield Line(*at, value_class, action, why, reason, count, count, hint=hint)
                continue
            yield Line(*at, value_class, action, why, reason, count, of, seen.sample, seen.original, hint)
        if seen.leaves > changed:
            why, reason = reason_of(seen.decision, self._sources, "", KEEP, seen.name)
            yield Line(*at, "kept", KEEP, why, reason, seen.leaves - changed, of, "", seen.original)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many places are treated how; a place with several actions counts for its strictest."""

    places: int
    keep: int
    pseudonymise: int
    mask: int
    drop: int
    default: int

    def sentence(self) -> str:
        share = 100 * self.default / self.places if self.places else 0.0
        return (
            f"coverage: {self.places} places, keep {self.keep}, pseudonymise {self.pseudonymise}, mask {self.mask},"
            f" drop {self.drop}, default {self.default} ({share:.1f} %)"
        )


def coverage_of(lines: Iterable[Line]) -> Coverage:
    """Other actions that write something count as pseudonymise."""
    actions: dict[At, set[str]] = {}
    default: set[At] = set()
    for line in lines:
        at = (line.endpoint, line.side, line.place)
        actions.setdefault(at, set()).add(line.action)
        if line.why is Why.DEFAULT:
            default.add(at)
    counts = dict.fromkeys(("drop", "mask", "pseudonymise", KEEP), 0)
    for found in actions.values():
        counts[
            next((one for one in ("drop", "mask") if one in found), KEEP if found == {KEEP} else "pseudonymise")
        ] += 1
    return Coverage(len(actions), counts[KEEP], counts["pseudonymise"], counts["mask"], counts["drop"], len(default))
