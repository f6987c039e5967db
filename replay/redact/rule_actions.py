"""What a rule's decision does to one value.

Rule: a value that a rule hides is hidden, whatever the defaults would have done with it; a value that a rule keeps is
looked at all the same.
"""

from __future__ import annotations

from typing import Protocol

from replay.model.tree import Scalar
from replay.redact.composing import composed
from replay.redact.contract import Action, Change, ValueClass
from replay.redact.detectors import is_timestamp
from replay.redact.generalising import coarse_number, coarse_text
from replay.redact.kept_texts import is_clean
from replay.redact.pseudonyms import CONSTANT, CONSTANT_NUMBER, Pseudonym
from replay.redact.rules import Constant, Decision
from replay.redact.vocabulary import KeyRole

_HASH_CHARACTERS = 32  # hex: 128 bits
_NEVER_KEPT = (KeyRole.SECRET, KeyRole.TOKEN)  # names that say so; only listed values may stay there
_CONTAINERS = (ValueClass.JSON, ValueClass.BASE64, ValueClass.PERCENT, ValueClass.CREDENTIALS, ValueClass.JWT)


class Desk(Protocol):
    """What of a `Rewriter` is needed here."""

    pseudonym: Pseudonym

    def change(self, role: KeyRole, text: str) -> Change: ...
    def number(self, role: KeyRole, value: int | float) -> Change: ...
    def of_domain(self, domain: str) -> Desk: ...


def acted(desk: Desk, decision: Decision, role: KeyRole, value: Scalar) -> tuple[Scalar, Change]:
    """The new value, and what is to be noted. `role` is what the value's name says; the rule's class goes before."""
    if decision.action is Action.DROP:
        return None, _dropped(desk, decision, role, value)
    if value is None:
        return None, Change("")
    if isinstance(value, bool):
        return _boolean(decision, value)
    if isinstance(value, str):
        change = _text(desk, decision, decision.role or role, value)
        return change.text, change
    return _number(desk, decision, decision.role or role, value)


def _dropped(desk: Desk, decision: Decision, role: KeyRole, value: Scalar) -> Change:
    if isinstance(value, str) and value:
        return _hidden(decision, desk.change(role, value), value, "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _hidden(decision, desk.number(role, value), str(value), "")
    return Change("", decision.noted or ValueClass.TEXT, decision.action)


def _holds_values(default: Change, text: str) -> bool:
    """True for a document, a form or a query in a text: a rule about the text says nothing of what stands in it."""
    first = text.lstrip()[:1]
    if default.value_class in _CONTAINERS or first in ("{", "[", "<") or ("=" in text and "&" in text):
        return True
    return default.value_class is ValueClass.URL and any(mark in text for mark in "?@#")


def _boolean(decision: Decision, value: bool) -> tuple[Scalar, Change]:
    """One bit has no stand-in and nothing coarser: hidden, it is a constant."""
    if decision.action is Action.KEEP:
        return value, Change("")
    constant = decision.constant if isinstance(decision.constant, bool) else False
    return constant, Change(str(constant), decision.noted or ValueClass.TEXT, Action.MASK)


def _text(desk: Desk, decision: Decision, role: KeyRole, text: str) -> Change:
    action = decision.action
    if action is Action.KEEP:
        if decision.values:
            return Change(text) if text in decision.values else desk.change(role, text)
        default = desk.change(role, text)
        may_stay = role not in _NEVER_KEPT and not _holds_values(default, text) and is_clean(text)
        return Change(text) if may_stay else default
    if not text:
        return Change(text)
    if action is Action.MASK:
        constant = CONSTANT if decision.constant is None else _spelt(decision.constant)
        return _hidden(decision, desk.change(role, text), text, constant)
    if action is Action.HASH:
        return _hidden(decision, desk.change(role, text), text, hashed(desk.pseudonym, decision, text))
    if action is Action.GENERALISE:
        coarse = coarse_text(desk.pseudonym, role, text)
        if coarse is not None:
            return _hidden(decision, desk.change(role, text), text, coarse)
    own = desk.of_domain(decision.domain) if decision.domain else desk
    return forced(own, decision, role, text)


def _number(desk: Desk, decision: Decision, role: KeyRole, value: int | float) -> tuple[Scalar, Change]:
    """A number stays a number, save when it is hashed."""
    action, text = decision.action, str(value)
    if action is Action.KEEP:
        if text in decision.values if decision.values else role not in _NEVER_KEPT and is_clean(text):
            return value, Change(text)
        return _counted(value, desk.number(role, value))
    if action is Action.MASK:
        constant = decision.constant
        fresh: int | float = CONSTANT_NUMBER
        if isinstance(constant, (int, float)) and not isinstance(constant, bool):
            fresh = constant
        return fresh, _hidden(decision, desk.number(role, value), text, str(fresh))
    if action is Action.HASH:
        hidden = hashed(desk.pseudonym, decision, text)
        return hidden, _hidden(decision, desk.number(role, value), text, hidden)
    if action is Action.GENERALISE:
        coarse = coarse_number(role, value)
        return coarse, _hidden(decision, desk.number(role, value), text, str(coarse))
    own = desk.of_domain(decision.domain) if decision.domain else desk
    for each in (role, KeyRole.NUMBER):
        change = own.number(each, value)
        if change.action is not None:
            return _counted(value, change._replace(value_class=decision.noted or change.value_class))
    digits = own.pseudonym.digits(text)
    return _counted(value, _hidden(decision, desk.number(role, value), text, digits))


def forced(desk: Desk, decision: Decision, role: KeyRole, text: str) -> Change:
    """A stand-in, also for what would stay by default; our own stand-ins stay."""
    change = desk.change(role, text)
    if change.action is None and not desk.pseudonym.is_ours(text):
        change = desk.change(KeyRole.BIRTH if is_timestamp(text) else KeyRole.NUMBER, text)
        if change.action is None:
            change = _hidden(decision, desk.change(role, text), text, desk.pseudonym.text(text))
    if change.action is not None and decision.noted is not None:
        change = change._replace(value_class=decision.noted)
    return change


def hashed(pseudonym: Pseudonym, decision: Decision, text: str) -> str:
    """Keyed, so that nobody can try values; equal in one domain, a class's own where none is named."""
    spelt = composed(text, "NFKC").strip()
    if decision.value_class == "email":
        spelt = spelt.lower()
    domain = f"domain {decision.domain}" if decision.domain else f"class {decision.value_class}"
    return pseudonym.digest("rule-hash", f"{domain}\x00{spelt}").hex()[:_HASH_CHARACTERS]


def _hidden(decision: Decision, told: Change, old: str, new: str) -> Change:
    """`told` is the change that there would be by default: the original is looked for as what it is."""
    kind = told.value_class if told.action else ValueClass.TEXT
    originals = told.originals or (((kind, old),) if old and old != new else ())
    return Change(new, decision.noted or kind, decision.action, originals)


def _counted(old: int | float, change: Change) -> tuple[Scalar, Change]:
    if change.action is None:
        return old, change
    fresh = float(change.text) if "." in change.text or "e" in change.text else int(change.text)
    return float(fresh) if isinstance(old, float) else fresh, change


def _spelt(constant: Constant) -> str:
    return str(constant).lower() if isinstance(constant, bool) else str(constant)
