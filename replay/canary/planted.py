"""Secrets to plant: made up, of the classes that traffic carries, each used in one case only, the same for one seed."""

from __future__ import annotations

import random
import string
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

_ALNUM = string.ascii_letters + string.digits
_CONSONANTS, _VOWELS = "bdfghklmnprstvwz", "aeiou"
_AWS = string.ascii_uppercase + "234567"


_GIVEN = [
    "ingrid",
    "olivia",
    "matthew",
    "jessica",
    "dimitri",
    "katarzyna",
    "giovanni",
    "mohammed",
    "fatima",
    "sandra",
    "michelle",
    "kenneth",
    "dorothy",
    "svetlana",
    "thorsten",
    "annika",
    "pierre",
    "chantal",
    "joaquin",
    "rajesh",
    "hiroshi",
    "wojciech",
    "zuzana",
    "bogdan",
]
_FAMILY = [
    "schneider",
    "bennett",
    "kowalski",
    "papadopoulos",
    "fernandez",
    "johansson",
    "nakamura",
    "chatterjee",
    "dubois",
    "hoffmann",
    "petrov",
    "mcallister",
    "oconnor",
    "vandenberg",
    "szymanski",
    "kristensen",
    "yamamoto",
    "gonzalez",
    "lindqvist",
    "horvath",
    "ionescu",
    "kaczmarek",
]


class SecretKind(StrEnum):
    EMAIL = "e-mail"
    TOKEN = "opaque token"  # noqa: S105 (a class)
    NAME = "person name"
    FOREIGN_NAME = "non-ASCII name"
    NINE = "9-digit id"
    SIX = "6-digit id"
    SSN = "SSN"
    CARD = "card"
    IBAN = "IBAN"
    PHONE = "phone"
    UUID = "UUID"
    IPV4 = "IPv4"
    IPV6 = "IPv6"
    SLUG = "tenant slug"
    PASSWORD = "password"  # noqa: S105 (a class)
    STREET = "street"
    BIRTH = "birth date"
    AWS = "AWS key id"
    HEX = "40-hex"
    GEO = "geo co-ordinate"
    KEY = "redaction key"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """One planted value. Its repr tells the class only: reports are read by people who must not see values."""

    case: str
    kind: SecretKind
    text: str

    def __repr__(self) -> str:
        return f"Secret({self.case}, {self.kind})"


class Mint:
    """Makes the secrets of one case and remembers them."""

    def __init__(self, case: str, seed: int, key: bytes) -> None:
        """`key`: the redaction key itself, which a case may plant."""
        self._case = case
        self._chance = random.Random(f"{seed}/{case}")
        self._key = key
        self.made: list[Secret] = []

    def plant(self, kind: SecretKind, text: str) -> str:
        """Note `text` as a secret of this case."""
        self.made.append(Secret(self._case, kind, text))
        return text

    def email(self) -> str:
        return self.plant(
            SecretKind.EMAIL, f"{self._word(3)}.{self._word(4)}@{self._word(4)}.{self._pick(('com', 'org', 'io'))}"
        )

    def token(self, length: int = 28) -> str:
        return self.plant(SecretKind.TOKEN, "".join(self._chance.choices(_ALNUM, k=length)))

    def hex(self, length: int = 40) -> str:
        return self.plant(SecretKind.HEX, "".join(self._chance.choices("0123456789abcdef", k=length)))

    def name(self) -> str:
        return self.plant(SecretKind.NAME, f"{self._word(3).capitalize()} {self._word(4).capitalize()}")

    def given(self) -> str:
        """A name that people have: a list of words may know it as well."""
        return self.plant(SecretKind.NAME, self._chance.choice(_GIVEN))

    def family(self) -> str:
        return self.plant(SecretKind.NAME, self._chance.choice(_FAMILY))

    def account(self) -> str:
        """As people call their accounts: `olivia.bennett`, `rossi_giovanni`."""
        parts = [self._chance.choice(_GIVEN), self._chance.choice(_FAMILY)]
        self._chance.shuffle(parts)
        return self.plant(SecretKind.SLUG, self._pick(("", ".", "_", "-")).join(parts))

    def foreign_name(self) -> str:
        """Latin-1 letters, as most European names have; other scripts have cases of their own."""
        middle = "".join(self._chance.choices("åéèöüøßñ", k=3))
        return self.plant(
            SecretKind.FOREIGN_NAME, f"{self._word(2).capitalize()}{middle} {middle[::-1].upper()}{self._word(3)}"
        )

    def nine(self) -> str:
        return self.plant(SecretKind.NINE, self._digits(9))

    def six(self) -> str:
        return self.plant(SecretKind.SIX, self._digits(6))

    def ssn(self) -> str:
        return self.plant(
            SecretKind.SSN, f"{self._between(100, 665)}-{self._between(10, 99)}-{self._between(1000, 9999)}"
        )

    def card(self) -> str:
        return self.plant(SecretKind.CARD, with_luhn("4" + self._digits(14)))

    def iban(self) -> str:
        rest = self._digits(18)
        check = 98 - int(rest + "131400") % 97  # D E 0 0 as numbers, ISO 7064
        return self.plant(SecretKind.IBAN, f"DE{check:02}{rest}")

    def phone(self) -> str:
        return self.plant(SecretKind.PHONE, f"+49151{self._digits(8)}")

    def uuid(self) -> str:
        return self.plant(SecretKind.UUID, str(UUID(int=self._chance.getrandbits(128), version=4)))

    def ipv4(self) -> str:
        return self.plant(
            SecretKind.IPV4,
            f"{self._between(61, 91)}.{self._between(100, 250)}.{self._between(100, 250)}.{self._between(100, 250)}",
        )

    def ipv6(self) -> str:
        return self.plant(SecretKind.IPV6, "2a02:" + ":".join(f"{self._between(0x1000, 0xFFFF):x}" for _ in range(7)))

    def slug(self) -> str:
        return self.plant(SecretKind.SLUG, self._word(3) + self._word(3))

    def password(self) -> str:
        return self.plant(SecretKind.PASSWORD, f"{self._word(3).capitalize()}{self._digits(3)}!{self._word(2)}")

    def street(self) -> str:
        return self.plant(SecretKind.STREET, f"{self._word(4).capitalize()}weg {self._digits(3)}")

    def birth(self) -> str:
        return self.plant(
            SecretKind.BIRTH, f"{self._between(1941, 1999)}-{self._between(1, 12):02}-{self._between(1, 28):02}"
        )

    def aws(self) -> str:
        return self.plant(SecretKind.AWS, "AKIA" + "".join(self._chance.choices(_AWS, k=16)))

    def geo(self) -> str:
        return self.plant(SecretKind.GEO, f"{self._between(41, 59)}.{self._digits(7)}")

    def key(self) -> str:
        """The redaction key, as somebody might send it."""
        return self.plant(SecretKind.KEY, self._key.hex())

    def _word(self, syllables: int) -> str:
        return "".join(self._pick(_CONSONANTS) + self._pick(_VOWELS) for _ in range(syllables))

    def _digits(self, count: int) -> str:
        return str(self._between(10 ** (count - 1), 10**count - 1))

    def _between(self, low: int, high: int) -> int:
        return self._chance.randint(low, high)

    def _pick(self, among: str | tuple[str, ...]) -> str:
        return self._chance.choice(among)


def with_luhn(digits: str) -> str:
    """The digits with the one that makes their Luhn sum right (ISO/IEC 7812-1)."""
    total = sum(sum(divmod(int(digit) * (2 - i % 2), 10)) for i, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)
