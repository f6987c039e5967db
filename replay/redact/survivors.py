"""The second look: is anything that was hidden still in the output, in any writing?

Two questions, both about the finished exchange. Does an original that the redactors replaced stand somewhere else,
raw, percent-encoded, JSON-escaped, in another case or in base64? And does any text look like a secret everywhere
(e-mail, JWT, card, IBAN, AWS key, private key) that is no stand-in of ours and stood in the input as well?

Rule: a false refusal loses an exchange, so only telling originals are looked for: a plain word (`Monday`, `course`)
or a short number may stand in any answer by itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from replay.model.exchange import Exchange
from replay.redact.contract import Notes, Original, ValueClass
from replay.redact.detectors import digits_of, find_strong
from replay.redact.glance import MOST_COMPARED, Anchor, anchor_of, any_inside, inside, suspects
from replay.redact.pseudonyms import CONSTANT, REFUSED_CONSTANT, Pseudonym
from replay.redact.readings import look_at, readable
from replay.redact.vocabulary import is_structural

_SHORTEST = 6  # characters of an original that is looked for
_SHORTEST_DIGITS = 9  # shorter digit strings occur by chance
_STRONG = frozenset(
    (ValueClass.EMAIL, ValueClass.UUID, ValueClass.JWT, ValueClass.CARD, ValueClass.IBAN, ValueClass.PHONE)
)
_WORDY = frozenset(
    (ValueClass.NAME, ValueClass.TEXT, ValueClass.TOKEN, ValueClass.PASSWORD, ValueClass.DIGITS, ValueClass.LONG)
)
_LETTERS_AND_SPACES = re.compile(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+)+\.?")
_DIGIT = re.compile(r"\d")
_THREE_LETTERS = re.compile(r"(?:[\W\d_]*[^\W\d_]){3}")
_BETWEEN = "\x00"
_LONG_TEXT = 200  # characters; of longer texts the embedded values are looked for, and the text by its strong parts


def has_survivor(before: Exchange, after: Exchange, notes: Notes, pseudonym: Pseudonym) -> bool:
    """True when something of `before` that must be hidden can be read in `after`."""
    looks = look_at(after, pseudonym)
    originals = list(notes.originals)
    anchors = _anchors(originals, pseudonym)
    telling: list[Anchor] = list(filter(None, anchors))  # type: ignore[arg-type] # True is never kept
    suspected = suspects(telling, [look.words for look in looks])
    if suspected:
        there = [one for one, anchor in zip(originals, anchors, strict=True) if anchor and anchor in suspected]
        if _holds_original(readable(after), there, notes):
            return True
    hits: set[str] = set().union(*[look.hits for look in looks])
    return bool(hits) and _stood_before(hits, readable(before))


def anchors_of(originals: Collection[Original], pseudonym: Pseudonym) -> tuple[Anchor, ...]:
    """By what those of `originals` that are telling can be found."""
    return tuple(filter(None, _anchors(list(originals), pseudonym)))  # type: ignore[arg-type] # True is never kept


def _anchors(originals: list[Original], pseudonym: Pseudonym) -> list[Anchor | bool]:
    """By what each original can be found; False where finding it proves nothing."""
    known = pseudonym.memo.anchors
    found: list[Anchor | bool | None] = list(map(known.young.get, originals))
    for i, anchor in enumerate(found):
        if anchor is None:
            found[i] = _anchor(originals[i], pseudonym)
    return found  # type: ignore[return-value] # no None is left


def _anchor(original: Original, pseudonym: Pseudonym) -> Anchor | bool:
    known: Anchor | bool | None = pseudonym.memo.anchors.find(original)
    if known is None:
        kind, text = original
        known = is_telling(kind, text) and anchor_of(text.casefold().strip(), kind not in _STRONG)
        pseudonym.memo.anchors.keep(original, known)
    return known


def _holds_original(text: str, originals: list[Original], notes: Notes) -> bool:
    """True when one of the suspected stands in `text` and no rule let it stay."""
    folded = text.casefold()
    strong = {original.casefold().strip() for kind, original in originals if kind in _STRONG}
    wanted = {original.casefold().strip() for _, original in originals}
    there = inside({_bytes(one) for one in wanted}, _bytes(folded))
    if len(there) * len(folded) > MOST_COMPARED:
        return True  # thousands of originals as they were: no need to ask each where it stands
    # A field name told as a value is no survivor.
    stayed = set(inside(there, _bytes(_BETWEEN.join(notes.words).casefold())))
    found = (one.decode("utf-8", "surrogatepass") for one in there if one not in stayed or _BETWEEN.encode() in one)
    return any(one in strong or stands_alone(one, folded) for one in found)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def is_telling(kind: ValueClass, original: str) -> bool:
    """True when finding `original` in the output proves that it survived."""
    if len(original) < _SHORTEST or original in {CONSTANT, REFUSED_CONSTANT}:
        return False
    if kind in _STRONG:
        return True
    if kind not in _WORDY or len(original) > _LONG_TEXT:
        return False
    if original.isdigit():
        return len(original) >= _SHORTEST_DIGITS
    if _LETTERS_AND_SPACES.fullmatch(original):  # "Ingrid Sørensen"; a single word proves nothing
        return len(original) >= 10
    return not is_structural(original) and _is_mixed(original)


def _is_mixed(original: str) -> bool:
    """Digits among letters, as generated text and good passwords have; numbers and dates have no letters."""
    return _DIGIT.search(original) is not None and _THREE_LETTERS.match(original) is not None


def stands_alone(wanted: str, text: str) -> bool:
    """True when `wanted` occurs in `text` and not merely inside a longer word or number."""
    start = text.find(wanted)
    while start >= 0:
        end = start + len(wanted)
        if not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum():
            return True
        start = text.find(wanted, start + 1)
    return False


def _stood_before(hits: set[str], before: str) -> bool:
    """True when a hit, or the core of one, can be read in the input: chance look-alikes of our own cannot."""
    cores = {hit.casefold() for _, hit in find_strong(before)}
    digits = set(map(digits_of, cores)) - {""}
    if any(len(shown) > 12 and shown in digits for shown in map(digits_of, hits)):
        return True
    return any_inside(set(map(_bytes, cores)), _bytes(_BETWEEN.join(hits).casefold()))
