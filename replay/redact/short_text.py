"""Short texts, permuted: two first names, codes or keys of a map never become one, however short they are.

    "Ann", "Bob"  ->  two other words of a capital and two small letters

Longer texts have so much room that keyed characters do not meet (see `scramble`).

Rule: the kinds of characters, and all that is neither letter nor digit, stay; texts of other kinds cannot meet.
"""

from __future__ import annotations

from replay.redact.permutation import Digest, image_of

MOST = 10  # characters
_ALPHABETS = {"a": "abcdefghijklmnopqrstuvwxyz", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0": "0123456789"}
_HEX_ALPHABETS = {"a": "abcdef", "A": "ABCDEF", "0": "0123456789"}
_KINDS = str.maketrans({char: kind for kind, letters in _ALPHABETS.items() for char in letters})


def permuted(text: str, is_hex: bool, digest: Digest) -> str:
    """Another text of the same kinds of characters; `text` is ASCII. `is_hex`: all letters are hexadecimal digits."""
    kinds = text.translate(_KINDS)
    alphabets = [(_HEX_ALPHABETS if is_hex else _ALPHABETS).get(kind, "") for kind in kinds]
    size, number = 1, 0
    for char, letters in zip(text, alphabets, strict=True):
        if letters:
            number = number * len(letters) + letters.index(char)
            size *= len(letters)
    if size == 1:
        return text
    fresh = image_of(number, size, f"text {kinds}", digest)
    out: list[str] = []
    for char, letters in zip(reversed(text), reversed(alphabets), strict=True):
        if letters:
            fresh, i = divmod(fresh, len(letters))
            char = letters[i]
        out.append(char)
    return "".join(reversed(out))
