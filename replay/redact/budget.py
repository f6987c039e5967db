"""How much work an exchange may cost: counted in its bytes before anything is read, so that every process agrees.

What costs is what was never seen: each different text between marks (a name, a value, a cell), each character of it,
and what is opened or replaced by itself within. Rows of usual records weigh two thirds of what is allowed; a body of
nothing but different tokens, addresses, numbers or pairs weighs two to ten times as much, and is refused unread.

Rule: no clock. The weights are microseconds on one core of 2024, measured where nothing was known yet; see
`tests/unit/redact/hostile_bodies.py` for the bodies by which they were set.
"""

from __future__ import annotations

import string

from replay.model.body import Body
from replay.model.exchange import Exchange

MICROS = 50_000  # of work that any body may cost
BYTES_A_MICROSECOND = 2  # of what it may cost when it is longer than 100 KB
_NO_MORE_A_BYTE = 5  # microseconds: nothing found costs more
_MARK = b'"'
_MARKS = b"',&=<>;{}[]():|\n\r\t?#*!"
_PIECES = bytes.maketrans(_MARKS, _MARK * len(_MARKS))
_DIGITS = bytes(
    48 if chr(i) in string.digits else 45 if chr(i) in " -" else 46 if i == 46 else 120 for i in range(256)
)  # any digit "0", blank or dash "-", a point, anything else "x"
_LONG = b"0" * 9
_A_PIECE = 7  # microseconds
_A_CELL = 14  # or the text or attribute of an element
_OF_CELLS = ("csv", "tab-separated", "html", "xml")  # in media types
_A_LONG_NUMBER = 18
_A_GROUP = 2.5  # of digits: cards, accounts and telephone numbers come in groups
_A_CHARACTER, _A_BYTE = 0.25, 0.05  # of different pieces, and of all
_A_DOCUMENT = 18  # in base64: "eyJ" is how one begins
_WEIGHTS = (  # microseconds each
    (b"@", 10),
    (b"://", 12),
    (b"/", 1.5),
    (b"%", 4),
    (b"&", 2),
    (b"{", 0.8),
    (b"<", 2),
    (b"\\", 2),  # documents in strings have two a string and more
)
_DULL = bytes(i for i in range(256) if not any(i in mark for mark, _ in _WEIGHTS))


def is_too_costly(exchange: Exchange) -> bool:
    """True when redacting may take more than the exchange's length allows, where nothing is known."""
    bodies = [body for body in _bodies(exchange) if body.data and not body.truncated]
    texts = _texts(exchange)
    length = sum([len(body.data) for body in bodies]) + sum(map(len, texts))
    if length * _NO_MORE_A_BYTE <= MICROS:
        return False
    data = _MARK.join([body.data for body in bodies] + [text.encode("utf-8", "replace") for text in texts])
    a_piece = _A_CELL if any(kind in body.media_type for body in bodies for kind in _OF_CELLS) else _A_PIECE
    allowed, fixed = allowance(length), _fixed(data)
    most_pieces = 1 + len(data) - len(data.translate(None, _MARK + _MARKS))
    if fixed + most_pieces * a_piece + len(data) * _A_CHARACTER <= allowed:
        return False
    return fixed + _of_pieces(data, a_piece) > allowed


def _bodies(exchange: Exchange) -> list[Body]:
    bodies = [exchange.request.body, *(message.body for message in exchange.messages)]
    return bodies if exchange.response is None else [*bodies, exchange.response.body]


def _texts(exchange: Exchange) -> list[str]:
    """The target and the values of all fields."""
    request, response = exchange.request, exchange.response
    texts = [request.target, *[value for _, value in request.headers.fields]]
    if response is not None:
        texts += [value for _, value in response.headers.fields]
        texts += [value for _, value in response.trailers.fields]
    return texts


def allowance(length_bytes: int) -> int:
    """Microseconds of work for so many bytes."""
    return max(MICROS, length_bytes // BYTES_A_MICROSECOND)


def weight(data: bytes) -> int:
    """The work in a document, in microseconds."""
    return int(_fixed(data) + _of_pieces(data, _A_PIECE))


def _of_pieces(data: bytes, a_piece: int) -> float:
    pieces = set(data.translate(_PIECES).split(_MARK))
    return len(pieces) * a_piece + sum(map(len, pieces)) * _A_CHARACTER


def _fixed(data: bytes) -> float:
    """The work that does not depend on what is equal."""
    digits = data.translate(_DIGITS)
    long_numbers = digits.count(_LONG)
    if long_numbers:
        long_numbers -= digits.count(b"." + _LONG)  # fractions stay
    marks = data.translate(None, _DULL)
    micros = len(data) * _A_BYTE + long_numbers * _A_LONG_NUMBER + digits.count(b"0-0") * _A_GROUP
    return micros + data.count(b"eyJ") * _A_DOCUMENT + sum([marks.count(mark) * each for mark, each in _WEIGHTS])
