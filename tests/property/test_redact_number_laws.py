"""Laws of numbers and dates: permutations are permutations, lengths and limits hold, old days keep their order."""

from __future__ import annotations

from datetime import date
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.redact import old_dates
from replay.redact.permutation import Numbers, Permutation
from replay.redact.pseudonyms import Pseudonym

PSEUDONYM = Pseudonym(bytes(range(32)))
NUMBERS = Numbers(PSEUDONYM.digest)
LIMITS = (2**31, 2**32, 2**53, 2**63, 2**64)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_every_number_of_a_length_has_a_stand_in_of_its_own(length: int):
    """Exhaustive: all of them, each once, and none is left out."""
    all_of_them = range(10 ** (length - 1), 10**length)
    assert {int(NUMBERS.identifier(str(number))) for number in all_of_them} == set(all_of_them)


def test_every_number_with_a_zero_in_front_has_one_too():
    """0017 and 17 are different texts, and stay so."""
    written = [f"{number:05d}" for number in range(1, 10_000)]
    assert sorted(map(NUMBERS.identifier, written)) == written


@given(st.integers(2, 5_000), st.text(max_size=5))
def test_any_size_is_permuted(size: int, label: str):
    """Also where the halves do not fit evenly."""
    permutation = Permutation(size, label, PSEUDONYM.digest)
    images = {permutation.image(number) for number in range(size)}
    assert images == set(range(size))


@given(st.integers(0, 10**24), st.integers(0, 10**24))
def test_two_numbers_stay_two_and_fit_where_they_fitted(one: int, other: int):
    """Of any length: as many digits, the same integer types."""
    first, second = (NUMBERS.identifier(str(number)) for number in (one, other))
    assert (first == second) == (one == other)
    assert len(first) == len(str(one))
    assert all((int(first) < limit) == (one < limit) for limit in LIMITS)


@given(st.text("0123456789", min_size=1, max_size=80))
def test_any_digits_become_as_many_digits(digits: str):
    """With zeros in front, and longer than any number."""
    fresh = NUMBERS.identifier(digits)
    assert len(fresh) == len(digits)
    assert fresh.isdigit()
    assert (fresh[0] == "0") == (digits[0] == "0")


def test_times_of_today_and_other_numbers_never_change_places():
    """A time that stays under its name is nobody else's stand-in."""
    for edge in (1_577_836_800, 2_147_483_648):
        for number in range(edge - 500, edge + 500):
            fresh = int(NUMBERS.identifier(str(number)))
            assert (1_577_836_800 <= fresh < 2_147_483_648) == (1_577_836_800 <= number < 2_147_483_648)


DAYS = st.dates(date(1000, 1, 1), date(2019, 12, 31))


@given(DAYS, DAYS)
def test_old_days_keep_their_order_and_distance(one: date, other: date):
    """And none becomes a recent one."""
    days = 1_234
    fresh = [date.fromisoformat(old_dates.moved(day.isoformat(), days)) for day in (one, other)]
    if old_dates.moves(one.isoformat()) and old_dates.moves(other.isoformat()):
        assert fresh[1] - fresh[0] == other - one
        assert max(fresh) < date(2020, 1, 1)


@given(st.dates(date(1000, 1, 1), date(9000, 1, 1)), st.integers(0, 86_399), st.integers(1, 9_999))
def test_a_day_moves_or_stays_in_all_its_writings(day: date, second: int, days: int):
    """ISO with and without a time, seconds and milliseconds since 1970: one decision for one instant."""
    at = (day.toordinal() - old_dates.EPOCH_DAY) * 86_400 + second
    clock = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    text = f"{day.isoformat()}T{clock}Z"
    fresh = old_dates.read(old_dates.moved(text, days))
    assert fresh is not None
    if old_dates.seconds_of(at) is not None and len(str(abs(at))) <= 10:
        assert old_dates.moved_number(at, days) == fresh.at
    if old_dates.seconds_of(at * 1000) is not None and 12 <= len(str(abs(at * 1000))) <= 13:
        assert old_dates.moved_number(at * 1000, days) == fresh.at * 1000


@given(st.text(max_size=45))
def test_any_text_is_read_or_not(text: str):
    """Nothing breaks the reader; what it does not know does not move."""
    assert old_dates.read(text) is not None or old_dates.moved(text, 100) == text


def test_all_words_of_three_letters_stay_as_many():
    """Exhaustive: no two first names, currency codes or keys of a map become one."""
    words = [first + second + third for first in "ABC" for second in ascii_lowercase for third in ascii_lowercase]
    fresh = set(map(PSEUDONYM.text, words))
    assert len(fresh) == len(words)
    assert all(word.istitle() and len(word) == 3 for word in fresh)


@given(st.text("abXY019-_. ", max_size=10), st.text("abXY019-_. ", max_size=10))
def test_two_short_texts_stay_two(one: str, other: str):
    """Of any kinds of characters, also hexadecimal ones; the kinds stay."""
    first, second = PSEUDONYM.text(one), PSEUDONYM.text(other)
    assert (first == second) == (one == other)
    assert [kind_of(char) for char in first] == [kind_of(char) for char in one]


def kind_of(char: str) -> str:
    return "a" if char.islower() else "A" if char.isupper() else "0" if char.isdigit() else char
