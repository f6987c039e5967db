"""How much work an exchange may cost: counted in its bytes before anything is read, so that every process agrees.

What costs is what was never seen: each different text between marks (a name, a value, a cell), each character of it,
and what is opened or replaced by itself within. Rows of usual records weigh two thirds of what is allowed; a body of
nothing but different tokens, addresses, numbers or pairs weighs more, up to ten times as much, and is left out unread.

Rule: no clock. The weights are microseconds on one core of 2024, measured where nothing was known yet; see
`tests/unit/redact/hostile_bodies.py` for the bodies by which they were set.
"""

from __future__ import annotations

import re
import string
from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Iterable
from contextlib import suppress

from replay.model.body import Body
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format, format_of
from replay.redact.desk import UnreadableError
from replay.redact.media_types import boundary_of
from replay.redact.multipart_parts import Part, parts_of

MICROS = 50_000  # of work that any body may cost
BYTES_A_MICROSECOND = 2  # of what it may cost when it is longer than 100 KB
_NO_MORE_A_BYTE = 5  # microseconds: nothing found costs more
_ALONE = 1.15  # of what it may cost: a body beside another, for an echo must not lend it its length
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
_DIGIT = re.compile(rb"[0-9]")
_NUMBER = re.compile(rb"(?<![\w-])(?:\d{5,}|(?=[A-Za-z_-]*\d)[\w-]{12,})")  # what is replaced by itself within a text
_A_UUID, _MOST = 36, 256  # characters: what is longer is a token; what is longer still costs no more than it
_A_TEXT, _A_NUMBER, _A_TOKEN_CHARACTER = 30, 10, 0.4  # on top of a piece and its characters
_AT_MOST_A_CHARACTER = _A_NUMBER / 6  # "12345 12345 "; a token's is less
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
    groups = [[body for body in group if body.data and not body.truncated] for group in _bodies(exchange)]
    texts = _texts(exchange)
    length = sum([len(body.data) for group in groups for body in group]) + sum(map(len, texts))
    if length * _NO_MORE_A_BYTE <= MICROS:
        return False
    read = [_MARK.join(map(_read, group)) for group in groups]
    data = _MARK.join(read + [text.encode("utf-8", "replace") for text in texts])
    bodies = [body for group in groups for body in group]
    if _is_over(data, bodies, allowance(len(data))):
        return True
    long = [i for i, one in enumerate(read) if len(one) * _NO_MORE_A_BYTE > MICROS]
    return len(long) > 1 and any(_is_over(read[i], groups[i], int(_ALONE * allowance(len(read[i])))) for i in long)


def _is_over(data: bytes, bodies: Iterable[Body], micros: int) -> bool:
    left = micros - _fixed(data)
    return _of_pieces(data, _a_piece(bodies), left) > left


def cost_of(bodies: Iterable[Body]) -> float:
    """The work in bodies alone, in microseconds."""
    read = [body for body in bodies if body.data and not body.truncated]
    data = _MARK.join(map(_read, read))
    return _fixed(data) + _of_pieces(data, _a_piece(read))


def _a_piece(bodies: Iterable[Body]) -> int:
    return _A_CELL if any(kind in body.media_type for body in bodies for kind in _OF_CELLS) else _A_PIECE


def _bodies(exchange: Exchange) -> list[list[Body]]:
    """In groups, of which each has to be worth its own length."""
    response = [] if exchange.response is None else [exchange.response.body]
    return [[exchange.request.body], response, [message.body for message in exchange.messages]]


def _read(body: Body) -> bytes:
    """What of a body a redactor reads: nothing of an image, and of a form not the images that are uploaded in it."""
    kind = format_of(body.media_type)
    if kind is Format.BINARY:
        return b""
    if kind is not Format.MULTIPART:
        return body.data
    try:
        return _MARK.join(map(_of_part, parts_of(body.data, boundary_of(body.content_type))))
    except UnreadableError:  # it is dropped for that
        return b""


def _of_part(part: Part) -> bytes:
    kind = part.content_type.partition(";")[0].strip().lower()
    if format_of(kind) is Format.BINARY and (kind or part.parameter("filename") is not None):
        return b""
    if part.coding != "base64":
        return part.content
    with suppress(Base64Error):
        return a2b_base64(part.content)
    return b""


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


def _of_pieces(data: bytes, a_piece: int, enough: float = 0.0) -> float:
    """What is different costs; when that cannot come to more than `enough`, less is told than it is."""
    pieces = set(data.translate(_PIECES).split(_MARK))
    characters = sum(map(len, pieces))
    micros = len(pieces) * a_piece + characters * _A_CHARACTER
    if micros + len(pieces) * _A_TEXT + characters * _AT_MOST_A_CHARACTER <= enough:
        return micros
    pieces = set(map(bytes.strip, pieces))  # `[0.5, 0.25]`: no text, two numbers
    texts = [piece for piece in pieces if b" " in piece and _DIGIT.search(piece)]
    tokens = sum([min(len(piece), _MOST) for piece in pieces if len(piece) > _A_UUID and b" " not in piece])
    numbers = sum([len(_NUMBER.findall(text)) for text in texts])
    return micros + len(texts) * _A_TEXT + numbers * _A_NUMBER + tokens * _A_TOKEN_CHARACTER


def _fixed(data: bytes) -> float:
    """The work that does not depend on what is equal."""
    digits = data.translate(_DIGITS)
    long_numbers = digits.count(_LONG)
    if long_numbers:
        long_numbers -= digits.count(b"." + _LONG)  # fractions stay
    marks = data.translate(None, _DULL)
    micros = len(data) * _A_BYTE + long_numbers * _A_LONG_NUMBER + digits.count(b"0-0") * _A_GROUP
    return micros + data.count(b"eyJ") * _A_DOCUMENT + sum([marks.count(mark) * each for mark, each in _WEIGHTS])
