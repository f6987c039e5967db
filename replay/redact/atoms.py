"""Values that hold no others: which stand-in each class has, and how the change is told."""

from __future__ import annotations

from collections.abc import Callable

from replay.redact.contract import Action, Change, ValueClass
from replay.redact.pseudonyms import CONSTANT, Pseudonym

_ACTIONS = {ValueClass.PASSWORD: Action.MASK, ValueClass.GEO: Action.MASK}


def action_of(kind: ValueClass) -> Action:
    """What is done to a value of the class where no rule says so."""
    return _ACTIONS.get(kind, Action.PSEUDONYMISE)


def hidden(kind: ValueClass, new: str, old: str) -> Change:
    """The change of a text; one that is its own stand-in is no original."""
    return Change(new, kind, action_of(kind), ((kind, old),) if new != old else ())


def stand_in_of(pseudonym: Pseudonym, kind: ValueClass, text: str) -> str:
    """What stands for `text`, which is of the class."""
    if kind is ValueClass.IP:
        return pseudonym.ipv6(text) if ":" in text else pseudonym.ipv4(text)
    return _MAKERS[kind](pseudonym, text)


def _coarse(text: str) -> str:
    """One decimal of a degree: about 11 km."""
    return f"{float(text):.1f}"


_MAKERS: dict[ValueClass, Callable[[Pseudonym, str], str]] = {
    ValueClass.EMAIL: Pseudonym.email,
    ValueClass.UUID: Pseudonym.uuid,
    ValueClass.CARD: Pseudonym.card,
    ValueClass.IBAN: Pseudonym.iban,
    ValueClass.PHONE: Pseudonym.phone,
    ValueClass.DIGITS: Pseudonym.digits,
    ValueClass.LONG: Pseudonym.long_number,
    ValueClass.ID: Pseudonym.identifier,
    ValueClass.DATE: Pseudonym.moved_date,
    ValueClass.BIRTH: Pseudonym.birth,
    ValueClass.GEO: lambda _, text: _coarse(text),
    ValueClass.PASSWORD: lambda *_: CONSTANT,
}
