"""Tables that take notes are known by what they hold; a change of state by a time is a change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.finding import Finding, Level
from replay.model.reading import RowChange
from replay.oracle.duplicate_rows import DuplicateRows
from replay.oracle.rejected_but_wrote import RejectedButWrote
from replay.oracle.rowset import changed_columns, is_note
from unit.oracle.evidence_make import case, evidence, inserted, sent, trace, updated


def judged(status: int = 201, copy: int = 0, method: str = "POST") -> Attempt:
    return sent("site", method, "/o/acme/parcels?x=1", status, json={"n": 1}, part=Part.JUDGED, copy=copy)


@pytest.mark.parametrize(
    ("row", "expected", "remark"),
    [
        ({"id": 1, "method": "POST", "path": "/o/acme/parcels"}, True, "method and path"),
        ({"id": 1, "verb": "POST", "url": "/o/acme/parcels?x=1"}, True, "with the query, under any name"),
        ({"id": 1, "line": "POST /o/acme/parcels 201"}, True, "one line"),
        ({"id": 1, "link": "/o/acme/parcels"}, False, "a link alone"),
        ({"id": 1, "method": "GET", "path": "/o/acme/parcels"}, False, "another method"),
        ({"id": 1, "title": "POST"}, False, "a word"),
    ],
)
def test_a_note_quotes_the_request_line(row: dict[str, object], expected: bool, remark: str) -> None:
    """The name of the table does not matter."""
    assert is_note(inserted("trail", **row), [judged()]) is expected, remark


def note(number: int, status: int) -> RowChange:
    return inserted("trail", id=number, method="POST", path="/o/acme/parcels", status=status)


def activity(number: int, outcome: str) -> RowChange:
    return inserted("activity", id=number, action="create parcel", outcome=outcome)


def refused(clean: tuple[RowChange, ...], mutated: tuple[RowChange, ...]) -> list[Finding]:
    controls = [trace(Role.CONTROL, n, judged(), rows=clean) for n in (1, 2)]
    about = case(Expectation.BOUNDED, "POST /o/{id}/parcels")
    found = evidence(about, *controls, trace(Role.MUTATED, 3, judged(400), rows=mutated))
    return list(RejectedButWrote().judge(found))


def test_a_refusal_may_be_noted() -> None:
    """An access log, and a table of attempts whose row says how it ended, are no effect of the refused request."""
    parcel = inserted("parcel", id=1, n=1)
    assert refused((parcel, note(1, 201)), (note(2, 400),)) == []
    assert refused((parcel, activity(1, "done")), (activity(2, "refused"),)) == []
    assert len(refused((parcel, activity(1, "done")), (activity(2, "done"),))) == 1
    assert len(refused((parcel, note(1, 201)), (parcel, note(2, 400)))) == 1
    changed = inserted("parcel", id=1, n="what the mutation sent instead")
    assert len(refused((parcel,), (changed,))) == 1


def test_a_time_that_is_set_is_a_change_and_a_later_one_is_not() -> None:
    """`deleted_at` from nothing is a soft delete; `updated_at` is renewed by every touch."""
    day, later = "2026-11-20T10:00:00", "2026-11-20T11:00:00"
    for remark, before, after, expected in (
        ("deleted", None, day, {"deleted_at"}),
        ("restored", day, None, {"deleted_at"}),
        ("touched", day, later, set()),
    ):
        change = updated("parcel", {"id": 1, "deleted_at": before}, {"id": 1, "deleted_at": after})
        assert changed_columns(change) == expected, remark


def put(recorded_status: int, rows: tuple[RowChange, ...], *, history: bool = False) -> Evidence:
    def play(role: Role, number: int, copies: int, made: tuple[RowChange, ...]) -> Trace:
        attempts = [put_label(recorded_status, copy) for copy in range(copies)]
        return trace(role, number, *attempts, rows=made)

    extra = (inserted("label_version", id=9, label="f3"),) if history else ()
    clean = (inserted("label", id=1, label="f3"), *extra)
    controls = [play(Role.CONTROL, n, 1, clean) for n in (1, 2)]
    about = case(Expectation.AT_MOST_ONCE, "PUT /labels/{id}", "duplicate")
    return evidence(about, *controls, play(Role.MUTATED, 3, 2, rows))


def put_label(recorded_status: int, copy: int) -> Attempt:
    one = sent("site", "PUT", "/labels/f3", 200, json={"text": "x"}, part=Part.JUDGED, copy=copy)
    return replace(one, recorded_status=recorded_status)


def test_put_promises_one_thing_by_its_method() -> None:
    """RFC 9110 section 9.2.2: two labels of one PUT are a fault; a history of versions beside one label is none."""
    label = [inserted("label", id=n, label="f3") for n in (1, 2)]
    versions = [inserted("label_version", id=n, label="f3") for n in (8, 9)]
    (finding,) = DuplicateRows().judge(put(201, tuple(label)))
    assert finding.level is Level.CONFIRMED
    assert "the method PUT" in finding.expected
    assert list(DuplicateRows().judge(put(200, tuple(label)))) == [], "a PUT that changes promises no single row"
    (doubt,) = DuplicateRows().judge(put(201, (label[0], *versions), history=True))
    assert doubt.level is Level.INFO
