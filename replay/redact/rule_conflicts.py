"""Which rules of a policy contradict each other: the same place, the same strength, and not the same to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

from replay.model.errors import ConfigError
from replay.redact import json_path, route_patterns
from replay.redact.clauses import DOCUMENTS, INNER, Alternative, Clause, NameMatch
from replay.redact.framing import DROPPED
from replay.redact.route_patterns import RoutePattern
from replay.redact.rule_trie import Specificity, is_above
from replay.redact.rules import Rule

_MADE_ANEW = DROPPED | {"content-length", "content-type"}


def check_headers(rules: Iterable[Rule]) -> None:
    """Raises ConfigError for a rule about fields that no rule can reach."""
    for rule in rules:
        anchors = [one.anchor for one in rule.alternatives]
        if any(one.location == "header" and one.name.names and one.name.names <= _MADE_ANEW for one in anchors):
            raise ConfigError(
                f"{rule.source} can never match: that header describes a body's bytes, and is made anew or left out."
            )


def check_conflicts(rules: Sequence[Rule]) -> None:
    """Raises ConfigError that names the first two.

    Of two regular expressions only equal ones are known to meet. What rules say of something that a place is in is
    weaker than what they say of the place, and no contradiction.
    """
    for one, other in combinations(rules, 2):
        if one.decision.action is not other.decision.action or one.decision == other.decision:
            continue
        if any(_contradict(a, b) for a in one.alternatives for b in other.alternatives):
            raise ConfigError(
                f"{other.source} and {one.source} say different things about one place with equal strength:"
                " make one of them more specific, or exclude the place from it with `and not`."
            )


def check_against_schema(rules: Iterable[Rule], routes: Sequence[RoutePattern], names: frozenset[str] | None) -> None:
    """Raises ConfigError for a rule that the schema knows nothing of. `names` None: it allows fields of any name."""
    for rule in rules:
        if all(_is_unknown(one.anchor, routes, names) for one in rule.alternatives):
            raise ConfigError(f"{rule.source} can never match: the schema has no such route, parameter or property.")


def _is_unknown(anchor: Clause, routes: Sequence[RoutePattern], names: frozenset[str] | None) -> bool:
    if anchor.route and routes and not route_patterns.is_known(anchor.route, routes):
        return True
    if names is None or anchor.location in INNER:
        return False
    if anchor.location in DOCUMENTS:
        return any(step.name is not None and step.name not in names for step in anchor.steps or ())
    return anchor.location in ("query", "form") and bool(anchor.name.names) and not anchor.name.names & names


def _contradict(one: Alternative, other: Alternative) -> bool:
    a, b = one.anchor, other.anchor
    if a.location != b.location or (a.side and b.side and a.side is not b.side):
        return False
    if a.route and b.route and not route_patterns.overlap(a.route, b.route):
        return False
    if _excludes(one, b) or _excludes(other, a):
        return False
    if a.location not in DOCUMENTS:
        return _meet(a.name, b.name) and _is_tie(a.specificity, b.specificity)
    return json_path.overlap(a.steps or (), b.steps or ()) and _is_tie(a.specificity, b.specificity)


def _is_tie(one: Specificity, other: Specificity) -> bool:
    return not is_above(one, other) and not is_above(other, one)


def _meet(one: NameMatch, other: NameMatch) -> bool:
    if one.names and other.names:
        return bool(one.names & other.names)
    if one.regex or other.regex:
        return one.regex == other.regex
    return True


def _excludes(one: Alternative, anchor: Clause) -> bool:
    """True when `one` says `and not` of all that `anchor` names."""
    return any(
        no.location == anchor.location
        and (no.name, no.steps) == (anchor.name, anchor.steps)
        and no.side in (None, anchor.side)
        and no.route in (None, anchor.route)
        for no in one.nots
    )
