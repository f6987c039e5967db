"""A desk for tests of formats: one key, notes of its own."""

from __future__ import annotations

from replay.redact.contract import Notes, Side
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter

PSEUDONYM = Pseudonym(bytes(range(32)))


def desk() -> Rewriter:
    return Rewriter(PSEUDONYM, Notes(), Side.REQUEST)


def stand_in(text: str, name: str = "") -> str:
    """What stands for `text` everywhere else."""
    return desk().value(name, text, "")
