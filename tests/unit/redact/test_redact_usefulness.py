"""Usefulness: stand-ins pass the checks that real values pass, so that a redacted capture still replays.

The checkers are other people's: e-mail-validator, python-stdnum and phonenumbers know nothing of this project.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import jwt
import phonenumbers
import pytest
from email_validator import validate_email
from stdnum import iban, luhn

from replay.model.message import body_tree
from replay.redact.contract import Notes, Side
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter
from unit.redact.canary_cases import exchange, jwt_of

PSEUDONYM = Pseudonym(bytes(range(32)))
POLICY = Policy(PSEUDONYM)


def stand_in(value: Any, name: str = "v") -> Any:
    return Rewriter(PSEUDONYM, Notes(), Side.REQUEST).scalar(name, value, "body.v")


def test_an_e_mail_address_is_valid():
    """U01: under the rules that pydantic's EmailStr applies, and nobody can ever be written to there."""
    for i in range(200):
        fresh = stand_in(f"Person.{i}+tag@Mail{i % 9}.test")
        checked = validate_email(fresh, check_deliverability=False)
        assert checked.normalized == fresh
        assert fresh.endswith(".example")


@pytest.mark.parametrize("version", [1, 3, 4, 5, 7])
def test_a_uuid_keeps_its_version_and_variant(version: int):
    """U02."""
    for i in range(50):
        old = UUID(int=(0xABCDEF0123456789 << 64) + i * 7919, version=min(version, 5))
        text = str(old)[:14] + str(version) + str(old)[15:]
        fresh = UUID(stand_in(text))
        assert (fresh.version, fresh.variant) == (UUID(text).version, UUID(text).variant)
        assert fresh != UUID(text)


@pytest.mark.parametrize("brand", ["4111111111111111", "5555555555554444", "378282246310005", "6011111111111117"])
def test_a_card_keeps_its_brand_and_passes_luhn(brand: str):
    """U03: also as an integer and with blanks, and two cards stay two."""
    fresh = stand_in(brand)
    assert luhn.is_valid(fresh)
    assert (len(fresh), fresh[0]) == (len(brand), brand[0])
    assert str(stand_in(int(brand))) == fresh
    cards = {f"4{i:014d}" for i in range(2_000)}
    assert len({PSEUDONYM.card(card + luhn.calc_check_digit(card)) for card in cards}) == 2_000


def test_two_thousand_ibans_pass_mod_97():
    """U04: country and length kept."""
    for i in range(2_000):
        bban = f"37040044{i:010d}"
        old = "DE" + iban.calc_check_digits(f"DE00{bban}") + bban
        fresh = stand_in(old)
        assert iban.is_valid(fresh, check_country=False)
        assert (fresh[:2], len(fresh)) == ("DE", 22)
        assert fresh != old


PREFIXES = {
    "+1202555": 12, "+1415867": 12, "+4915112": 14, "+4917612": 13, "+493012": 12, "+447911": 13, "+33612": 12,
    "+4791": 11, "+4670": 12, "+4179": 12, "+43664": 13, "+39347": 13, "+34612": 12, "+31612": 12, "+48512": 12,
    "+919812": 13,
    "+5511987": 14, "+61412": 12, "+819012": 13,
}  # fmt: skip


def test_nearly_all_phone_numbers_stay_valid():
    """U05: of numbers in nineteen networks of sixteen countries at least 98 in a hundred, by libphonenumber."""
    valid = tried = 0
    for prefix, length in PREFIXES.items():
        for i in range(50):
            old = prefix + f"{i * 7919 + 13579:0{length - len(prefix)}d}"[: length - len(prefix)]
            if phonenumbers.is_valid_number(phonenumbers.parse(old)):
                tried += 1
                valid += phonenumbers.is_valid_number(phonenumbers.parse(stand_in(old)))
    assert tried > 500
    assert valid >= 0.98 * tried


