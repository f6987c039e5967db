"""The two checksums that tell a card number and an IBAN from other digits: Luhn (ISO 7812) and mod 97 (ISO 13616)."""

from __future__ import annotations

_DOUBLED = bytes((0, 2, 4, 6, 8, 1, 3, 5, 7, 9)[byte % 48 % 10] for byte in range(256))  # of the digits' codes 48 to 57


def luhn_sum(digits: str) -> int:
    """The Luhn sum of ASCII digits modulo 10; 0 means valid."""
    codes = digits.encode("ascii")
    single = codes[-1::-2]
    return (sum(single) - 48 * len(single) + sum(codes[-2::-2].translate(_DOUBLED))) % 10


def luhn_digit(body: str) -> str:
    """The digit that makes `body` + digit valid."""
    return str((10 - luhn_sum(body + "0")) % 10)


def iban_remainder(iban: str) -> int:
    """Modulo 97 of the rearranged IBAN (upper case, no spaces); 1 means valid."""
    rearranged = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in rearranged)) % 97


def iban_check(country: str, account: str) -> str:
    """The two check digits for `country` and `account`."""
    return f"{98 - iban_remainder(f'{country}00{account}'):02d}"
