"""Why a value became what it is: a rule, learned words, what the built-in rules see, or default deny.

Rule: told from places, classes and names alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum

from replay.redact.guide import Guide
from replay.redact.kinds import Action, Side, ValueClass
from replay.redact.rules import SHOWN, Decision, Rule
from replay.redact.vocabulary import KeyRole, role_of

KEEP = "keep"
UNKNOWN_NAME = "an unknown name"
_BY_ROLE = {
    ValueClass.NAME: KeyRole.NAME,
    ValueClass.TOKEN: KeyRole.TOKEN,
    ValueClass.DIGITS: KeyRole.NUMBER,
}


class Why(StrEnum):
    """The kinds of reasons. `DEFAULT`: nothing is known about the value, so it does not stay."""

    RULE = "rule"
    LEARNED = "learned"
    BUILT_IN = "built-in"
    DEFAULT = "default"


class Sources:
    """Names of rules by their decisions."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = {id(rule.decision): rule for rule in rules}
        self._hit: set[int] = set()

    def rule_of(self, decision: Decision | None) -> str:
        """The rule that decided so; empty for none. It is not a dead one."""
        if decision is None:
            return ""
        self._hit.add(id(decision))
        rule = self._rules.get(id(decision))
        if rule is not None:
            return rule.source
        return "[redact] keep" if decision is SHOWN else ""

    def dead(self, decided: Collection[int] = ()) -> tuple[str, ...]:
        """Rules that decided about no place that was seen. Those for names alone are not judged here.

        `decided` are ids of decisions that were taken elsewhere: inside of values.
        """
        return tuple(
            rule.source
            for key, rule in self._rules.items()
            if key not in self._hit | {*decided} and any(one.anchor.location != "name" for one in rule.alternatives)
        )


def decision_at(guide: Guide, side: str, place: str, name: str, segments: int = 0) -> Decision | None:
    """What the policy says at a place, a pattern; `segments` are those of the path."""
    sheet = guide.sheet(Side(side))
    if sheet is None:
        return None
    if place.startswith("header."):
        return sheet.field("header", name)
    if place.startswith("path"):
        return next(iter(sheet.segments(segments).values()), None)
    return sheet.at(place, name)


def reason_of(decision: Decision | None, sources: Sources, value_class: str, action: str, name: str) -> tuple[Why, str]:
    """The kind of reason, and its words."""
    rule = sources.rule_of(decision)
    if rule:
        return Why.RULE, rule
    if decision is not None and (decision.action is Action.KEEP) == (action == KEEP):
        return Why.LEARNED, "learned or schema"
    return _built_in(value_class, action, name)


def _built_in(value_class: str, action: str, name: str) -> tuple[Why, str]:
    if action == KEEP:
        return Why.BUILT_IN, "number, time or known word"
    if value_class == ValueClass.FIELD_NAME:
        return Why.DEFAULT, UNKNOWN_NAME
    role = role_of(name)
    if value_class == ValueClass.TEXT:  # by itself redaction does nothing else to a text
        return (Why.DEFAULT, "unclassified") if action == Action.PSEUDONYMISE else (Why.RULE, "a rule")
    wanted = _BY_ROLE.get(ValueClass(value_class)) if value_class in set(ValueClass) else None
    if wanted is not None and role is not wanted:
        return (Why.BUILT_IN, "by its shape") if wanted is not KeyRole.NAME else (Why.DEFAULT, "unclassified")
    if wanted is not None or value_class in (ValueClass.PASSWORD, ValueClass.BIRTH, ValueClass.GEO):
        return Why.BUILT_IN, "by its name"
    return Why.BUILT_IN, "by its shape"
