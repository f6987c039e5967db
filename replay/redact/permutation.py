"""Keyed permutations of numbers: each number has one stand-in of its own, in a range that its users cannot leave.

    48213       of 10000 … 99999       -> 90417
    2000000017  of 10^9 … 2^31 - 1     -> fits into int4 as before
    0048213     of 0000001 … 0999999   -> 0771205

A Feistel network of two equal halves, walked until the result is in the range (cycle walking). Small ranges have their
round functions as tables of keyed bytes, made once; large ones ask for keyed bytes each time.

Rule: this hides which number it was from who lacks the key. A range of a few thousand numbers hides little whatever
permutes it: the holder of other knowledge can match by frequency and by what stands around.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from math import isqrt
from struct import unpack

Digest = Callable[[str, str], bytes]  # (person, value) -> 64 keyed bytes

_PERSON = "number"
_ROUNDS = 10  # of ranges so small that somebody could know a large part of the pairs
_ROUNDS_OF_LARGE = 8
_LARGEST_TABLED = 10**7  # a table has the root of it as entries, of four bytes, for each round: 130 KB, made in 5 ms
_WORDS_A_DIGEST = 16  # of four bytes
_LONGEST = 60  # digits; above that numbers are text
_EDGES = sorted(
    {10**n for n in range(_LONGEST + 1)}
    | {2**31, 2**32, 2**53, 2**63, 2**64}  # int4, unsigned, exact in JavaScript, int8, unsigned
    # Times of 2020 to 2038 in s, ms, us, ns: where a name says time they stay, so nothing else may come to stand there.
    | {edge * 10**n for edge in (1_577_836_800, 2_147_483_648) for n in (0, 3, 6, 9)}
)


def image_of(number: int, size: int, label: str, digest: Digest) -> int:
    """What `number` becomes in the permutation of 0 … size - 1 that `label` names; nothing is kept."""
    half = isqrt(size - 1) + 1
    while True:
        left, right = divmod(number, half)
        for i in range(_ROUNDS_OF_LARGE):
            keyed = digest(_PERSON, f"{label}:{i}:{right}")
            left, right = right, (left + int.from_bytes(keyed[:32], "big")) % half
        number = left * half + right
        if number < size:
            return number


class Permutation:
    """A permutation of 0 … size - 1."""

    __slots__ = ("_digest", "_half", "_label", "_size", "_tables")

    def __init__(self, size: int, label: str, digest: Digest) -> None:
        self._size = size
        self._label = label
        self._digest = digest
        self._half = isqrt(size - 1) + 1
        self._tables = [self._table(i) for i in range(_ROUNDS)] if size <= _LARGEST_TABLED else []

    def image(self, number: int) -> int:
        """The number that `number` becomes."""
        if not self._tables:
            return image_of(number, self._size, self._label, self._digest)
        while True:
            number = self._by_tables(number)
            if number < self._size:
                return number

    def _by_tables(self, number: int) -> int:
        half = self._half
        left, right = divmod(number, half)
        for table in self._tables:
            left, right = right, (left + table[right]) % half
        return left * half + right

    def _table(self, i: int) -> array[int]:
        half = self._half
        count = (half + _WORDS_A_DIGEST - 1) // _WORDS_A_DIGEST
        raw = b"".join([self._digest(_PERSON, f"{self._label}:table:{i}:{n}") for n in range(count)])
        return array("I", [word % half for word in unpack(f">{count * _WORDS_A_DIGEST}I", raw)[:half]])


class Numbers:
    """The stand-ins of one key's numbers, as strings of ASCII digits. Remembers a few permutations, no number."""

    __slots__ = ("_digest", "_permutations")

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._permutations: dict[str, Permutation] = {}

    def identifier(self, digits: str) -> str:
        """Another number of as many digits that fits where `digits` fitted. Zero stays zero, a zero in front stays."""
        if not digits.strip("0"):
            return digits
        if len(digits) > _LONGEST:
            return self._chained(digits)
        if digits[0] == "0":
            size = 10 ** (len(digits) - 1) - 1
            return f"{self._image('id 0', size, int(digits) - 1) + 1:0{len(digits)}d}"
        number = int(digits)
        above = bisect_right(_EDGES, number)
        low, high = _EDGES[above - 1], _EDGES[above]
        return str(low + self._image(f"id {low}", high - low, number - low))

    def free(self, label: str, digits: str, after: str = "") -> str:
        """Any other digits of the same number; `label` keeps domains apart, few of them, `after` what they follow."""
        if not digits:
            return ""
        if len(digits) > _LONGEST:
            return self._chained(digits)
        size = 10 ** len(digits)
        turn = int.from_bytes(self._digest(_PERSON, f"{label}:{after}")[:32], "big") if after else 0
        return f"{self._image(label, size, (int(digits) + turn) % size):0{len(digits)}d}"

    def _image(self, label: str, size: int, number: int) -> int:
        name = f"{label}/{size}"
        known = self._permutations.get(name)
        if known is None:
            known = self._permutations[name] = Permutation(size, name, self._digest)
        return known.image(number)

    def _chained(self, digits: str) -> str:
        """Longer than any number in use: keyed digits, with room enough not to meet."""
        count = len(digits) // _WORDS_A_DIGEST // 4 + 1
        raw = b"".join([self._digest(_PERSON, f"{digits}:{n}") for n in range(count)])
        return bytes(48 + byte % 10 for byte in raw[: len(digits)]).decode()
