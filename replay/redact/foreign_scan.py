"""What a secret scanner of somebody else would find: shapes that anybody knows by sight, in text or in raw bytes.

Written apart from `detectors`, which redaction uses: an audit that asks the same question in the same words finds the
same nothing.

Rule: bounded quantifiers only. It tells kinds and positions; whoever calls it does not print what it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from replay.redact.vocabulary import listed


class Found(NamedTuple):
    """One hit. `text` never leaves the process."""

    kind: str
    text: str
    start: int

    def __repr__(self) -> str:
        return f"Found({self.kind})"


def _has_luhn(text: str) -> bool:
    digits = [int(char) for char in text if char.isdigit()]
    if not 13 <= len(digits) <= 19 or digits[0] in (0, 1, 7, 9):  # no issuer begins with these (ISO/IEC 7812)
        return False
    doubled = [value if i % 2 else 2 * value - 9 * (value > 4) for i, value in enumerate(digits[::-1], 1)]
    return sum(doubled) % 10 == 0 and len(set(digits)) > 1


def _is_iban(text: str) -> bool:
    bare = text.replace(" ", "").upper()
    if not 15 <= len(bare) <= 34 or bare[:2] not in _COUNTRIES:
        return False
    moved = bare[4:] + bare[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _always(_: str) -> bool:
    return True


_COUNTRIES = listed(
    """AD AE AL AT AZ BA BE BG BH BR BY CH CR CY CZ DE DK DO EE EG ES FI FO FR GB GE GI GL GR GT HR HU IE IL IQ IS IT
    JO KW KZ LB LC LI LT LU LV LY MC MD ME MK MR MT MU NL NO OM PK PL PS PT QA RO RS RU SA SC SE SI SK SM ST SV TN TR
    UA VA VG XK"""
)
_SSN = (  # from its first hyphen on, which is found fast
    r"-(?!00)\d\d-(?!0000)\d{4}(?![\w-])(?<=\d{3}-\d\d-\d{4})(?<![\w-]\d{3}-\d\d-\d{4})"
    r"(?<!000-\d\d-\d{4})(?<!666-\d\d-\d{4})(?<!9\d\d-\d\d-\d{4})"
)
_EMAIL = r"[A-Za-z0-9][\w.+%'-]{0,63}@[A-Za-z0-9][\w-]{0,62}(?:\.[\w-]{1,63}){0,6}\.[A-Za-z]{2,24}(?![\w-])"
# The shapes that the scanners' public rule sets agree on; prefixes are the vendors' own. Each begins with what it is
# found fast by; what must not stand before it is looked at afterwards (a look-behind first is five times dearer).
_SHAPES: tuple[tuple[str, str, str, Callable[[str], bool]], ...] = (
    ("email", "", _EMAIL, _always),
    ("jwt", "-", r"eyJ[A-Za-z0-9_-]{8,8000}\.ey[A-Za-z0-9_-]{2,16000}\.[A-Za-z0-9_-]{8,2000}", _always),
    ("card", ".+-", r"[2-6]\d{3}[ -]?(?:\d{4}[ -]?){2}\d{1,7}(?![\w.-])", _has_luhn),
    ("card", ".+-", r"3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w.-])", _has_luhn),
    ("iban", "", r"[A-Z]{2}\d{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{0,4}(?![A-Za-z0-9])", _is_iban),
    ("phone", "+", r"\+[1-9]\d{0,2}[ ./()-]{0,2}\d(?:[ ./()-]{0,2}\d){6,12}(?!\d)", _always),
    ("us-ssn", "", _SSN, _always),
    ("private-key", "", r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----", _always),
    ("aws-key", "", r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}(?![A-Za-z0-9])", _always),
    ("github-token", "", r"gh[pousr]_[A-Za-z0-9]{36}(?!\w)", _always),
    ("github-token", "", r"github_pat_\w{22,255}(?!\w)", _always),
    ("gitlab-token", "", r"glpat-[\w-]{20}(?!\w)", _always),
    ("slack-token", "", r"xox[abposr]-[A-Za-z0-9-]{10,80}", _always),
    ("stripe-key", "", r"sk_(?:live|test)_[A-Za-z0-9]{16,99}(?!\w)", _always),
    ("stripe-key", "", r"rk_(?:live|test)_[A-Za-z0-9]{16,99}(?!\w)", _always),
    ("google-key", "", r"AIza[\w-]{35}(?![\w-])", _always),
    ("google-key", "", r"ya29\.[\w-]{20,200}", _always),
    ("npm-token", "", r"npm_[A-Za-z0-9]{36}(?!\w)", _always),
    ("sendgrid-key", "", r"SG\.[\w-]{22}\.[\w-]{43}(?![\w-])", _always),
    ("openai-key", "", r"sk-(?:proj-)?[A-Za-z0-9_-]{32,200}(?![\w-])", _always),
)  # fmt: skip
_TEXT = tuple((kind, before, re.compile(shape), check) for kind, before, shape, check in _SHAPES)
_BYTES = tuple((kind, before, re.compile(shape.encode(), re.ASCII), check) for kind, before, shape, check in _SHAPES)
_HINT = re.compile(r"@|\+\d|\d{3}|ey|-----BEGIN|_|xox|AIza|ya29|SG\.|sk-|glpat|[AI][KSBC][IC]A")
_OUR_EMAIL = re.compile(r"u[0-9a-f]{16}@d[0-9a-f]{8}\.example", re.IGNORECASE)
_OUR_TRACE = re.compile(r"@[dh][0-9a-f]{8}\.ex", re.IGNORECASE)  # cut at either end, as in a packing dictionary
_RESERVED = (".example", ".test", ".invalid", ".localhost")  # RFC 2606: nobody has mail there
OVERLAP_BYTES = 32 << 10  # longer than any hit


def find_in_text(text: str) -> Iterator[Found]:
    if _HINT.search(text):
        for kind, before, shape, check in _TEXT:
            for hit in shape.finditer(text):
                start = hit.start()
                if check(hit.group()) and (kind == "us-ssn" or _is_free(text[start - 1 : start], before)):
                    yield Found(kind, hit.group(), start)


def find_in_bytes(data: bytes) -> Iterator[Found]:
    """Where the bytes are those of plain text; `start` counts bytes. Only for cards what stands before it counts."""
    for kind, _, shape, check in _BYTES:
        for hit in shape.finditer(data):
            text = hit.group().decode("latin-1")
            if check(text) and not (kind == "card" and data[hit.start() - 1 : hit.start()].isalnum()):
                yield Found(kind, text, hit.start())


def _is_free(char: str, before: str) -> bool:
    """True when a hit may begin behind `char`: no letter, digit or underscore, and none of `before`."""
    return not char or not (char.isalnum() or char == "_" or char in before)


def is_plain_stand_in(found: Found) -> bool:
    """True when anybody can tell, without a key, that it is nobody's."""
    return found.kind == "email" and (
        _OUR_EMAIL.fullmatch(found.text) is not None or found.text.lower().endswith(_RESERVED)
    )


def is_trace_of_stand_in(found: Found) -> bool:
    """The same for raw bytes, where a hit has neighbours and no ends of its own."""
    return is_plain_stand_in(found) or (found.kind == "email" and _OUR_TRACE.search(found.text) is not None)
