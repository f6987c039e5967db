"""What a value's own shape tells, whatever name it stands under.

Two uses: whole values (`is_…`) choose a stand-in; `find_…` locates the same shapes inside longer text, which the
redactors map and the second look (`survivors`) hunts for in the output.

Rule: bounded quantifiers only; hostile text must not make a pattern slow.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from replay.redact.checksums import iban_remainder, luhn_sum
from replay.redact.vocabulary import listed

_EMAIL_TEXT = r"(?<![\w.+%'-])[\w.+%'-]{1,256}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
_JWT_TEXT = r"(?<![\w-])eyJ[\w-]{5,8000}\.[\w-]{2,16000}\.[\w-]{0,2000}"
_CARD_TEXT = r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])"
_IBAN_TEXT = r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?(?![A-Za-z0-9])"
_UUID_TEXT = r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
_IPV4_TEXT = r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"
_PHONE_TEXT = r"(?<![\w])\+\d(?:[ ().-]{0,2}\d){6,14}(?![\w])"
_URL_TEXT = r"(?:https?|wss?)://[^\s\"'<>\\]{1,2000}"

# Length per country (ISO 13616 registry): without it one in a hundred tokens of the shape would pass for an IBAN.
_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in listed(
        """AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
    EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30
    KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29
    PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30
    """
    )
}

_EMAIL = re.compile(_EMAIL_TEXT)
_AT_DOMAIN = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_LOCAL_BACKWARD = re.compile(r"[\w.+%'-]+")
_ANY_EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"\\/]{1,64}@[^\s@<>()\[\],;:\"\\/?#=&]{1,190}\.[^\s@<>()\[\],;:\"\\/?#=&.]{2,63}"
)
_UUID = re.compile(
    r"(?:urn:uuid:|\{)?([0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12})\}?", re.IGNORECASE
)
_JWT = re.compile(_JWT_TEXT)
_CARD = re.compile(_CARD_TEXT)
_CARD_INSIDE = re.compile(r"\d(?<![\w.]\d)(?:[ -]?\d){12,18}(?![\w])")  # the same; found faster, as a digit leads
_IBAN = re.compile(_IBAN_TEXT)
# ASCII: of foreign digits no number is made, they are text.
_PHONE = re.compile(r"\+\d(?:[ ().\/-]{0,2}\d){6,14}|0\d{8,14}", re.ASCII)
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", re.ASCII)
_IPV6 = re.compile(r"(?=[^:]*:[^:]*:)[0-9a-f:]{2,39}(?:(?<=:)[\d.]{7,15})?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:0|[1-9]\d{0,19})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,3})?", re.ASCII)  # longer: a code
_LONG = re.compile(r"[+-]?([1-9]\d{8,19})(?:\.\d{1,17})?", re.ASCII)
_EPOCH = re.compile(r"1[2-9]|20")
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_TIMESTAMP = re.compile(rf"{_DATE}(?:[T ]{_CLOCK}(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?)?|{_CLOCK}")
_HTTP_DATE = re.compile(
    r"(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?, [0-3]\d[ -]"
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ -](?:\d\d){1,2} [0-2]\d:[0-5]\d:[0-6]\d GMT"
)
_DAY_INITIALS = frozenset("MTWFS")
_DURATION = re.compile(r"P(?=[\dT])(?:\d{1,4}[YMWD]){0,4}(?:T(?:\d{1,4}[HMS]){1,3})?")
_AWS_KEY = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{16}(?![A-Za-z0-9])")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,64}")
_EMBEDDED = re.compile(
    f"(?P<jwt>{_JWT_TEXT})|(?P<url>{_URL_TEXT})|(?P<email>{_EMAIL_TEXT})|(?P<uuid>{_UUID_TEXT})|(?P<iban>{_IBAN_TEXT})"
    f"|(?P<ipv4>{_IPV4_TEXT})|(?P<phone>{_PHONE_TEXT})|(?P<card>{_CARD_TEXT})"
)
_HINT = re.compile(r"@|://|eyJ|\d[\d .:()-]{5}|[0-9A-Fa-f]{8}-|[A-Za-z]{2}\d\d ?[A-Za-z0-9]{4}")
_FIVE_DIGITS = re.compile(r"\d{5}")
_ID_TEXT = r"(?<![A-Za-z0-9.])(?!%s)\d{%d,20}(?![A-Za-z0-9]|\.\d)"
_ID = re.compile(_ID_TEXT % ("0{5}", 5))
_LONG_ID = re.compile(_ID_TEXT % (r"0|1[2-9]\d{8}(?!\d)|20\d{8}(?!\d)", 9))
_NOT_DIGIT = re.compile(r"\D")
_FOREIGN_DIGIT = re.compile(r"[^\D0-9]")
_KINDS = bytes(48 if chr(i) in string.digits else 97 if chr(i) in string.ascii_letters else i for i in range(256))
_DIGITS_IN_A_ROW = b"0" * 13  # the shortest card, without separators
_IBAN_START = re.compile(rb"aa00(?= ?[a0]{4} ?[a0]{4})")  # in kinds: "a" any letter, "0" any digit


def digits_of(text: str) -> str:
    return _NOT_DIGIT.sub("", text) if text.isascii() else "".join(c for c in text if "0" <= c <= "9")


def is_email(value: str) -> bool:
    return "@" in value and (_EMAIL.fullmatch(value) or _ANY_EMAIL.fullmatch(value)) is not None


def uuid_hex(value: str) -> str:
    """The 32 hex digits, lower case, of a UUID in any of its spellings; empty when it is none."""
    found = _UUID.fullmatch(value) if 32 <= len(value) <= 45 else None
    return found.group(1).replace("-", "").lower() if found else ""


def is_jwt(value: str) -> bool:
    return value.startswith("eyJ") and _JWT.fullmatch(value) is not None


def is_card_digits(digits: str) -> bool:
    """13 to 19 digits that pass Luhn.

    Epoch times in ms, µs and ns are none: no issuer has numbers of 13, 16 or 19 digits that begin with 1.
    """
    if not 13 <= len(digits) <= 19 or digits[0] == "0" or not (digits.isascii() and digits.isdecimal()):
        return False
    if digits[0] == "1" and len(digits) in (13, 16, 19):
        return False
    return luhn_sum(digits) == 0


def is_card(value: str) -> bool:
    return 13 <= len(value) <= 37 and _CARD.fullmatch(value) is not None and is_card_digits(digits_of(value))


def is_iban(value: str) -> bool:
    if not 15 <= len(value) <= 44 or not value[2:4].isdecimal() or not _IBAN.fullmatch(value):
        return False
    compact = value.replace(" ", "").upper()
    return _IBAN_LENGTHS.get(compact[:2]) == len(compact) and iban_remainder(compact) == 1


def is_phone(value: str) -> bool:
    return value[:1] in ("+", "0") and _PHONE.fullmatch(value) is not None


def is_ipv4(value: str) -> bool:
    return value[:1].isdigit() and _IPV4.fullmatch(value) is not None


def is_ipv6(value: str) -> bool:
    return ":" in value and _IPV6.fullmatch(value) is not None


def is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def is_long_number(value: str) -> bool:
    """Nine digits and more before the point, but no epoch time (s, ms, us, ns) between 2008 and 2036."""
    found = _LONG.fullmatch(value)
    return found is not None and not (_EPOCH.match(found[1]) and len(found[1]) in (10, 13, 16, 19))


def is_timestamp(value: str) -> bool:
    """ISO 8601 dates, times, date-times and durations; HTTP dates."""
    first = value[:1]
    if first.isdigit():
        return _TIMESTAMP.fullmatch(value) is not None
    if first == "P":
        return _DURATION.fullmatch(value) is not None
    return first in _DAY_INITIALS and _HTTP_DATE.fullmatch(value) is not None


def find_embedded(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of what inside `text` has a class of its own; checksums verified."""
    if not _HINT.search(text):
        return
    for found in _EMBEDDED.finditer(text):
        kind = found.lastgroup or ""
        hit = found.group()
        if (kind == "card" and not is_card(hit)) or (kind == "iban" and not is_iban(hit)):
            continue
        yield found.span()


