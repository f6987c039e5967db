"""Lean evidence of a group: what changed stays in full, the rest says which, what status, when and how large."""

from dataclasses import fields, replace

from make import exchange
from replay.engine.lean import lean, lean_evidence
from replay.model.difference import Difference, DifferenceKind
from replay.model.evidence import Attempt, Evidence, Part, Planted, Role, Trace
from replay.model.exchange import Response
from replay.model.finding import Finding, Level, Severity
from replay.model.session import Actor


def attempt(name, path, status=200, recorded=200, session="s"):
    one = exchange(name, "GET", path, answer={"n": name})
    outcome = Response(status, one.response.headers, one.response.body)
    return Attempt(name, session, f"GET {path}", None, None, Part.JUDGED, one.request, outcome, 1, 2, 3, 4, 0, recorded)


def evidence(*attempts, differences=()):
    planted = (Planted("q", "t", "e1", "body.n"),)
    traces = (Trace(Role.RECORDED, 0, attempts), Trace(Role.CLEAN, 1, attempts, None, planted, (("a", "b"),)))
    return Evidence(None, traces, differences)


def test_unchanged_answers_are_references_and_the_recording_is_left_out():
    found = lean_evidence(evidence(attempt("e1", "/a")), ())
    recorded, clean = found.traces
    assert recorded.attempts == ()
    (one,) = clean.attempts
    assert (one.as_recorded, one.status, one.ended, one.response.body.length_bytes) == (True, 200, 4, 10)
    assert (one.response.body.data, one.response.body.truncated) == (b"", True), "cut, not empty"
    assert (clean.planted, clean.renamed) == ((), ())


def test_what_differs_or_failed_stays_in_full():
    difference = Difference("e1", "GET /a", "body.n", DifferenceKind.VALUE)
    found = lean_evidence(
        evidence(attempt("e1", "/a"), attempt("e2", "/b", 500), attempt("e3", "/c"), differences=(difference,)), ()
    )
    recorded, clean = found.traces
    assert [one.exchange_id for one in recorded.attempts] == ["e1", "e2"]
    assert [one.as_recorded for one in clean.attempts] == [False, False, True]


def test_where_something_was_found_the_endpoint_and_its_markers_stay():
    leak = Finding("f", "list-leak", "none", Severity.HIGH, Level.CONFIRMED, "/a", "GET", "t", "", "", "")
    played = (attempt("e1", "/c"), attempt("e2", "/a"), attempt("e3", "/b", session="t"))
    _, clean = lean_evidence(evidence(*played), [leak]).traces
    kept = [one.as_recorded for one in clean.attempts]
    assert kept == [False, False, True], "the whole session that asked it first: how to get there"
    assert clean.planted
    assert clean.renamed


def test_everything_else_of_a_reference_is_the_attempts_own():
    """Whatever fields an attempt has: only headers, bodies and the mark change."""
    whole = replace(
        attempt("e1", "/a"),
        actor=Actor("t", "p"),
        sent_as=Actor("t", "q"),
        copy=1,
        unresolved=("x",),
        bound=2,
        identity="i",
    )
    slim = lean(whole)
    changed = {one.name for one in fields(Attempt) if getattr(slim, one.name) != getattr(whole, one.name)}
    assert changed == {"outcome", "as_recorded"} | ({"request"} if slim.request != whole.request else set())
    assert all(getattr(whole, one.name) != one.default for one in fields(Attempt) if one.name != "as_recorded")
