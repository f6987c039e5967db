"""A glance at finished text: can an original stand in it at all, by the words that it holds?

A word is a maximal run of ASCII letters and digits, in lower case. An original that stands alone in a text brings all
its words along; one that may stand inside a longer word brings those that are bounded within itself, or else a part of
a long word. Cutting a text into words once is much cheaper than looking for each of hundreds of originals in it.

Rule: a glance may suspect too much, never too little. What it suspects is judged by `survivors`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

_LONG = 6  # characters of a word in which a part is looked for
_FEW = 40  # parts, below which looking for each is faster than looking at each place of the text

_WORDS = bytes(ord(chr(i).lower()) if i < 128 and chr(i).isalnum() else 32 for i in range(256))


class Anchor(NamedTuple):
    """What must be in a text for an original to stand in it: every one of `words`, or `part` in a long word, or `text`.

    Exactly one of the three is set.
    """

    words: tuple[bytes, ...] = ()  # the longest first
    part: bytes = b""
    text: str = ""


class Words(NamedTuple):
    """A text's words; `foreign` is the whole folded text when it is not ASCII."""

    words: Collection[bytes]
    foreign: str
    long: bytes | None = None  # the long words with blanks between them; None: not made yet


def cut(text: str) -> Words:
    """`text` in words."""
    foreign = "" if text.isascii() else text.casefold()
    return Words(_cut(foreign or text), foreign)


def anchor_of(original: str, alone: bool) -> Anchor:
    """`original` is case-folded. `alone`: it counts only where no letter or digit stands next to it."""
    words = _cut(original)
    whole = words if alone else _bounded(original, words)
    longest = max(words, key=len, default=b"")
    if whole:
        return Anchor(words=tuple(sorted(set(whole), key=len, reverse=True)))
    return Anchor(part=longest) if len(longest) >= _LONG else Anchor(text=original)


def kept(words: Words) -> Words:
    """The same, for being asked often."""
    return Words(frozenset(words.words), words.foreign, _long(words.words, _LONG))


def suspects(anchors: Iterable[Anchor], texts: list[Words]) -> bool:
    """True when one of the originals behind `anchors` may stand in one of the texts."""
    firsts: set[bytes] = set()
    parts: set[bytes] = set()
    others: set[str] = set()
    several: list[tuple[bytes, ...]] = []
    for words, part, text in anchors:
        if words:
            firsts.add(words[0])
            several.append(words)
        elif part:
            parts.add(part)
        else:
            others.add(text)
    if any(not firsts.isdisjoint(one.words) and _holds(several, firsts, one.words) for one in texts):
        return True
    if any(text in one.foreign or (text.isascii() and not one.foreign) for text in others for one in texts):
        return True
    if not parts:
        return False
    shortest = min(map(len, parts))
    long = b" ".join([_long(one.words, shortest) if one.long is None else one.long for one in texts])
    return any_inside(parts, long)


def any_inside(parts: set[bytes], text: bytes) -> bool:
    """True when one of `parts` stands in `text`; in linear time, also for thousands of parts."""
    if len(parts) <= _FEW:
        return any([part in text for part in parts])  # noqa: C419 (a generator is twice as slow for few)
    length = min(map(len, parts))
    starts: dict[bytes, list[bytes]] = {}
    for part in parts:
        starts.setdefault(part[:length], []).append(part)
    windows = (text[i : i + length] for i in range(len(text) - length + 1))
    return any(part in text for window in starts.keys() & windows for part in starts[window])


def _holds(several: list[tuple[bytes, ...]], firsts: set[bytes], words: Collection[bytes]) -> bool:
    there = firsts.intersection(words)
    rest = words if isinstance(words, frozenset) else frozenset(words)
    return any(one[0] in there and all(word in rest for word in one) for one in several)


def _long(words: Collection[bytes], shortest: int) -> bytes:
    return b" ".join([word for word in words if len(word) >= shortest])


def _cut(folded: str) -> list[bytes]:
    return folded.encode("utf-8", "surrogatepass").translate(_WORDS).split()


def _bounded(original: str, words: list[bytes]) -> list[bytes]:
    """The words that something else bounds on both sides, within the original."""
    first = 1 if original[:1].isascii() and original[:1].isalnum() else 0
    last = len(words) - (1 if original[-1:].isascii() and original[-1:].isalnum() else 0)
    return words[first:last]
