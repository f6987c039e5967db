"""Which class a value belongs to: by its own shape first, by its name where the shape says nothing.

Rule: shape before name, so that a value has one stand-in wherever it stands; only secrets that must not even show
equality (passwords, PINs), personal numbers and words of closed lists depend on the name.
"""

from __future__ import annotations

import ipaddress
import re

from replay.model.endpoint import is_id_like
from replay.redact import detectors, number_rules, old_dates
from replay.redact.kinds import ValueClass
from replay.redact.lexicon import Lexicon
from replay.redact.vocabulary import LITERALS, KeyRole

_CREDENTIALS = re.compile(r"(bearer|basic|token|dpop|apikey|negotiate) +(\S+)", re.IGNORECASE)
_ABSOLUTE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,15}://\S+")
_RELATIVE_URL = re.compile(r"/[A-Za-z0-9._~%!$&'()*+,;=:@-][A-Za-z0-9._~%!$&'()*+,;=:@/-]*(?:\?\S*)?")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_BASE64_JSON = re.compile(r"[eW][w-z0-9+/_-][A-Za-z0-9+/_-]{6,}={0,2}")
_DIGITS_ONLY = re.compile(r"[+(]?\d[\d ()./-]{3,30}", re.ASCII)
_MOST_CODE_DIGITS = 20
_PERSONAL = {KeyRole.PHONE: ValueClass.PHONE, KeyRole.NUMBER: ValueClass.DIGITS}
_OWN = (KeyRole.NUMBER, KeyRole.TOKEN, KeyRole.BIRTH, KeyRole.GEO)  # roles whose numbers are no phones


def classify(role: KeyRole, text: str, lexicon: Lexicon) -> ValueClass:
    """The class of `text` under a name of `role`."""
    if role is KeyRole.SECRET:
        return ValueClass.PASSWORD if text else ValueClass.KEPT
    if text.lower() in LITERALS:
        return ValueClass.KEPT
    if is_wordy(text):
        return _words(role, text, lexicon)
    if text[0].isdigit() or text[0] in "+-(":
        found = _numeric(role, text, lexicon.is_strict)
        if found is not None:
            return found
    if lexicon.knows_word(role, text):
        return ValueClass.KEPT
    found = _dated(role, text, lexicon.is_strict)
    return found or _by_shape(text) or _container(text) or class_of_plain(role, text)


def _dated(role: KeyRole, text: str, is_strict: bool) -> ValueClass | None:
    """Days, times and durations."""
    if not detectors.is_timestamp(text):
        if not is_strict or old_dates.read(text) is None:
            return None
    elif role is not KeyRole.BIRTH and not is_strict:
        return ValueClass.KEPT
    elif text[0].isdigit() and text[4:5] == "-" and old_dates.read(text) is None:
        return ValueClass.TEXT  # of no calendar
    if role is KeyRole.BIRTH:
        return ValueClass.TEXT if old_dates.read(text) is None else ValueClass.BIRTH
    return ValueClass.DATE if old_dates.moves(text) else ValueClass.KEPT


def is_wordy(text: str) -> bool:
    """True for letters and blanks only: most shapes need a digit or a mark, and need not be tried."""
    return text.isalpha() or text.replace(" ", "").isalpha()


def _words(role: KeyRole, text: str, lexicon: Lexicon) -> ValueClass:
    """As `classify`, for wordy text: a closed list's word, hex or base64 without a digit, a scheme and a token."""
    if lexicon.knows_word(role, text):
        return ValueClass.KEPT
    if len(text) == 32 and detectors.uuid_hex(text):
        return ValueClass.UUID
    if text[0] in "eW" and _BASE64_JSON.fullmatch(text):
        return ValueClass.BASE64
    if " " in text and _CREDENTIALS.fullmatch(text):
        return ValueClass.CREDENTIALS
    return class_of_plain(role, text)


def _numeric(role: KeyRole, text: str, is_strict: bool) -> ValueClass | None:
    if detectors.is_card(text):
        return ValueClass.CARD
    if role in _PERSONAL and _DIGITS_ONLY.fullmatch(text):
        return _PERSONAL[role]
    if not detectors.is_number(text):
        return _code(text) if is_strict else None
    if text[0] == "+" and role not in _OWN and detectors.is_phone(text):
        return ValueClass.PHONE
    return number_rules.kind_of(role, text, is_strict)


def _code(text: str) -> ValueClass | None:
    """Digits that are no number, for they have zeros in front. Longer ones are tokens."""
    digits = text.lstrip("+-")
    if not (digits.isascii() and digits.isdigit()) or not number_rules.SMALL_DIGITS < len(digits) <= _MOST_CODE_DIGITS:
        return None
    return None if detectors.is_phone(text) else ValueClass.ID


def _by_shape(text: str) -> ValueClass | None:
    if "@" in text and detectors.is_email(text):
        return ValueClass.EMAIL
    if detectors.uuid_hex(text):
        return ValueClass.UUID
    if detectors.is_jwt(text):
        return ValueClass.JWT
    if detectors.is_iban(text):
        return ValueClass.IBAN
    if detectors.is_phone(text):
        return ValueClass.PHONE
    if detectors.is_ipv4(text) or (detectors.is_ipv6(text) and _is_ipv6(text)):
        return ValueClass.IP
    return None


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _container(text: str) -> ValueClass | None:
    if (text[0] == "{" and text[-1] == "}") or (text[0] == "[" and text[-1] == "]"):
        return ValueClass.JSON
    if "://" in text and _ABSOLUTE_URL.fullmatch(text):
        return ValueClass.URL
    if text[0] == "/" and _RELATIVE_URL.fullmatch(text):
        return ValueClass.URL
    if _BASE64_JSON.fullmatch(text):
        return ValueClass.BASE64
    if " " in text and _CREDENTIALS.fullmatch(text):
        return ValueClass.CREDENTIALS
    if "%" in text and _PERCENT.search(text):
        return ValueClass.PERCENT
    return None


def class_of_plain(role: KeyRole, text: str) -> ValueClass:
    """All of these are scrambled alike; the class is for the reader of an audit and for the second look."""
    if role is KeyRole.TOKEN or (" " not in text and is_id_like(text)):
        return ValueClass.TOKEN
    return ValueClass.NAME if role is KeyRole.NAME else ValueClass.TEXT
