"""How much work an exchange may cost: counted in its bytes before anything is read, so that every process agrees.

Rule: no clock. The weights are microseconds on a machine of 2024 that knows none of the values, measured; what they
count are the marks by which values begin, open or nest.
"""

from __future__ import annotations

from replay.model.exchange import Exchange

MOST_WORK = 2_000_000  # about two seconds of one core; a list of usual rows of 1 MB weighs a third of it
_NO_MORE_A_BYTE = 21  # microseconds: of the heaviest marks, "&" and "://"
_BYTES_A_MICROSECOND = 8  # parsing, cutting into words, writing
_WEIGHTS = (
    (b'"', 3),  # two a string, four a named one
    (b",", 2),
    (b"&", 20),  # a pair of a form
    (b"\\", 4),  # documents in strings
    (b"{", 4),
    (b"://", 60),
    (b'"eyJ', 60),  # base64 of a document
    (b".eyJ", 60),  # the claims of a JWT
    (b"%7B", 20),
    (b"%5B", 20),
    (b"@", 4),
)


def is_too_costly(exchange: Exchange) -> bool:
    """True when redacting the bodies and messages may take more than `MOST_WORK` where nothing is known."""
    bodies = [exchange.request.body, *(message.body for message in exchange.messages)]
    if exchange.response is not None:
        bodies.append(exchange.response.body)
    read = [body.data for body in bodies if body.data and not body.truncated]
    if sum(map(len, read)) * _NO_MORE_A_BYTE <= MOST_WORK:
        return False
    return sum(map(weight, read)) > MOST_WORK


def weight(data: bytes) -> int:
    """The work in `data`, whatever its type is, in microseconds."""
    marks = sum([data.count(mark) * micros for mark, micros in _WEIGHTS])
    return marks + len(data) // _BYTES_A_MICROSECOND
