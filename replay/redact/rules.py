"""The rules of a policy as their author wrote them, checked one by one.

Rule: a rule that is not understood to its last word is an error at start. A rule that is silently without effect is
what shows a secret a year later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from replay.model.errors import ConfigError
from replay.redact.clauses import Alternative
from replay.redact.kinds import Action, ValueClass
from replay.redact.selectors import parse_selector
from replay.redact.vocabulary import KeyRole

Constant = str | int | float | bool
STRICTNESS = tuple(Action)  # the strictest first
CLASSES: dict[str, tuple[KeyRole, ValueClass]] = {
    "id": (KeyRole.PLAIN, ValueClass.ID),
    "email": (KeyRole.PLAIN, ValueClass.EMAIL),
    "uuid": (KeyRole.PLAIN, ValueClass.UUID),
    "token": (KeyRole.TOKEN, ValueClass.TOKEN),
    "password": (KeyRole.SECRET, ValueClass.PASSWORD),
    "name": (KeyRole.NAME, ValueClass.NAME),
    "text": (KeyRole.PLAIN, ValueClass.TEXT),
    "phone": (KeyRole.PHONE, ValueClass.PHONE),
    "card": (KeyRole.PLAIN, ValueClass.CARD),
    "iban": (KeyRole.PLAIN, ValueClass.IBAN),
    "ip": (KeyRole.PLAIN, ValueClass.IP),
    "url": (KeyRole.PLAIN, ValueClass.URL),
    "birth": (KeyRole.BIRTH, ValueClass.BIRTH),
    "geo": (KeyRole.GEO, ValueClass.GEO),
}
"""What a policy may call a value, the name that says the same, and the class that is noted."""

_NAMES_TAKE = (Action.KEEP, Action.PSEUDONYMISE)
_WITH_DOMAIN = (Action.PSEUDONYMISE, Action.HASH)
_WITH_CLASS = (Action.PSEUDONYMISE, Action.HASH, Action.GENERALISE, Action.MASK)
_LONGEST_DOMAIN = 64


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done at a place. `value_class` is a word of CLASSES, or empty: told by name and shape.

    `values` are the only texts that a keep shows; none named: those without anything that looks like a secret.
    """

    action: Action
    value_class: str = ""
    constant: Constant | None = None
    domain: str = ""
    values: frozenset[str] = frozenset()

    @property
    def rank(self) -> int:
        """0 is the strictest."""
        return STRICTNESS.index(self.action)

    @property
    def role(self) -> KeyRole | None:
        return CLASSES[self.value_class][0] if self.value_class else None

    @property
    def noted(self) -> ValueClass | None:
        return CLASSES[self.value_class][1] if self.value_class else None

    def __str__(self) -> str:
        constant = "" if self.constant is None else f"{type(self.constant).__name__} {self.constant!r}"
        return "; ".join([self.action, self.value_class, constant, self.domain, *sorted(self.values)])


SHOWN = Decision(Action.KEEP)


@lru_cache(maxsize=4096)
def ruled_role(decision: Decision, role: KeyRole) -> str:
    """Under which the changes of texts by a decision are remembered, beside those by roles alone."""
    return f"{role}; {decision}"


@dataclass(frozen=True, slots=True)
class Rule:
    """`source` names the rule in messages: `redact.toml: [[redact.rule]] 3`."""

    alternatives: tuple[Alternative, ...]
    decision: Decision
    source: str = field(default="a rule", compare=False)

    def __str__(self) -> str:
        """One spelling for each meaning; the reason is for people."""
        return f"{' or '.join(sorted(map(str, self.alternatives)))} -> {self.decision}"


def make_rule(
    source: str,
    where: str,
    action: str = "",
    value_class: str = "",
    constant: Constant | None = None,
    domain: str = "",
    reason: str = "",
    values: tuple[str, ...] = (),
) -> Rule:
    """Raises ConfigError: one sentence that names the rule by `source`."""
    try:
        known = _action(action)
        _check(known, value_class, constant, domain, reason, values)
        alternatives = parse_selector(where)
        _check_places(known, alternatives)
    except ValueError as problem:
        raise ConfigError(f"{source} {problem}.") from None
    return Rule(alternatives, Decision(known, value_class, constant, domain, frozenset(values)), source)


def _action(action: str) -> Action:
    try:
        return Action(action or Action.PSEUDONYMISE)
    except ValueError:
        raise ValueError(f"has an unknown action; valid: {', '.join(Action)}") from None


def _check(
    action: Action, value_class: str, constant: Constant | None, domain: str, reason: str, values: tuple[str, ...]
) -> None:
    if value_class and value_class not in CLASSES:
        raise ValueError(f"has an unknown class; valid: {', '.join(CLASSES)}")
    if value_class and action not in _WITH_CLASS:
        raise ValueError(f"has a class, which says nothing to {action}")
    if constant is not None and action is not Action.MASK:
        raise ValueError("has with, a constant that only mask writes")
    if domain and action not in _WITH_DOMAIN:
        raise ValueError("has a domain, which only pseudonymise and hash know")
    if len(domain) > _LONGEST_DOMAIN:
        raise ValueError(f"has a domain of more than {_LONGEST_DOMAIN} characters")
    if action is Action.KEEP and not reason.strip():
        raise ValueError("keeps without a reason: say why anybody may read the values there")
    if values and action is not Action.KEEP:
        raise ValueError("has values, which only keep knows")
    if action is Action.PSEUDONYMISE and value_class == "password":
        raise ValueError("pseudonymises a password: equal ones would show, use mask")


def _check_places(action: Action, alternatives: tuple[Alternative, ...]) -> None:
    for alternative in alternatives:
        if alternative.anchor.location == "name" and action not in _NAMES_TAKE:
            raise ValueError("is for names, and these can be kept or pseudonymised")
        if alternative.anchor.location == "path" and action is Action.DROP:
            raise ValueError("drops a segment of a path: without it the request is another one; use mask")
