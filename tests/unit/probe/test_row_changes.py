"""Two looks at a table, and the row changes between them."""

from __future__ import annotations

from replay.model.reading import Operation
from replay.probe.snapshot import Shape, generated_of, row_changes

NOTE = Shape("note", ("id", "text"), ("id",), ("id",))
BAG = Shape("bag", ("word", "n"))


def test_insert_update_delete() -> None:
    """Each change carries the rows before and after, and the primary key."""
    before = {1: (1, "a"), 2: (2, "b"), 3: (3, "c")}
    after = {1: (1, "a"), 2: (2, "B"), 4: (4, "d")}
    update, insert, delete = row_changes(NOTE, before, after)
    assert (update.operation, update.key) == (Operation.UPDATE, (("id", 2),))
    assert (dict(update.before)["text"], dict(update.after)["text"]) == ("b", "B")
    assert (insert.operation, insert.before, insert.row) == (Operation.INSERT, (), {"id": 4, "text": "d"})
    assert (delete.operation, delete.after, delete.row) == (Operation.DELETE, (), {"id": 3, "text": "c"})


def test_the_same_rows_are_no_change() -> None:
    """A probe that passes too much does no harm."""
    rows = {1: (1, "a"), 2: (2, None)}
    assert row_changes(NOTE, rows, dict(rows)) == ()


def test_a_row_that_was_replaced_is_one_update() -> None:
    """REPLACE gives a new row number to the same key: not a delete and an insert."""
    (change,) = row_changes(NOTE, {10: (1, "a")}, {11: (1, "b")})
    assert change.operation is Operation.UPDATE
    assert row_changes(NOTE, {10: (1, "a")}, {11: (1, "a")}) == ()


def test_a_row_number_given_again_is_two_changes() -> None:
    """Where there is a primary key it decides, not the row number."""
    changes = row_changes(Shape("tag", ("name",), ("name",)), {5: ("old",)}, {5: ("new",)})
    assert [change.operation for change in changes] == [Operation.INSERT, Operation.DELETE]


def test_without_a_primary_key_all_columns_are_the_key() -> None:
    """Equal rows stay apart by their identity."""
    first, second = row_changes(BAG, {}, {1: ("a", 1), 2: ("a", 1)})
    assert first == second
    assert first.key == (("word", "a"), ("n", 1))


def test_null_keys_do_not_swallow_each_other() -> None:
    """SQLite allows several NULLs in a primary key that is not an integer."""
    assert len(row_changes(NOTE, {}, {1: (None, "a"), 2: (None, "b")})) == 2


def test_a_change_never_shows_a_value_in_its_repr() -> None:
    """Tracebacks and logs print reprs."""
    (change,) = row_changes(NOTE, {}, {1: (1, "secret")})
    assert "secret" not in repr(change)


def test_generated_columns_are_named_where_there_are_some() -> None:
    assert generated_of([NOTE, BAG]) == (("note", ("id",)),)
