"""Text that a person wrote, told apart from values that mean something to a program."""

from __future__ import annotations

from random import Random

import pytest

from make import request
from replay.mutate.free_text import best_free_text, is_free_text, make_letters, make_marker, make_text

TEXTS = [
    ("title", "Intro to bookkeeping", True, "words"),
    ("name", "Anna", True, "one capitalised word"),
    ("comment", "Ruft bitte zurück!", True, "not English"),
    ("author", "Jane Austen", True, "author is not auth"),
    ("email", "anna@example.org", False, "e-mail"),
    ("starts_on", "2024-05-06", False, "date"),
    ("at", "2024-05-06T10:00:00+02:00", False, "time with an offset"),
    ("at", "Mon, 06 May 2024 10:00:00 GMT", False, "HTTP date"),
    ("ref", "3f2b8c1e-1111-4222-8333-444455556666", False, "UUID"),
    ("visibility", "private", False, "enum word"),
    ("state", "IN_REVIEW", False, "enum word, upper case"),
    ("locale", "en-GB", False, "locale"),
    ("course_id", "Intro to X", False, "an id by its name"),
    ("password", "correct Horse battery", False, "a secret by its name"),
    ("cardNumber", "Four one one one", False, "a card by its name"),
    ("phone", "+49 (30) 123-456", False, "phone"),
    ("amount", "12,50", False, "amount"),
    ("homepage", "https://example.org/Me", False, "URL"),
    ("text", "   ", False, "blank"),
]


@pytest.mark.parametrize(("key", "value", "expected", "remark"), TEXTS)
def test_what_is_free_text(key: str, value: str, expected: bool, remark: str) -> None:
    assert is_free_text(key, value) is expected, remark


def test_the_best_text_has_words_and_is_long() -> None:
    """A sentence before a longer single word; nested ones count; too short ones do not."""
    asked = request("POST", "/", json={"code": "Supercalifragilistic", "note": {"text": "Two words"}, "n": 3})
    assert best_free_text(asked) == (("body", "note", "text"), "Two words")
    assert best_free_text(asked, at_least=10) == (("body", "code"), "Supercalifragilistic")
    assert best_free_text(request("POST", "/", json={"kind": "private"})) is None
    assert best_free_text(request("POST", "/")) is None


@pytest.mark.parametrize("length", [3, 8, 15, 16, 1_000, 1_048_576])
def test_made_text_has_exactly_the_length_and_begins_with_a_marker(length: int) -> None:
    """Same generator, same text; another generator, another text."""
    text = make_text(Random(1), length)
    assert len(text) == length
    assert text.startswith("rpl")
    assert text == make_text(Random(1), length)
    assert length < 8 or text != make_text(Random(2), length)


def test_markers_and_letters() -> None:
    assert len(make_marker(Random(1))) == 15
    assert make_letters(Random(1), 500).isalpha()
    assert make_letters(Random(1), -3) == ""