def test_nearly_all_phone_numbers_of_all_territories_stay_valid():
    """U05: fixed and mobile examples of each of 240 territories, under several keys, by libphonenumber."""
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    examples = [
        phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
        if (example := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    assert len(examples) > 450
    keys = [Pseudonym(bytes([i] * 32)) for i in range(4)]
    fresh = [(old, key.phone(old)) for old in examples for key in keys]
    assert all(old != new and len(old) == len(new) for old, new in fresh)
    valid = sum(phonenumbers.is_valid_number(phonenumbers.parse(new)) for _, new in fresh)
    assert valid >= 0.98 * len(fresh)


@pytest.mark.parametrize("start", ["+126", "+6817", "+59059", "+35020", "+3546", "+1671300"])
def test_phone_numbers_of_small_plans_stay_distinct(start: str):
    """In a plan, beside it, and across: no two become one, none stays, and writing makes no difference."""
    length = {"+126": 11, "+6817": 9, "+59059": 12, "+35020": 11, "+3546": 10, "+1671300": 11}[start]
    room = length - (len(start) - 1)
    numbers = [f"{start}{i:0{room}d}" for i in range(0, 10**room, max(1, 10**room // 7_000))]
    fresh = [PSEUDONYM.phone(number) for number in numbers]
    assert len(set(fresh)) == len(numbers)
    assert not any(new == old for new, old in zip(fresh, numbers, strict=True))
    spaced = f"{numbers[9][:4]} {numbers[9][4:]}"
    assert PSEUDONYM.phone(spaced).replace(" ", "") == fresh[9]


def test_phone_numbers_stay_distinct_and_their_sixth_digit_changes():
    """No two become one, and no longer beginning stays than country and network."""
    numbers = [f"+491512{i:07d}" for i in range(0, 60_000, 13)]
    fresh = [PSEUDONYM.phone(number) for number in numbers]
    assert len(set(fresh)) == len(numbers)
    assert all(new[6] != old[6] for new, old in zip(fresh, numbers, strict=True))


def test_a_jwt_parses_and_can_be_signed_anew():
    """U06, U07: claims readable, times in order, signature void; with a key of QA's the claims are accepted."""
    old = jwt_of(
        {"sub": "48213", "iat": 1_763_000_000, "exp": 1_763_003_600, "scope": "orders:read", "birth": "1961-03-17"}
    )
    fresh = stand_in(old)
    claims = jwt.decode(fresh, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 3_600
    assert claims["scope"] == "orders:read"
    assert claims["sub"] == stand_in("48213") != "48213"
    assert date.fromisoformat(claims["birth"]) != date(1961, 3, 17)
    assert old.rpartition(".")[2] != fresh.rpartition(".")[2]
    key = "k" * 32
    again = jwt.encode(claims, key, algorithm="HS256")
    assert jwt.decode(again, key, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}) == claims


SCHEMA: dict[str, tuple[type, int, int]] = {
    "id": (int, 1, 2**31 - 1), "userId": (int, 1, 2**53 - 1), "total": (int, 0, 10**12), "lat": (float, -90, 90),
    "lng": (float, -180, 180), "pos": (float, -90, 90), "year": (int, 1900, 2100), "birthYear": (int, 1900, 2030),
    "timestamp": (int, 0, 2**31 - 1),
}  # fmt: skip


def test_types_and_ranges_of_a_schema_still_hold():
    """U08, U09: a number stays a number of its type and range, whatever its name says."""
    document = {
        "id": 2_147_483_000, "userId": 9_007_199_254_000_000, "total": 123_456, "lat": 59.9139452, "lng": 10.7522887,
        "pos": 59.9139452, "year": 2024, "birthYear": 1961, "timestamp": 642_720_600,
    }  # fmt: skip
    fresh = body_tree(POLICY.redact(exchange(body=document)).exchange.request.body)
    assert isinstance(fresh, dict)
    for name, (kind, low, high) in SCHEMA.items():
        assert type(fresh[name]) is kind, name
        assert low <= fresh[name] <= high, name
    assert {name for name in document if fresh[name] == document[name]} == {"total", "year"}


@pytest.mark.parametrize(
    "text",
    [
        "Ingrid Sørensen",
        "usr_48213",
        "AC-123456X",
        "janesmith",
        "Elm Street 17, flat 4",
        "q7Lw2xVb9RkT4sYcZ81nM",
        "Grüße",
    ],
)
def test_a_text_keeps_its_length_and_layout(text: str):
    """U10: what fitted a column fits it; marks and blanks stand where they stood."""
    fresh = stand_in(text)
    assert len(fresh) == len(text)
    assert [char for char in fresh if not char.isalnum()] == [char for char in text if not char.isalnum()]
    assert fresh != text


def test_dates_stay_dates_in_their_order():
    """U11: opened before closed, born before both; each in its own writing."""
    document = {"born": "1961-03-17", "seen": "1999-01-05", "ended": "2011-07-01", "expires": "2027-01-01"}
    fresh = body_tree(POLICY.redact(exchange(body=document)).exchange.request.body)
    assert isinstance(fresh, dict)
    days = [date.fromisoformat(str(fresh[name])) for name in document]
    assert days == sorted(days)
    assert fresh["expires"] == "2027-01-01"
    assert not {"1961-03-17", "1999-01-05", "2011-07-01"} & set(map(str, fresh.values()))


@pytest.mark.parametrize(
    ("name", "value", "other"),
    [("birthDate", "1961-03-17", "-"), ("birthday", "17.03.1961", "."), ("dob", 19610317, ""), ("birthYear", 1961, "")],
)
def test_a_birth_stays_a_birth_within_three_years(name: str, value: Any, other: str):
    """Each by itself, in the same writing: whoever knows one person's two dates knows nothing of another's."""
    fresh = stand_in(value, name)
    assert type(fresh) is type(value)
    assert (len(str(fresh)), str(fresh).count(other or "x")) == (len(str(value)), str(value).count(other or "x"))
    year = next(part for part in (str(fresh)[:4], str(fresh)[-4:]) if part.isdigit() and 1900 < int(part) < 2030)
    assert abs(int(year) - 1961) <= 3
    assert fresh != value


def test_pages_and_limits_stay():
    """U13: pagination by page and by cursor goes on."""
    target = POLICY.redact(
        exchange("/items?page=12&limit=100&offset=12000&sort=-created_at&max_id=48213")
    ).exchange.request.target
    assert target.startswith("/items?page=12&limit=100&offset=12000&sort=-created_at&max_id=")
    assert not target.endswith("48213")


def test_a_search_that_found_something_finds_it_again():
    """U14: whole texts join, so what was asked as it stands is found as it stands."""
    both = POLICY.redact(
        exchange("/search?q=Ingrid+Halvorsen", answer={"hits": [{"title": "Ingrid Halvorsen"}]})
    ).exchange
    assert both.response is not None
    found = body_tree(both.response.body)
    assert isinstance(found, dict)
    assert both.request.query == "q=" + found["hits"][0]["title"].replace(" ", "%20")


@pytest.mark.parametrize(
    ("name", "value", "stays"),
    [
        ("timestamp", 1_763_677_437.25, True), ("timestamp", "1763677437.25", True),
        ("timestamp", 642_720_600.25, False), ("timestamp", "6.427206e8", False), ("day", 20240517, True),
        ("day", 19610317, False), ("day", "19610317", False), ("v", "4\u0668\u0662\u0661\u0663", False),
        ("phone", "+4\u0669 151 2345678\u0669", False), ("v", "1e400", False), ("to", 2_025_550_147, False),
        ("from", "2025550147", False), ("count", 48_213, True), ("max_results", 48_213, True),
        ("max_id", 48_213, False), ("guests", 48_213, False), ("price", "48213.50", True),
        ("v", "48213.50", False), ("lat", 59.9139452, False), ("coordinates", 59.9139452, False),
        ("rate", 0.1234567, True), ("v", 0.25, True), ("errorCode", 40_001, True), ("status", 40_001, False),
        ("otp", "482113", False), ("zip", "02139", False),
    ],
)  # fmt: skip
def test_numbers_by_what_their_names_say(name: str, value: Any, stays: bool):
    """What counts, measures or tells a recent time stays; whatever may name somebody does not, in no digits."""
    fresh = stand_in(value, name)
    assert (fresh == value) is stays
    assert type(fresh) is type(value) or isinstance(value, str)
    if not stays:
        assert str(value) not in str(fresh)
        assert not {char for char in str(fresh) if char.isdigit() and not char.isascii()}
