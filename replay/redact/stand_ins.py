"""Every stand-in that one original may have in a capture: by name, by class, in usual writings.

Rule: what is not the original's own is left out: constants (a password's) stand for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator

from replay.redact.contract import Action, Notes, Side
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from replay.redact.vocabulary import KeyRole

_WRITINGS = (str, str.lower, str.upper, str.title, str.casefold)


def stand_ins_of(original: str, pseudonym: Pseudonym) -> frozenset[str]:
    """As values under any name, and as a host. An original that redaction lets stay stands for itself."""
    text = original.strip()
    found = {one for writing in _WRITINGS for one in _of(writing(text), pseudonym)} if text else set()
    if "." in text and " " not in text and "@" not in text:
        host = pseudonym.host(text)
        found |= {host, f"d{host[1:]}"}  # as a host, and as the domain of e-mails
    return frozenset(found)


def _of(text: str, pseudonym: Pseudonym) -> Iterator[str]:
    desk = Rewriter(pseudonym, Notes(), Side.RESPONSE)
    for role in KeyRole:
        change = desk.change(role, text)
        if change.action is not Action.MASK:
            yield change.text
