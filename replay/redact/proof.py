"""When a stand-in need not be looked at twice: it was made by a keyed function, and nothing of its original is in it.

Rule: what is not proven here is read by the second look. A maker that hands its original on proves nothing.
"""

from __future__ import annotations

from replay.redact.contract import Change, ValueClass
from replay.redact.glance import cut
from replay.redact.scramble import kept_prefix

PURE = frozenset(
    (
        ValueClass.EMAIL,
        ValueClass.UUID,
        ValueClass.CARD,
        ValueClass.IBAN,
        ValueClass.PHONE,
        ValueClass.DIGITS,
        ValueClass.LONG,
        ValueClass.NAME,
        ValueClass.TEXT,
        ValueClass.TOKEN,
    )
)  # classes whose stand-ins hold no part that is only opened and closed again
_TELLING = 5  # characters of a word that stays: shorter ones are equal by chance


def is_pure(original: str, change: Change) -> bool:
    """True when `change.text` stands for `original` alone, has one writing only, and shares no telling word with it."""
    new = change.text
    if len(change.originals) != 1 or not new.isascii() or not new.isprintable():
        return False
    if "%" in new or "\\" in new or '"' in new:
        return False
    before, after = set(cut(original).words), cut(new).words
    shared = before.intersection(after)
    if not shared:
        return bool(before)
    if before == shared:
        return False
    prefix = original[: max(0, kept_prefix(original) - 1)].encode("utf-8", "surrogatepass")
    return all(len(word) < _TELLING or word == prefix for word in shared)
