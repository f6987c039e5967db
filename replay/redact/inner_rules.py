"""How rules reach into documents inside of values: JSON in a text, base64 of it, the claims of a JWT.

    {"payload": "{\\"user\\": {\\"email\\": …}}"}   body $.payload.user.email     paths go on where the text is opened
    Authorization: Bearer eyJ…                  jwt $.email                   claims have a location of their own

A text that may be a document is opened anew at each place from which a rule goes on; everything else is remembered.

Rule: what is not reached has the defaults, as without any rule.
"""

from __future__ import annotations

import re
from typing import Protocol

from replay.model.tree import Scalar
from replay.redact.contract import Change, Notes
from replay.redact.guide import Guide
from replay.redact.kinds import Side
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rule_book import Sheet
from replay.redact.vocabulary import KeyRole

MEMO_LENGTH = 256  # characters; longer values seldom repeat
# JSON, a JSON string, the same percent-encoded or as entities; base64 of an object or list begins with one of the rest.
_MAY_HOLD = re.compile(r"\s*(?:[\[{\"<%&]|j:|ey|ew|W[0-9A-Za-z])")


class Desk(Protocol):
    """What of a `Rewriter` is needed here."""

    pseudonym: Pseudonym
    notes: Notes
    side: Side
    nesting: int

    def change(self, role: KeyRole, text: str) -> Change: ...
    def on(self, guide: Guide) -> Desk: ...


def change_at(desk: Desk, role: KeyRole, text: str, place: str) -> Change:
    """What becomes of a text at a place that no rule is about, though one may be about something in it."""
    guide = desk.notes.guide
    reaching = guide.reaching(desk.side, place) if _MAY_HOLD.match(text) else None
    if reaching is None and not guide.is_reaching:
        return desk.change(role, text)
    return desk.on(reaching or guide.base()).change(role, text)


def reaches(desk: Desk, value: Scalar, place: str) -> bool:
    """True for a text that may be a document, where a rule is about something in it."""
    guide = desk.notes.guide
    if guide.sheet(desk.side) is None or not isinstance(value, str) or not _MAY_HOLD.match(value):
        return False
    return guide.reaching(desk.side, place) is not None


def is_remembered(guide: Guide, sheet: Sheet, text: str) -> bool:
    """True when what becomes of a short `text` depends on nothing but itself, its role and the guide's scope."""
    return not guide.is_reaching and (sheet.scope is None or not _MAY_HOLD.match(text))


def may_remember(guide: Guide, side: Side, text: str) -> bool:
    """The same, of any text and of any guide."""
    sheet = guide.sheet(side)
    return len(text) <= MEMO_LENGTH and (sheet is None or is_remembered(guide, sheet, text))
