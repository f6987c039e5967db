"""Lists whose order varies: learned, matched by what is steady, and still compared element by element."""

from __future__ import annotations

from random import Random
from typing import Any

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.noise import learn_from
from replay.diff.orders import matched
from replay.model.difference import DifferenceKind, Relation
from unit.diff.traced import answers

K = DifferenceKind


def page(world: int, **changes: Any) -> list[dict[str, Any]]:
    """Six rows in the world's own order, each with a token of this world."""
    rows = [{"sku": f"S{i}", "price": 10 * i, "token": f"{world}f{i}" * 6} for i in range(6)]
    rows[3] |= changes
    Random(world).shuffle(rows)
    return rows


def told(*, drop: int = 0, **changes: Any) -> list[tuple[str, DifferenceKind]]:
    clean = [answers(*({"rows": page(10 * w + n, **changes)[drop:]} for n in range(4)), world=w) for w in (1, 2, 3)]
    recorded = answers(*({"rows": page(90 + n)} for n in range(4)))
    found = compare(recorded, clean, learn_from(clean, nothing_redacted), nothing_redacted)
    return sorted({(one.place, one.kind) for one in found})


def test_another_order_is_no_difference() -> None:
    assert told() == []


def test_the_rule_stands_at_the_list() -> None:
    clean = [answers({"rows": page(w)}, world=w) for w in (1, 2)]
    rules = learn_from(clean, nothing_redacted).by_place()
    assert rules["GET /things/{id}", "body.rows"].relation is Relation.UNORDERED
    assert ("GET /things/{id}", "body.rows[*].price") not in rules, "rows are compared with themselves"


def test_a_value_in_one_element_is_found() -> None:
    assert told(price=31) == [("body.rows[*].price", K.VALUE)]


def test_an_element_that_is_gone_is_found() -> None:
    clean = [answers({"rows": [row for row in page(w) if row["sku"] != "S3"]}, world=w) for w in (1, 2, 3)]
    found = compare(answers({"rows": page(9)}), clean, learn_from(clean, nothing_redacted), nothing_redacted)
    assert (found[0].place, found[0].kind) == ("body.rows", K.LENGTH)


def test_an_order_that_always_held_is_still_compared() -> None:
    """Equal in all replays, other than recorded: told, for nothing says that the order is free."""
    rows = [{"sku": f"S{i}"} for i in range(8)]
    clean = [answers({"rows": rows[::-1]}, world=w) for w in (1, 2, 3)]
    found = compare(answers({"rows": rows}), clean, learn_from(clean, nothing_redacted), nothing_redacted)
    assert [(one.place, one.remark) for one in found] == [("body.rows[*].sku", "the same values in another order")]


def test_elements_are_matched_by_what_both_sides_share() -> None:
    """A price that changed in one of them does not part the others."""
    left: list[Any] = [{"k": i, "p": i} for i in range(4)]
    right: list[Any] = [{"k": 3, "p": 3}, {"k": 1, "p": 99}, {"k": 0, "p": 0}, {"k": 2, "p": 2}]
    pairs = matched("body.l", left, right, lambda _name: True)
    assert pairs is not None
    assert [(one["k"], two["k"]) for one, two in pairs] == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_five_thousand_shuffled_elements_all_noisy_are_matched_by_one_steady_key() -> None:
    """One look at each: a quadratic matcher would not come back from this."""
    left: list[Any] = [{"id": i, "t": f"a{i}"} for i in range(5000)]
    right: list[Any] = [{"id": i, "t": f"b{i}"} for i in range(5000)]
    Random(1).shuffle(right)
    pairs = matched("body.l", left, right, lambda name: name.endswith(".id"))
    assert pairs is not None
    assert all(one["id"] == two["id"] for one, two in pairs)
