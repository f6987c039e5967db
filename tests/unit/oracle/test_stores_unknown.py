"""StoresUnknown: what nobody asked for is ignored, and grants nothing."""

from __future__ import annotations

import pytest

from replay.model.case import Expectation, Injected
from replay.model.evidence import Part, Role
from replay.model.finding import Level, Severity
from replay.oracle.stores_unknown import StoresUnknown
from unit.oracle.evidence_make import case, evidence, inserted, sent, trace

MARKER = "rplabcdefghijkl"
KEY = Injected("body.x_replay_1", "x_replay_1", MARKER)
ADMIN = Injected("body.is_admin", "is_admin", "true")


def account(key, is_admin=0, attributes="{}", **more):
    return inserted("account", id=key, name="Ann", is_admin=is_admin, attributes=attributes, **more)


CLEAN = (account(1),)


def judge(*rows, injected=(KEY, ADMIN), after=(), clean=CLEAN, clean_json=None, read=True):
    clean_json = clean_json or {"name": "Ann"}
    controls = [
        trace(Role.CONTROL, w, sent("e", "POST", "/register", 201, json=clean_json, part=Part.JUDGED),
              rows=clean if read else None)
        for w in (1, 2)
    ]  # fmt: skip
    judged = sent("e", "POST", "/register", 201, json={"name": "Ann", "x_replay_1": MARKER}, part=Part.JUDGED,
                  answer={"x_replay_1": MARKER})  # fmt: skip
    about = case(Expectation.BOUNDED, "POST /register", "inflate", injected=injected)
    mutated = trace(Role.MUTATED, 3, judged, *after, rows=rows if read else None)
    return list(StoresUnknown().judge(evidence(about, *controls, mutated)))


BLOB = '{"x_replay_1":"' + MARKER + '"}'


@pytest.mark.parametrize(
    ("rows", "severity", "remark"),
    [
        ((account(3, 1),), Severity.HIGH, "an admin by asking"),
        ((account(3, True),), Severity.HIGH, "a database with real booleans"),
        ((account(3, 1, BLOB),), Severity.HIGH, "both"),
        ((account(3, 0, BLOB),), Severity.MEDIUM, "kept in a column that takes anything"),
        ((account(3, 0, x_replay_1=MARKER),), Severity.MEDIUM, "a column of its own"),
        ((account(3, 0, BLOB + " … <90000 bytes, digest 00ff>"),), Severity.MEDIUM, "the head of a long value"),
    ],
)
def test_stored_input_is_found(rows, severity, remark):
    (finding,) = judge(*rows)
    assert (finding.severity, finding.level) == (severity, Level.CONFIRMED), remark


def test_the_proof_names_the_key_and_where_it_went():
    (finding,) = judge(account(3, 1))
    assert finding.proofs[0].data == [{"key": "body.is_admin", "value": "true", "found in": "column of account"}]
    assert "body.is_admin" in finding.observed


def test_camel_case_meets_its_column():
    assert len(judge(account(3, 1), injected=(Injected("body.isAdmin", "isAdmin", "true"),))) == 1


ADMINS = (account(1, 1),)


@pytest.mark.parametrize(
    ("found", "remark"),
    [
        (judge(account(3)), "the fixed twin ignores both"),
        (judge(account(3, 1), clean=ADMINS), "clean requests make admins, too"),
        (judge(account(3), inserted("audit_log", id=1, payload=BLOB)), "a log keeps whole payloads on purpose"),
        (judge(account(3, 0, BLOB), clean_json={"name": "Ann", "x_replay_1": "old"}, injected=(KEY,)),
         "a key that clean requests have is not unknown"),
        (judge(account(3, 0, MARKER), clean_json={"tags": ["a"]}, injected=(Injected("body.tags", "tags", MARKER),)),
         "a list that exists"),
        (judge(account(3, 0), injected=(Injected("body.x", "x", "a"),)), "a short value stands anywhere"),
        (judge(account(3), injected=()), "nothing was injected"),
    ],
)  # fmt: skip
def test_what_is_right_raises_nothing(found, remark):
    assert found == [], remark


def test_the_echo_of_the_judged_answer_is_no_proof_but_a_read_back_is():
    """A later answer that nobody sent the value for: probable."""
    later = sent("e2", "GET", "/me", answer={"x_replay_1": MARKER}, part=Part.AFTER)
    echo = sent("e2", "GET", f"/search?q={MARKER}", answer={"q": MARKER}, part=Part.AFTER)
    assert judge(read=False) == []
    assert judge(read=False, after=(echo,)) == []
    (finding,) = judge(read=False, after=(later,))
    assert finding.level is Level.PROBABLE
