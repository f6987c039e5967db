"""The built-in vocabulary: which names are made of words that programmers use, and of nothing else.

    filter[first-name]   filter, first, name     known
    sessionid            session + id            known, run together
    janesmith, x8g7r6    no such words           data

Rule: shape proves nothing. `janesmith` looks like any identifier; what is not in the list is taken for data.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pkgutil import get_data

_FILE = "words.txt"
_MARK = re.compile(r"^\[([a-z ]+)\]$")
_PIECES = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]?[a-z]+|[A-Z]+(?![a-z])")  # `IDs` is one word, `JSONData` two
_DIGITS = re.compile(r"\d+")
_PIECE = re.compile(r"[A-Za-z0-9_-]+")
_BETWEEN = re.compile(r"([^A-Za-z0-9_-]+)")  # dots, colons, brackets: what stands between is a name of its own
_MOST_DIGITS = 4  # of a number in a name: an index, a version; from five digits on it counts as an id
_MOST_LETTERS = 2  # words of one letter in a name: `x_axis`, `a.b`; more could spell something
_SHORTEST_PART = 4  # letters of a word that may run together with others; shorter ones only when listed
_CODE = re.compile(r"[A-Za-z]{2}|[a-z]{2}[_-][A-Z]{2}")  # DE, en-GB: of two letters nobody's name is made
_LONGEST_WORD = 40  # letters; to cut a longer one in three costs the square of its length
_LAST_PARTS = frozenset(("id", "ids", "no", "at", "by", "to"))


def _read() -> dict[str, frozenset[str]]:
    """The sections of the word list, which travels inside the package."""
    data = get_data(__package__, _FILE)
    if data is None:
        raise ImportError(f"{_FILE} is missing from the package")
    sections: dict[str, set[str]] = {}
    into: set[str] = set()
    for line in data.decode("ascii").splitlines():
        mark = _MARK.match(line)
        if mark:
            into = sections.setdefault(mark[1], set())
        elif not line.startswith("#"):
            into.update(line.split())
    return {name: frozenset(words) for name, words in sections.items()}


_SECTIONS = _read()
WORDS = _SECTIONS["words"]
NAMES_TOO = _SECTIONS["names too"]
_SHORT_PARTS = _SECTIONS["short parts"]
_NO_LAST_PARTS = _SECTIONS["no last parts"]
_CURRENCIES = _SECTIONS["currencies"]


@lru_cache(maxsize=8192)
def is_made_of_words(name: str) -> bool:
    """True when every word of `name` is known, one in each piece names nobody, and its numbers are small."""
    if not name.isascii():
        return False
    if _BETWEEN.search(name) and not all(map(is_made_of_words, _PIECE.findall(name))):
        return False
    pieces = _PIECES.findall(name)
    if any(len(digits) > _MOST_DIGITS for digits in _DIGITS.findall(name)):
        return False
    if sum(len(piece) == 1 for piece in pieces) > _MOST_LETTERS:
        return False
    words = [piece.lower() for piece in pieces]
    if not all(map(is_word, words)):
        return False
    return NAMES_TOO.isdisjoint(words) or any(len(word) > 1 and word not in NAMES_TOO for word in words)


@lru_cache(maxsize=8192)
def parts_of(name: str) -> tuple[tuple[str, bool], ...]:
    """`items[48213][qty]` in pieces, each with whether it may stay; empty when no piece of some length may."""
    pieces = tuple((piece, is_made_of_words(piece)) for piece in _BETWEEN.split(name))
    if sum(len(piece) == 1 and piece.isalpha() for piece, _ in pieces) > _MOST_LETTERS:
        return ()
    return pieces if any(stays and len(piece) > 1 and piece.isalpha() for piece, stays in pieces) else ()


@lru_cache(maxsize=8192)
def is_value(value: str) -> bool:
    """True when `value` is made of words, or is a code that stands for a country, a language or a currency."""
    return _CODE.fullmatch(value) is not None or value.upper() in _CURRENCIES or is_made_of_words(value)


@lru_cache(maxsize=16384)
def is_word(word: str) -> bool:
    """True for a known word in lower case, its plural, a single letter, or two or three known words in one."""
    if len(word) > _LONGEST_WORD:
        return False
    return len(word) == 1 or _is_listed(word) or word in NAMES_TOO or _runs_together(word, 3)


def _is_listed(word: str) -> bool:
    return word in WORDS or any(one in WORDS for one in _singulars(word))


def _singulars(word: str) -> list[str]:
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return []
    if word.endswith("ies"):
        return [f"{word[:-3]}y", word[:-1]]
    return [word[:-2], word[:-1]] if word.endswith("es") else [word[:-1]]


def _runs_together(word: str, most: int) -> bool:
    for i in range(3, len(word) - 1):
        if not _is_part(word[:i]):
            continue
        rest = word[i:]
        if rest in _LAST_PARTS or (_is_part(rest) and rest not in _NO_LAST_PARTS):
            return True
        if most > 2 and _runs_together(rest, most - 1):
            return True
    return False


def _is_part(word: str) -> bool:
    if len(word) <= _SHORTEST_PART:
        return word in _SHORT_PARTS or (len(word) == _SHORTEST_PART and word in WORDS)
    return _is_listed(word)


def fingerprint_words() -> list[str]:
    """The lists, for the policy's digest."""
    return [f"{name}: {' '.join(sorted(words))}" for name, words in sorted(_SECTIONS.items())]
