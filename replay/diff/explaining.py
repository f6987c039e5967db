"""Why a place is not compared exactly, and what is still asked of it: in words, without values."""

from __future__ import annotations

from replay.model.difference import NoiseRule, Relation

_ENFORCED: dict[Relation, tuple[str, ...]] = {
    Relation.EQUAL: ("equal",),
    Relation.RENAMED: ("presence", "type", "one name for one thing"),
    Relation.TIME: ("presence", "format", "distance to the answer's own time"),
    Relation.TOLERANCE: ("presence", "type", "tolerance"),
    Relation.SHAPE: ("presence", "type", "shape", "order of magnitude", "known words"),
    Relation.TYPE: ("presence", "type", "known words", "known shapes"),
    Relation.UNORDERED: ("length", "every element, in any order"),
    Relation.VARIABLE: ("type where it is there", "what all elements share"),
    Relation.UNSTABLE: ("the share of answers with another status",),
}


def enforced(rule: NoiseRule) -> tuple[str, ...]:
    """What must still hold at the rule's place."""
    held = _ENFORCED[rule.relation]
    if rule.relation is Relation.TOLERANCE:
        return (*held[:-1], f"at most {5 * rule.limit:.1g} of the value apart")
    return held


def explain(rule: NoiseRule) -> str:
    """`differs in 60 of 60 pairs of clean replays; still enforced: type, shape`."""
    seen = f"differs in {rule.differing} of {rule.pairs} pairs of clean replays"
    return f"{seen}; still enforced: {', '.join(enforced(rule))}"
