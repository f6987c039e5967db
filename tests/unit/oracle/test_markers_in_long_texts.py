"""Markers in long bodies of strangers: the work grows with the text, never with the square of one word."""

import base64
import json
import random
import re

import pytest

import make
from replay.model.body import Body
from replay.oracle.ownership import markers_answered, markers_in, places_of

LENGTH = 5_000_000
MARKER = "qabcdefgh2"
SLOW = re.compile(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")  # what an address is, said plainly


class Counted(str):
    """A text that counts the characters which are cut out of it: the part of the work that a bad text could raise."""

    def __new__(cls, text):
        made = super().__new__(cls, text)
        made.looked_at = 0
        return made

    def lower(self):
        return self

    def __getitem__(self, part):
        found = super().__getitem__(part)
        self.looked_at += len(found)
        return found


def json_text():
    rows = [{"id": n, "owner": f"user{n % 50}@shop.test", "text": "words and words"} for n in range(75_000)]
    return json.dumps(rows)[:LENGTH]


@pytest.mark.parametrize(
    "text",
    [
        "x" * LENGTH,
        base64.b64encode(random.Random(7).randbytes(LENGTH * 3 // 4)).decode().lower(),
        json_text(),
        "@" * LENGTH,
        "x@" * (LENGTH // 2),
        "a@" + "a." * (LENGTH // 2),
        "@" + "a" * LENGTH,
        "q" * 200_000,
        ("x" * 3000 + "@a.b ") * 1000,
    ],
    ids=["one letter", "base64", "JSON", "@", "x@", "dots", "long name", "q", "long local parts"],
)
def test_the_work_is_bounded_by_the_length(text):
    """Each character is cut out at most once, and the marker at the end is still found."""
    counted = Counted(f"{text} {MARKER}")
    assert MARKER in markers_in(counted)
    assert counted.looked_at <= len(counted)


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", "application/json"])
def test_an_answer_of_five_million_letters(media_type):
    """Whatever type its sender declares, also when it is no JSON at all."""
    answer = make.response(body=Body(b"x" * LENGTH + b" " + MARKER.encode(), media_type))
    assert markers_answered(answer) == {MARKER}
    assert places_of(answer, frozenset({MARKER})) == ("body",)


def test_the_same_addresses_as_said_plainly():
    """Short random texts of the characters that matter: every address, none besides."""
    rng = random.Random(3)
    for _ in range(20_000):
        text = "".join(rng.choices("ab@.-_% @.", k=rng.randint(0, 24)))
        assert markers_in(text) == set(SLOW.findall(text)), text
