"""RejectedButWrote: a 4xx leaves no effect behind."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Role
from replay.model.finding import Level
from replay.oracle.rejected_but_wrote import RejectedButWrote
from unit.oracle.evidence_make import case, evidence, inserted, sent, trace, updated

NOTE, TAG = inserted("note", id=1, text="x"), inserted("tag", id=1, note_id=1)
AUDIT = inserted("audit_log", id=1)
SEEN = updated("account", {"id": 1, "last_seen": 1}, {"id": 1, "last_seen": 2})


def judge(statuses, rows, clean=(NOTE, TAG, AUDIT, SEEN), clean_status=201):
    controls = [
        trace(Role.CONTROL, w, sent("e", "POST", "/notes", clean_status, part=Part.JUDGED), rows=clean) for w in (1, 2)
    ]
    judged = [sent("e", "POST", "/notes", status, part=Part.JUDGED) for status in statuses]
    about = case(Expectation.BOUNDED, "POST /notes", "inflate")
    return list(RejectedButWrote().judge(evidence(about, *controls, trace(Role.MUTATED, 3, *judged, rows=rows))))


@pytest.mark.parametrize(
    ("statuses", "rows", "level", "remark"),
    [
        ((422,), (NOTE, TAG, SEEN), Level.CONFIRMED, "the whole effect behind a 422"),
        ((409, 409), (NOTE, TAG, AUDIT, SEEN), Level.CONFIRMED, "every copy refused"),
        ((413,), (NOTE, AUDIT), Level.PROBABLE, "a part of it"),
    ],
)
def test_rows_behind_a_refusal_are_found(statuses, rows, level, remark):
    (finding,) = judge(statuses, rows)
    assert finding.level is level, remark
    assert "insert note" in finding.observed


@pytest.mark.parametrize(
    ("statuses", "rows", "remark"),
    [
        ((422,), (), "the fixed twin"),
        ((201,), (NOTE, TAG), "accepted"),
        ((201, 409), (NOTE, TAG), "one copy was accepted: the rows are its own"),
        ((422,), (AUDIT,), "the audit log notes refusals"),
        ((422,), (SEEN,), "a last_seen beside a refusal"),
        ((422,), (inserted("login_failure", id=1),), "rows that no accepted request makes"),
        ((500,), (NOTE, TAG), "no refusal: a crash, another oracle's business"),
    ],
)
def test_what_is_right_raises_nothing(statuses, rows, remark):
    assert judge(statuses, rows) == [], remark


@pytest.mark.parametrize(
    ("column", "findings", "remark"),
    [
        ("last_seen", 1, "the same column as an accepted request"),
        ("failures", 0, "a counter of failures on the same row"),
        ("updated_at", 0, "only a time"),
    ],
)
def test_an_update_counts_when_it_is_the_whole_effect_and_hits_the_same_columns(column, findings, remark):
    """A login that updates the account, and a refused one that counts the failure there."""
    before = {"id": 1, "last_seen": 1, "failures": 0, "updated_at": 5}
    clean = updated("account", before, {**before, "last_seen": 2, "updated_at": 6})
    touched = updated("account", before, {**before, column: 7})
    assert len(judge((401,), (touched,), clean=(clean,))) == findings, remark


def test_a_control_that_was_refused_shows_no_effect():
    assert judge((422,), (NOTE,), clean=(NOTE,), clean_status=422) == []
