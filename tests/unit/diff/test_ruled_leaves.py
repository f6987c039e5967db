"""Leaves that a redaction rule dropped, hashed, masked or made coarser: nothing is asked that redaction took away."""

from __future__ import annotations

from typing import Any

import pytest

from replay.compose.redacted_places import classes, text_classes
from replay.diff.leaf import Moment, is_renamable, judge_leaf
from replay.model.capture import RedactedField
from replay.model.difference import Relation


def field(action: str) -> RedactedField:
    return RedactedField("GET /a", "response", "body.x", "email", action, 1)


@pytest.mark.parametrize(
    ("action", "recorded", "live"),
    [
        ("drop", None, "ann@corp.test"),
        ("drop", None, 17),
        ("drop", "", "ann@corp.test"),
        ("hash", "0f" * 16, 17),
        ("mask", "Redacted-1!", "ann@corp.test"),
        ("mask", 1111, 17),
        ("generalise", 40000, 48213),
        ("generalise", "2026-11-01", "2026-11-20"),
    ],
)
def test_what_a_rule_took_away_is_no_difference_and_no_renaming(action: str, recorded: Any, live: Any) -> None:
    """One constant in the recording stands for many live values."""
    value_class = classes([field(action)])("GET /a", "response", "body.x")
    assert judge_leaf(recorded, live, Relation.EQUAL, value_class, Moment()) is None
    assert not is_renamable(recorded, live, Relation.EQUAL, value_class)


def test_a_mask_of_another_type_is_a_difference() -> None:
    """A mask keeps the type: a text where a number was recorded is the build's doing."""
    value_class = classes([field("mask")])("GET /a", "response", "body.x")
    assert judge_leaf(1111, "17", Relation.EQUAL, value_class, Moment()) is not None


def test_a_stand_in_is_asked_about_as_before() -> None:
    at = classes([field("pseudonymise")])
    assert at("GET /a", "response", "body.x") == "email"
    assert at("GET /a", "response", "body.y") == ""
    assert text_classes([field("drop")])("GET /a", "body.x") == ""
