"""The texts of a response that mean something wherever they are met again: see `shapes.Strength.STRONG`.

Rule: the same texts as among the values of `answers.given`; what can neither be one nor hold one is not opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from replay.correlate.answers import Gift, gifts_of, given
from replay.correlate.credentials import is_static_response_header
from replay.correlate.shapes import EMAIL, UUID, Strength, canonical, strength
from replay.correlate.walking import leaves_where
from replay.correlate.wanted import ENCODED
from replay.model.codec import UndecodableError
from replay.model.exchange import Response
from replay.model.message import body_tree

_SHORTEST = 8  # characters
_OF_THEIR_OWN = frozenset({"location", "set-cookie", "link", "cookie", "authorization"})  # values stand in their value
_LEAST_LONG = 10**16  # shorter numbers may be amounts or times
_TELLING = re.compile(r"[\d@]|[a-f]{8}-", re.IGNORECASE)  # a digit, an address, a UUID without a digit
# Words and short numbers between marks that part them one way only: nothing in it is strong, though all of it may be.
_PARTS = r"(?:[A-Za-z]+|[0-9]{1,16}|[A-Za-z0-9]{1,7})(?![A-Za-z0-9])"
_WHOLE = re.compile(rf"{_PARTS}(?:[-._~]+{_PARTS})*+")


def is_strong(text: str) -> bool:
    return len(text) >= _SHORTEST and strength(text) is Strength.STRONG


def strong_texts(response: Response) -> set[str]:
    """Each once, in no order."""
    if response.body.data and not response.body.is_json:
        return {text for gift in given(response) if is_strong(text := canonical(gift.value))}
    found: set[str] = set()
    opened: list[Gift] = []

    def is_opened(text: str) -> bool:
        """What may hold others is opened; of what stands alone is noted whether it is strong itself."""
        if len(text) < _SHORTEST or not (_TELLING.search(text) or ENCODED.search(text)):
            return False
        if (_WHOLE.fullmatch(text) or UUID.fullmatch(text) or EMAIL.fullmatch(text)) and not ENCODED.search(text):
            if is_strong(text):
                found.add(text)
            return False
        return True

    if any(_is_telling(name, value, is_opened) for name, value in response.headers.fields):
        opened += given(Response(response.status, response.headers))
    try:
        tree = body_tree(response.body)
    except UndecodableError:
        tree = {}
    opened += gifts_of(response, leaves_where(tree, ("body",), is_opened, _is_long), {})
    found.update(text for gift in opened if is_strong(text := canonical(gift.value)))
    return found


def _is_telling(name: str, value: str, is_opened: Callable[[str], bool]) -> bool:
    """Fields of the server's software are left out; of the others, those that may hold a text."""
    key = name.lower()
    if key in _OF_THEIR_OWN:
        return True
    return not is_static_response_header(key) and is_opened(value)


def _is_long(value: int) -> bool:
    return value >= _LEAST_LONG or value <= -_LEAST_LONG
