"""Searches for a part of a text cannot be replayed from a redacted recording, and are not held against the target."""

from __future__ import annotations

from dataclasses import replace

from make import request
from replay.diff.compare import compare
from replay.diff.lost_words import exchanges_with_lost_words
from replay.diff.noise import learn
from replay.model.evidence import Trace
from unit.diff.traced import played, trace


def asked(exchange_id: str, target: str, body: object) -> object:
    return replace(played(exchange_id, body), request=request("GET", target))


def redacted(_endpoint: str, side: str, place: str) -> str:
    return "text" if (side, place) == ("request", "query.q[*]") else ""


def recording(target: str) -> Trace:
    """A list with a title, then a search that found it."""
    return trace(played("list", {"items": [{"title": "Xho hnnwo"}]}), asked("search", target, {"items": [{"n": 1}]}))


def replayed(target: str, world: int, found: list[object]) -> Trace:
    return trace(
        played("list", {"items": [{"title": "Xho hnnwo"}]}), asked("search", target, {"items": found}), world=world
    )


def test_a_stand_in_that_stands_nowhere_else_is_lost() -> None:
    """Only what redaction replaced, and only when no body holds it as a whole."""
    for target, lost in (
        ("/s?q=oyalxj", {"search"}),  # a word inside a text: its stand-in is no part of the text's
        ("/s?q=Xho+hnnwo", set()),  # the whole title
        ("/s?sort=oyalxj", set()),  # not redacted
        ("/s", set()),
    ):
        assert exchanges_with_lost_words(recording(target), redacted) == lost, target


def test_an_empty_answer_to_a_lost_word_is_no_difference() -> None:
    """All clean replays find nothing; the recording did. The same emptiness for a whole title is a regression."""
    for target, places in (("/s?q=oyalxj", []), ("/s?q=Xho+hnnwo", ["body.items"])):
        clean = [replayed(target, world, []) for world in (1, 2)]
        found = compare(recording(target), clean, learn(*clean, redacted), redacted)
        assert [one.place for one in found] == places, target
