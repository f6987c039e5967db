"""Stand-ins: a keyed function per class of value that keeps the shape and forgets the value.

Deterministic: the same key and value give the same stand-in at every position, in every process; nothing is stored.
Different values get different stand-ins as far as the shape has room (e-mail 52 bits, UUID 88, token: its length);
numbers, cards and phones always do, for they are permuted (see `permutation`). A number is one id wherever it stands.

A stand-in with enough room (e-mail, UUID, JWT, host, IPv6, 48 bits of text beyond the check) carries a keyed check, by
which `is_ours` knows it again: fed back, it stays as it is. A value too short to carry a check of 32 bits cannot: a
shorter check would now and then take a real secret for a stand-in and let it pass. Hence the typed way of
`Policy.redact` for whole exchanges.

Rule: the key is never printed, and there is no way to ask for it.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from base64 import urlsafe_b64encode
from datetime import date
from typing import Any

from replay.redact import old_dates, phone_plans, scramble, short_text
from replay.redact.checksums import iban_check, luhn_digit
from replay.redact.composing import composed
from replay.redact.detectors import digits_of, uuid_hex
from replay.redact.memory import Memory
from replay.redact.number_rules import SMALL_DIGITS, plain
from replay.redact.permutation import Numbers

CONSTANT = "Redacted-1!"  # 11 characters, four classes: passes the usual password rules
REFUSED_CONSTANT = "Redacted-0!"  # for passwords that the service refused (see refused_passwords)
CONSTANT_NUMBER = 1111
KEY_BYTES = 32
_KEPT_OF_PHONES = 5  # digits: country and area or network, by which numbering plans tell valid numbers
_REPLACED_OF_PHONES = 5  # digits at least
_MOST_TURNS = 64
_MOST_DAYS = 31  # of a month
_KEPT_DECIMALS = 1  # of a degree: 11 km
_LARGEST_EXPONENT = 307  # of a float, whatever its digits are
_SINCE_1970 = re.compile(r"[+-]?\d{9,19}(?:\.\d{1,17})?", re.ASCII)
_COMPACT = re.compile(r"\d{8}")  # 20240517

_OUR_EMAIL = re.compile(r"u[0-9a-f]{16}@d[0-9a-f]{8}\.example")
_OUR_HOST = re.compile(r"[hd][0-9a-f]{8}\.example")
_OUR_LABELLED = re.compile(r"([a-z0-9_-]{1,63})\.(h[0-9a-f]{8})([0-9a-f]{6})\.example")
_DAYS = re.compile(r"\d{4}-\d\d-\d\d")
_NO_DAY = "1970-01-01"  # for what looks like a day and is in no calendar
_HEX_DIGIT = re.compile(r"[0-9a-fA-F]")


class Pseudonym:
    """One key's stand-ins. `memo` is what callers remember with it; clearing it changes no output."""

    __slots__ = ("_days", "_hashers", "_key", "_numbers", "memo")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a redaction key has {KEY_BYTES} bytes")
        self._key = key
        self._hashers: dict[str, Any] = {}
        self._numbers = Numbers(self.digest)
        secret = self.digest("days", "")
        # Not whole years: the day and month of a birth must not stay.
        self._days = 365 * (1 + secret[0] % 9) + 30 + int.from_bytes(secret[1:5], "big") % 305
        self.memo = Memory()

    def __repr__(self) -> str:
        return "Pseudonym(key hidden)"

    def digest(self, person: str, value: str) -> bytes:
        """64 keyed bytes; `person` (at most 16 bytes) separates the classes."""
        hasher = self._hashers.get(person)
        if hasher is None:
            hasher = self._hashers[person] = hashlib.blake2b(key=self._key, person=person.encode())
        fresh = hasher.copy()
        fresh.update(value.encode("utf-8", "surrogatepass"))
        return fresh.digest()

    def stream(self, person: str, value: str, length: int) -> bytes:
        """`length` keyed bytes."""
        out = self.digest(person, value)
        if length > len(out):
            seed = out.hex()
            blocks = (self.digest(person + "+", f"{seed}{i}") for i in range(1, (length + 63) // 64))
            out += b"".join(blocks)
        return out[:length]

    def key_id(self) -> str:
        """Names the key; a keyed hash of nothing, so that it tells nothing."""
        return self.digest("key-id", "").hex()[:16]

    def is_ours(self, value: str) -> bool:
        """True when `value` is a stand-in made with this key (and long enough to tell)."""
        if value.endswith(".example"):
            return self._is_our_email(value) or self._is_our_host(value)
        spelled = uuid_hex(value)
        if spelled:
            return self._uuid_check(spelled[:24]) == spelled[24:]
        if value.startswith("eyJ") and value.count(".") == 2:
            head, _, signature = value.rpartition(".")
            return bool(signature) and hmac.compare_digest(self.signature(head, len(signature)), signature)
        return scramble.is_ours(value, self.stream)

    def text(self, value: str) -> str:
        """Letters and digits replaced, all else kept: names, words, free text, opaque tokens, hex, slugs."""
        if len(value) > short_text.MOST or not value.isascii():
            return scramble.scrambled(value, self.stream)
        kept, is_hex = scramble.form_of(value)
        return value[:kept] + short_text.permuted(value[kept:], is_hex, self.digest)

    def email(self, value: str) -> str:
        canonical = composed(value, "NFKC").lower()
        local = self.digest("email", canonical).hex()[:13]
        domain = "d" + self.digest("host", canonical.rpartition("@")[2]).hex()[:8]
        return f"u{local}{self._email_check(local, domain)}@{domain}.example"

    def host(self, name: str) -> str:
        """`h<8 hex>.example`; the hex is that of e-mail addresses at the same domain."""
        canonical = name.lower().rstrip(".")
        return canonical if self._is_our_host(canonical) else f"h{self.digest('host', canonical).hex()[:8]}.example"

    def labelled(self, label: str, host: str) -> str:
        """The stand-in `host` below that of a tenant's label, with a check by which both are known again."""
        name = host.removesuffix(".example")
        return f"{label}.{name}{self._label_check(label, name)}.example"

    def uuid(self, value: str) -> str:
        """Version and variant, case, dashes and braces as they were."""
        spelled = uuid_hex(value)
        fresh = self.digest("uuid", spelled).hex()
        body = fresh[:12] + spelled[12] + fresh[13:16] + spelled[16] + fresh[17:24]
        fresh = body + self._uuid_check(body)
        start = value.lower().find("uuid:") + 5 if ":" in value else 0
        old = value[start:]
        if len(old) == 36 and old[8] == old[13] == old[18] == old[23] == "-":
            out = f"{fresh[:8]}-{fresh[8:12]}-{fresh[12:16]}-{fresh[16:20]}-{fresh[20:]}"
        else:
            digits = iter(fresh)
            out = _HEX_DIGIT.sub(lambda _: next(digits), old)
        return value[:start] + (out.upper() if old != old.lower() else out)

    def card(self, value: str) -> str:
        """Brand digit, length and separators kept; Luhn-valid."""
        digits = digits_of(value)
        body = digits[0] + self._numbers.free("card", digits[1:-1], digits[0])
        return _refill(value, body + luhn_digit(body))

    def iban(self, value: str) -> str:
        """Country, length, spaces and case kept; mod-97-valid."""
        compact = value.replace(" ", "").upper()
        account = scramble.scrambled(compact[4:], lambda _, text, n: self.stream("iban", text, n), check=False)
        fresh = compact[:2] + iban_check(compact[:2], account) + account
        if value == value.lower():
            fresh = fresh.lower()
        chars = iter(fresh)
        return "".join(char if char == " " else next(chars) for char in value)

    def phone(self, value: str) -> str:
        """Format, country and the beginning of the area kept; where that is enough the next digit is another one."""
        digits = digits_of(value)
        planned = phone_plans.refilled(digits, self._turn, self._free_phone)
        if planned is not None:
            return _refill(value, planned)
        fresh = self._phone(digits)
        for _ in range(_MOST_TURNS):  # what is in no plan must not become what somebody in one becomes
            if not phone_plans.is_planned(fresh):
                break
            fresh = self._phone(fresh)
        return _refill(value, fresh)

    def _turn(self, text: str) -> int:
        return int.from_bytes(self.digest("phone", text)[:4], "big")

    def _free_phone(self, digits: str, after: str) -> str:
        return self._numbers.free("phone", digits, after)

    def _phone(self, digits: str) -> str:
        kept = max(0, min(_KEPT_OF_PHONES, len(digits) - _REPLACED_OF_PHONES))
        head, rest = digits[:kept], digits[kept:]
        if not rest:
            return digits
        return head + self._another_digit(head, rest[0]) + self._free_phone(rest[1:], head + rest[0])

    def digits(self, value: str) -> str:
        """All digits replaced, as one number whatever stands between them."""
        return _refill(value, self._numbers.identifier(digits_of(value)))

    def long_number(self, value: str) -> str:
        """The digits before the point replaced as by `digits`; sign and fraction stay."""
        whole, mark, rest = value.partition(".")
        return self.digits(whole) + mark + rest

    def identifier(self, value: str) -> str:
        """As `long_number`, and of a long fraction all but the first decimals."""
        whole, mark, fraction = plain(value).partition(".")
        rest = fraction[_KEPT_DECIMALS:]
        if len(rest.rstrip("0")) > _KEPT_DECIMALS + 1:
            fraction = fraction[:_KEPT_DECIMALS] + self._numbers.free("fraction", rest)
        digits = digits_of(whole)
        return (self.digits(whole) if len(digits) > SMALL_DIGITS else whole) + mark + fraction

    def huge(self, value: float) -> str:
        """A float beyond all integers in use: the digits behind the first replaced, the magnitude kept."""
        mantissa, _, exponent = repr(value).partition("e")
        first, _, rest = mantissa.partition(".")
        fresh = self._numbers.free("fraction", rest)
        return f"{first}.{fresh or 0}e{min(int(exponent), _LARGEST_EXPONENT)}"

    def moved_date(self, value: str) -> str:
        """An old or far date, as text or as a number since 1970, moved by this key's days."""
        if _SINCE_1970.fullmatch(value) is None:
            return old_dates.moved(value, self._days)
        whole, mark, fraction = value.partition(".")
        return f"{old_dates.moved_number(int(whole), self._days)}{mark}{fraction}"

    def ipv4(self, value: str) -> str:
        """Inside 10.0.0.0/8."""
        fresh = self.digest("ip", value)
        return f"10.{fresh[0]}.{fresh[1]}.{fresh[2]}"

    def ipv6(self, value: str) -> str:
        """Inside 2001:db8::/32 (RFC 3849), every spelling of an address alike; 32 of the bits are the check."""
        address = ipaddress.IPv6Address(value)
        if address.ipv4_mapped is not None:
            return f"::ffff:{self.ipv4(str(address.ipv4_mapped))}"
        packed = address.packed
        body = packed[4:12] if packed.startswith(b"\x20\x01\x0d\xb8") else b""
        if body and packed[12:] == self.digest("check", body.hex())[:4]:
            return value
        body = self.digest("ip", packed.hex())[:8]
        fresh = b"\x20\x01\x0d\xb8" + body + self.digest("check", body.hex())[:4]
        return str(ipaddress.IPv6Address(fresh))

    def birth(self, value: str) -> str:
        """Another day within two years, in the same writing; a time of day stays. Each day moves by itself."""
        if value.lstrip("+-").isdigit() and not _COMPACT.fullmatch(value):
            return self._birth_number(int(value))
        day = old_dates.read(value)
        if day is not None:
            return day.put(value, self._birthday(day.ordinal))
        return _DAYS.sub(lambda found: self.birth(found.group()) if old_dates.read(found.group()) else _NO_DAY, value)

    def _birth_number(self, number: int) -> str:
        """A year, seconds (and fractions) since 1970, or a day or month by itself."""
        seconds = old_dates.seconds_of(number)
        if 1 <= number <= _MOST_DAYS:  # a month stays one, a day becomes one that every month has
            first, count = (1, 12) if number <= 12 else (13, 16)
            return str(first + self.digest("birth", f"part {number}")[0] % count)
        if seconds is None:
            return str(number + (-2, -1, 1, 2)[self.digest("birth", str(number))[0] % 4])
        day = old_dates.EPOCH_DAY + int(seconds // old_dates.SECONDS_A_DAY)
        return str(number + round(number / seconds) * (self._birthday(day) - day) * old_dates.SECONDS_A_DAY)

    def _birthday(self, ordinal: int) -> int:
        """Never the same day of the same month."""
        old = date.fromordinal(ordinal)
        fresh = self.digest("birth", old.isoformat())
        day = 1 + fresh[2] % 28
        if day == old.day:
            day = day % 28 + 1
        year = min(max(old.year + fresh[0] % 5 - 2, 1), 9999)
        return date(year, 1 + fresh[1] % 12, day).toordinal()

    def signature(self, signing_input: str, length: int) -> str:
        """A JWT signature of `length` characters that nobody can verify but us."""
        raw = self.stream("jwt", signing_input, length * 3 // 4)
        return urlsafe_b64encode(raw).decode().rstrip("=").ljust(length, "A")

    def _is_our_email(self, value: str) -> bool:
        if not _OUR_EMAIL.fullmatch(value):
            return False
        local, domain = value[1:14], value[18:27]
        return self._email_check(local, domain) == value[14:17]

    def _is_our_host(self, value: str) -> bool:
        if _OUR_HOST.fullmatch(value):
            return True
        found = _OUR_LABELLED.fullmatch(value)
        return found is not None and self._label_check(found[1], found[2]) == found[3]

    def _label_check(self, label: str, name: str) -> str:
        return self.digest("check", f"{label}.{name}").hex()[:6]

    def _email_check(self, local: str, domain: str) -> str:
        return self.digest("check", f"{local}@{domain}").hex()[:3]

    def _uuid_check(self, body: str) -> str:
        return self.digest("check", body).hex()[:8]

    def _another_digit(self, head: str, digit: str) -> str:
        """Of 0 and 1 the other, of 2 to 9 another: in many numbering plans the first digit must be one of those."""
        if digit in "01":
            return "10"[int(digit)]
        step = 1 + self.digest("phone", head)[0] % 7
        return str(2 + (int(digit) - 2 + step) % 8)


def _refill(value: str, digits: str) -> str:
    """`value` with its ASCII digits replaced one by one."""
    fresh = iter(digits)
    return "".join(next(fresh) if "0" <= char <= "9" else char for char in value)
