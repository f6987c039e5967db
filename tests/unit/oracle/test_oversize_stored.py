"""OversizeStored: accepting a giant is not enough, it must have been kept."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Role
from replay.model.finding import Level, Severity
from replay.oracle.oversize_stored import OversizeStored
from unit.oracle.evidence_make import case, evidence, inserted, sent, trace

SENT = 1_050_000
GIANT = f"aaaa… <{SENT - 60} bytes, digest 0011223344556677>"


def judge(*rows, status=201, clean="short", sent_bytes=SENT, after=(), clean_after=(), read=True):
    controls = [
        trace(Role.CONTROL, w, sent("e", "POST", "/notes", 201, json={"text": clean}, part=Part.JUDGED), *clean_after)
        for w in (1, 2)
    ]
    judged = sent("e", "POST", "/notes", status, json={"text": "a" * sent_bytes}, part=Part.JUDGED)
    mutated = trace(Role.MUTATED, 3, judged, *after, rows=rows if read else None)
    about = case(Expectation.BOUNDED, "POST /notes", "inflate")
    return list(OversizeStored().judge(evidence(about, *controls, mutated)))


MANY = tuple(inserted("tag", id=n, word="a" * 400) for n in range(2700))


@pytest.mark.parametrize(
    ("rows", "remark"),
    [((inserted("note", id=1, text=GIANT),), "one giant cell"), (MANY, "many rows that together are as large")],
)
def test_a_kept_giant_is_found(rows, remark):
    (finding,) = judge(*rows)
    assert (finding.severity, finding.level) == (Severity.MEDIUM, Level.CONFIRMED), remark


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (judge(status=413), "refused"),
        (judge(inserted("note", id=1, text=GIANT), status=422), "refused (what it left is another finding)"),
        (judge(inserted("note", id=1, text="aaaa")), "accepted, cut"),
        (judge(), "accepted, thrown away"),
        (judge(inserted("note", id=1, text=GIANT), sent_bytes=500_000), "below a megabyte"),
        (judge(inserted("note", id=1, text=GIANT), clean="a" * 20_000), "an endpoint whose clean requests are large"),
        (judge(inserted("note", id=1, text="<1050000 bytes, digest 00> said the user")), "a text that quotes a mark"),
    ],
)
def test_what_is_right_raises_nothing(found, remark):
    assert found == [], remark


def test_without_rows_a_giant_read_back_is_probable():
    """Unless the clean read-back is as large."""
    giant = sent("e2", "GET", "/notes/1", answer={"text": "a" * SENT}, part=Part.AFTER)
    small = sent("e2", "GET", "/notes/1", answer={"text": "a"}, part=Part.AFTER)
    (finding,) = judge(after=(giant,), clean_after=(small,), read=False)
    assert finding.level is Level.PROBABLE
    assert judge(after=(giant,), clean_after=(giant,), read=False) == []
    assert judge(after=(small,), clean_after=(small,), read=False) == []
