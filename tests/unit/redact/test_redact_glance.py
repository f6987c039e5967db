"""Looking for thousands of parts at once finds what looking for each alone finds, and never less."""

from __future__ import annotations

from random import Random

import pytest

from replay.redact.contract import Notes, ValueClass
from replay.redact.glance import MOST_COMPARED, inside
from replay.redact.survivors import _holds_original


@pytest.mark.parametrize("alphabet", [b"ab", b"abcdefgh01", "aäö".encode()])
def test_many_parts_are_found_as_each_alone(alphabet: bytes):
    """Short and long ones, that overlap, repeat and begin alike."""
    rng = Random(len(alphabet))
    text = bytes(rng.choices(alphabet, k=3000))
    starts = [rng.randrange(2900) for _ in range(300)]
    parts = {text[start : start + rng.randrange(1, 60)] for start in starts}
    parts |= {bytes(rng.choices(alphabet, k=rng.randrange(1, 60))) for _ in range(300)}
    assert len(parts) > 200
    assert set(inside(parts, text)) == {part for part in parts if part in text}


def test_parts_that_begin_alike_are_rather_all_suspected_than_compared_for_minutes():
    """More than 200 of them, where comparing each would take too long."""
    text = b"x" * 16 + b"." * 1_000_000
    parts = {b"x" * 16 + str(i).encode() for i in range(1_200)}
    assert len(parts) * len(text) > MOST_COMPARED
    assert set(inside(parts, text)) == parts


@pytest.mark.parametrize(
    ("text", "stays", "holds", "remark"),
    [
        ("call kd83hx92ms71 now", (), True, "stands alone"),
        ("call xkd83hx92ms71 now", (), False, "inside a longer word"),
        ("call KD83HX92MS71 now", (), True, "in capitals"),
        ("call kd83hx92ms71 now", ("x-kd83hx92ms71",), False, "part of a name that a rule let stay"),
        ("nothing", ("kd83hx92ms71",), False, "not there"),
    ],
)
@pytest.mark.parametrize("others", [0, 500])
def test_an_original_in_the_output_is_told_among_few_and_among_many(
    text: str, stays: tuple[str, ...], holds: bool, remark: str, others: int
):
    """How many are suspected changes how they are looked for, and nothing else."""
    originals = [(ValueClass.TOKEN, "kd83hx92ms71"), *((ValueClass.TOKEN, f"qz{i}w7k5p{i}") for i in range(others))]
    assert _holds_original(text, originals, Notes(words=set(stays))) is holds, remark