def find_ids(text: str, is_strict: bool) -> Iterator[tuple[int, int]]:
    """(start, end) of numbers that stand by themselves in longer text: `user 48213`, `user-48213`, `[48213]`."""
    if _FIVE_DIGITS.search(text):
        yield from (found.span() for found in (_ID if is_strict else _LONG_ID).finditer(text))


def find_strong(text: str) -> Iterator[tuple[str, str]]:
    """(class, hit) of what is a secret wherever it stands: e-mail, JWT, card, IBAN, AWS key, private key."""
    yield from (("email", hit) for hit in find_emails(text))
    yield from find_but_emails(text)


def find_but_emails(text: str) -> Iterator[tuple[str, str]]:
    """As `find_strong`, without e-mails."""
    yield from (("jwt", hit) for hit in _find_jwts(text))
    bare = text.encode("latin-1", "replace")  # one byte a character, so that positions agree
    if _DIGITS_IN_A_ROW in bare.translate(_KINDS, b" -") or (not text.isascii() and _FOREIGN_DIGIT.search(text)):
        yield from (("card", hit.group()) for hit in _CARD_INSIDE.finditer(text) if is_card(hit.group()))
    yield from (("iban", hit) for hit in _find_ibans(text, bare) if is_iban(hit))
    if "KIA" in text or "SIA" in text:
        yield from (("token", hit.group()) for hit in _AWS_KEY.finditer(text))
    if "-----BEGIN" in text:
        yield from (("token", hit.group()) for hit in _PRIVATE_KEY.finditer(text))


def find_emails(text: str) -> Iterator[str]:
    """From each @ outward: scanning every word for one that ends in @ is fifteen times dearer (measured)."""
    for found in _AT_DOMAIN.finditer(text):
        before = text[max(0, found.start() - 256) : found.start()]
        local = _LOCAL_BACKWARD.match(before[::-1])
        if local is not None:
            yield local.group()[::-1] + found.group()


def _find_jwts(text: str) -> Iterator[str]:
    start = text.find("eyJ")
    while start >= 0:
        found = _JWT.match(text, start)
        if found is not None:
            yield found.group()
        start = text.find("eyJ", found.end() if found else start + 1)


def _find_ibans(text: str, bare: bytes) -> Iterator[str]:
    """From where an IBAN's two letters and two digits stand; to try each letter is five times dearer (measured)."""
    if not text.isascii() and _FOREIGN_DIGIT.search(text):
        yield from (found.group() for found in _IBAN.finditer(text))
        return
    end = 0
    for start in _IBAN_START.finditer(bare.translate(_KINDS)):
        found = _IBAN.match(text, start.start()) if start.start() >= end else None
        if found is not None:
            end = found.end()
            yield found.group()


def has_strong(text: str) -> bool:
    return next(find_strong(text), None) is not None
