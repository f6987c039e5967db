"""A glance at finished text: can an original stand in it at all, by the words that it holds?

A word is a maximal run of ASCII letters and digits, in lower case. An original that stands alone in a text brings all
its words along; one that may stand inside a longer word brings those that are bounded within itself, or else a part of
a long word. Cutting a text into words once is much cheaper than looking for each of hundreds of originals in it.

Rule: a glance may suspect too much, never too little. What it suspects is judged by `survivors`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

_LONG, _LONGER = 6, 10  # characters of a word in which a part is looked for
_FEW = 200  # parts, below which looking for each is faster than looking at each place of the text
_LONG_PART = 16  # bytes by which longer parts are looked for first
MOST_COMPARED = 10**9  # bytes: some 50 ms
_BREAKS = re.compile(r'["{}]')  # texts are read in rows, see `readings`: an original with a brace may stand in none

_WORDS = bytes(ord(chr(i).lower()) if i < 128 and chr(i).isalnum() else 32 for i in range(256))


class Anchor(NamedTuple):
    """What must be in a text for an original to stand in it: every one of `words`, or `part` in a long word, or `text`.

    Exactly one of the three is set. `first` is the first of `words`.
    """

    words: tuple[bytes, ...] = ()  # the longest first
    part: bytes = b""
    text: str = ""
    first: bytes = b""


_FIRST, _PART, _TEXT = map(itemgetter, (3, 1, 2))


class Words(NamedTuple):
    """A text's words; `foreign` is the whole folded text when it is not ASCII."""

    words: Collection[bytes]
    foreign: str
    long: bytes | None = None  # the long words with blanks between them; None: not made yet
    longer: bytes = b""  # those of them that are longer still


def cut(text: str) -> Words:
    """`text` in words."""
    foreign = "" if text.isascii() else text.casefold()
    return Words(frozenset(_cut(foreign or text)), foreign)


def anchor_of(original: str, alone: bool) -> Anchor:
    """`original` is case-folded. `alone`: it counts only where no letter or digit stands next to it."""
    words = _cut(original)
    whole = words if alone else _bounded(original, words)
    longest = max(words, key=len, default=b"")
    if whole:
        found = tuple(sorted(set(whole), key=len, reverse=True))
        return Anchor(words=found, first=found[0])
    return Anchor(part=longest) if len(longest) >= _LONG else Anchor(text=original)


def kept(words: Words) -> Words:
    """The same, for being asked often."""
    long = [word for word in words.words if len(word) >= _LONG]
    return Words(tuple(words.words), words.foreign, b" ".join(long), _long(long, _LONGER))


def suspects(anchors: list[Anchor], texts: list[Words]) -> frozenset[Anchor]:
    """Those of `anchors` whose originals may stand in the texts, all of which are taken as one."""
    found: list[Anchor] = []
    all_words = [one.words for one in texts]
    firsts = set(map(_FIRST, anchors)).intersection(chain.from_iterable(all_words))
    if firsts:
        likely = [anchor for anchor in anchors if anchor.first in firsts]
        there = {word for anchor in likely for word in anchor.words}
        there.intersection_update(chain.from_iterable(all_words))
        found += [anchor for anchor in likely if there.issuperset(anchor.words)]
    if any(map(_TEXT, anchors)):
        found += _spelt([anchor for anchor in anchors if anchor.text], texts)
    parts = set(map(_PART, anchors))
    parts.discard(b"")
    if parts:
        shortest = min(map(len, parts))
        known = itemgetter(2 if shortest < _LONGER else 3)
        long = b" ".join([_long(one.words, shortest) if one.long is None else known(one) for one in texts])
        there = set(inside(parts, long))
        found += [anchor for anchor in anchors if anchor.part in there] if there else ()
    return frozenset(found)


def inside(parts: Collection[bytes], text: bytes) -> list[bytes]:
    """Those of `parts` that stand in `text`, in linear time, also for thousands of parts.

    Of long ones that begin alike too many to be looked for are all counted as found: nobody but an attacker has such.
    """
    if len(parts) <= _FEW:
        return [part for part in parts if part in text]
    found: list[bytes] = []
    long: dict[bytes, list[bytes]] = {}
    short: dict[int, set[bytes]] = {}
    for part in parts:
        if len(part) < _LONG_PART:
            short.setdefault(len(part), set()).add(part)
        else:
            long.setdefault(part[:_LONG_PART], []).append(part)
    for length, some in short.items():
        found += some.intersection(_windows(text, length))
    likely = [part for start in long.keys() & _windows(text, _LONG_PART) for part in long[start]] if long else []
    if len(likely) * len(text) > MOST_COMPARED:
        return found + likely
    return found + [part for part in likely if part in text]


def _windows(text: bytes, length: int) -> Iterator[bytes]:
    return (text[i : i + length] for i in range(len(text) - length + 1))


def any_inside(parts: Collection[bytes], text: bytes) -> bool:
    """True when one of `parts` stands in `text`."""
    return bool(inside(parts, text))


def _spelt(others: list[Anchor], texts: list[Words]) -> list[Anchor]:
    plain = any(not one.foreign for one in texts)
    foreign = [one.foreign for one in texts if one.foreign]
    return [
        anchor
        for anchor in others
        if (plain and anchor.text.isascii())
        or (foreign and _BREAKS.search(anchor.text))
        or any(anchor.text in one for one in foreign)
    ]


def _long(words: Collection[bytes], shortest: int) -> bytes:
    return b" ".join([word for word in words if len(word) >= shortest])


def _cut(folded: str) -> list[bytes]:
    return folded.encode("utf-8", "surrogatepass").translate(_WORDS).split()


def _bounded(original: str, words: list[bytes]) -> list[bytes]:
    """The words that something else bounds on both sides, within the original."""
    first = 1 if original[:1].isascii() and original[:1].isalnum() else 0
    last = len(words) - (1 if original[-1:].isascii() and original[-1:].isalnum() else 0)
    return words[first:last]
