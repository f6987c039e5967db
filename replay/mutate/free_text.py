"""Free text: the strings that a person may write as they like, told apart from values that mean something to a program.

Rule: in doubt a string is not free text. Growing or replacing an e-mail, a date or an enum word gets a dull 400.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from string import ascii_lowercase, digits

from replay.model.codec import UndecodableError
from replay.model.endpoint import is_id_like
from replay.model.exchange import Request
from replay.model.message import body_tree
from replay.model.tree import Place, leaves
from replay.mutate.sites import is_id_key, last_key, words_of

MARKER_CHARS = 15  # `rpl` and 12 of 36 characters: 62 bits, never met by chance in a database

_SECRET_WORDS = frozenset(
    {"apikey", "auth", "authorization", "captcha", "card", "credential", "credentials", "csrf", "cvc", "cvv", "iban"}
    | {"key", "otp", "passcode", "passphrase", "passwd", "password", "pin", "pwd", "secret", "signature", "token"}
)
_NOT_FREE = (
    re.compile(r"[\d\s.,:;/+()%T-]*Z?"),  # numbers, amounts, phones, dates, times
    re.compile(r"\S+@\S+"),  # e-mail
    re.compile(r"[a-z][a-z0-9+.-]*:\S*", re.IGNORECASE),  # URL, URN
    re.compile(r"[a-z]{1,24}([_-][a-z0-9]{1,24})*|[A-Z][A-Z0-9_-]{1,24}"),  # enum words: `private`, `in_review`, `EUR`
    re.compile(r"[a-z]{2,3}[_-][A-Z]{2}"),  # locales
    re.compile(r"(mon|tue|wed|thu|fri|sat|sun)\w*,? .*\d\d:\d\d.*", re.IGNORECASE),  # RFC 9110 dates
    re.compile(r"\d{4}-\d\d-\d\d.*"),  # ISO 8601 with a zone's name or offset
)


def is_free_text(key: str, value: str) -> bool:
    """True when `value`, the field `key`, reads like something that a person wrote."""
    if not value.strip() or is_id_key(key) or _SECRET_WORDS.intersection(words_of(key)) or is_id_like(value):
        return False
    return not any(shape.fullmatch(value) for shape in _NOT_FREE)


def best_free_text(request: Request, at_least: int = 1) -> tuple[Place, str] | None:
    """The JSON string most surely written by a person: of several words first, then the longest, then the first."""
    found = [(place, text) for place, text in _free_texts(request) if len(text) >= at_least]
    return max(found, key=lambda one: (" " in one[1].strip(), len(one[1])), default=None)


def make_marker(rng: Random, length: int = MARKER_CHARS) -> str:
    """`rpl` and letters or digits: unique by chance alone, and it looks like nothing that redaction looks for."""
    return "rpl" + "".join(rng.choices(ascii_lowercase + digits, k=max(0, length - 3)))


def make_letters(rng: Random, length: int) -> str:
    """Lower-case letters; one short run repeated, because a megabyte of fresh chance costs a tenth of a second."""
    run = "".join(rng.choices(ascii_lowercase, k=64))
    return (run * (length // len(run) + 1))[: max(0, length)]


def make_text(rng: Random, length: int) -> str:
    """Fresh text of exactly `length` characters that begins with a marker."""
    marker = make_marker(rng, min(length, MARKER_CHARS))
    return marker + make_letters(rng, length - len(marker))


def _free_texts(request: Request) -> Iterator[tuple[Place, str]]:
    try:
        tree = body_tree(request.body)
    except UndecodableError:
        return
    for place, value in leaves(tree, ("body",)):
        if isinstance(value, str) and is_free_text(last_key(place), value):
            yield place, value
