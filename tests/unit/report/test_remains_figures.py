"""What is left in the target, in a line for a person and in full for a program."""

from replay.model.remains import Remains
from replay.report.remains_figures import remains_rows, remains_tree

NOTES = Remains("answers", "POST /notes", 5, 5)
USERS = Remains("answers", "POST /users", 4, 1, 2)
ROWS = Remains("rows", "note", 9, 9)


def test_nothing_is_said_where_nobody_counted():
    assert remains_rows(()) == []


def test_what_is_left_is_named_and_what_is_not_provable_too():
    assert remains_rows((NOTES, USERS, ROWS)) == [
        ("cleanup", "9 made, 6 deleted; left: 3 of POST /users (2 not provably this run's)"),
        ("rows", "9 new, 9 deleted; nothing is left"),
    ]


def test_many_places_are_counted():
    many = [Remains("answers", f"POST /p{n}", 1, 0) for n in range(7)]
    assert remains_rows(many)[0][1].endswith("1 of POST /p4 and 2 more")


def test_the_tree_holds_every_number():
    assert remains_tree((USERS,)) == [
        {"kind": "answers", "place": "POST /users", "made": 4, "deleted": 1, "left": 3, "unproven": 2}
    ]


def test_more_deleted_than_made_leaves_nothing():
    """Rows from before that a replayed DELETE took."""
    assert Remains("rows", "note", 1, 4).left == 0
