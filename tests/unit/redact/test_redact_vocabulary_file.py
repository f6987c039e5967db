"""The vocabulary file: read back as written, and refused whenever it holds what no learner writes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from replay.model.errors import ConfigError
from replay.redact.vocabulary_file import (
    Learned,
    Where,
    is_word,
    read_learned,
    read_vocabulary,
    vocabulary_text,
    where_of,
)

STATUS = Where("GET /orders/{id}", "response", "body.items[*].status")
LEARNED = Learned(5, 2, frozenset({"parcelRef", "orderId"}), {STATUS: frozenset({"ACTIVE", "in_progress"})})


def test_it_is_read_as_it_was_written() -> None:
    assert read_learned(vocabulary_text(LEARNED)) == LEARNED


def test_it_is_sorted_so_that_reviews_see_changes_only() -> None:
    names = json.loads(vocabulary_text(LEARNED))["names"]
    assert names == sorted(names)
    assert vocabulary_text(LEARNED) == vocabulary_text(LEARNED._replace(names=frozenset(["orderId", "parcelRef"])))


def test_a_lexicon_has_the_words_at_their_places() -> None:
    lexicon = read_vocabulary(vocabulary_text(LEARNED))
    assert lexicon.names == LEARNED.names
    assert {(where_of(key), word) for key, word in lexicon.values} == {(STATUS, "ACTIVE"), (STATUS, "in_progress")}


@pytest.mark.parametrize("key", ["GET /a b/c response body.x y", "POST / request form.a[*]", "GET /x response body[*]"])
def test_a_place_is_taken_apart_as_it_was_put_together(key: str) -> None:
    assert str(where_of(key)) == key


def document(**changes: Any) -> str:
    return json.dumps({**json.loads(vocabulary_text(LEARNED)), **changes})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 10_000,
        '{"version": 1, "version": 1, "k": 5, "tenants": 2, "names": [], "values": {}}',
        document(extra=1),
        document(version=2),
        document(version=True),
        document(k=1),
        document(k="5"),
        document(tenants=0),
        document(names={}),
        document(names=[7]),
        document(names=["Secretson@example.com"]),
        document(names=["Secret\nson"]),
        document(names=["S" * 200]),
        document(values=[]),
        document(values={"body.status": ["ACTIVE"]}),
        document(values={str(STATUS): "Secretson"}),
        document(values={str(STATUS): ["Ingrid Secretson"]}),
        document(values={str(STATUS): ["s" * 25]}),
        document(values={str(STATUS): ["Secretson@example.com"]}),
        document(values={str(STATUS): ["48213"]}),
    ],
)
def test_what_no_learner_writes_is_refused(text: str) -> None:
    """In one sentence that repeats nothing of the file."""
    with pytest.raises(ConfigError) as caught:
        read_vocabulary(text)
    assert "Secret" not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", ["ACTIVE", "in_progress", "nb-NO", "text/plain", "geöffnet", "v2.1"])
def test_words_of_closed_lists(text: str) -> None:
    assert is_word(text)


@pytest.mark.parametrize(
    "text", ["", "two words", "7eleven", "a@b.example.com", "AKIAIOSFODNN7EXAMPLE", "x" * 25, "a\n"]
)
def test_no_words_of_closed_lists(text: str) -> None:
    assert not is_word(text)
