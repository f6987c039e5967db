"""The run file: what was stored is what is judged again, to the last field."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from replay.model.body import Body
from replay.model.case import Case, CaseId, Expectation, Injected, Mutation, SentAs, Site
from replay.model.difference import Difference, DifferenceKind, Noise, NoiseRule, Relation
from replay.model.errors import FileFormatError
from replay.model.event import (
    CasePlanned,
    ControlMeasured,
    EvidenceReady,
    Found,
    NoiseLearned,
    RunEnded,
    RunStarted,
    Unjudged,
)
from replay.model.evidence import Attempt, Evidence, Part, Planted, Role, Trace
from replay.model.exchange import Fault, FaultKind, Request, Response
from replay.model.finding import Finding, Level, NotJudged, Proof, Severity
from replay.model.headers import Headers
from replay.model.reading import Operation, RowChange
from replay.model.run import Fidelity, RunInfo, Summary
from replay.model.session import Actor
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter

INFO = RunInfo("r1", "fuzz", "cap", "http://127.0.0.1:1", 7, 1000.0, ("race",), ("duplicate-rows",), "sqlite", "0.1.0")


def attempt(copy=0, outcome=None, **changes):
    headers = Headers.of([("Content-Type", "application/json"), ("X-Näme", "ÿ"), ("X-Näme", "")])
    made = Response(201, headers, Body(b'{"id":1}', "application/json"))
    sent = Request("POST", "/a?b=%20", headers, Body(b"\x00\xff", "x/y", True, 99), "http", "h:1")
    values = {
        "exchange_id": "e1", "session_id": "s1", "endpoint": "POST /a", "actor": Actor("t", "p"), "sent_as": None,
        "part": Part.JUDGED, "request": sent, "outcome": outcome or made, "intended": 0.5, "sent": 0.6,
        "first_byte": 0.7, "ended": 0.8, "copy": copy, "recorded_status": 201, "unresolved": ("body.id",),
        "identity": "staff",
    }  # fmt: skip
    return Attempt(**{**values, **changes})


def evidence():
    planted = (Planted("qabcdefghi", "t", "e1", "body.title"),)
    changes = (
        RowChange("order", Operation.INSERT, (("id", 2**70),), (), (("id", 2**70), ("note", "ü\u2028"), ("x", None))),
        RowChange("order", Operation.UPDATE, (("id", 1),), (("total", 1.5),), (("total", 2.5),)),
    )
    control = Trace(Role.CONTROL, 3, (attempt(),), changes[:1], planted, (("17", "42"),))
    broken = attempt(1, Fault(FaultKind.RESET, "ClientOSError"), sent_as=Actor("u", "q"))
    mutated = Trace(Role.MUTATED, 4, (attempt(), broken), changes)
    site = Site("e1", "POST /a", "v")
    mutation = Mutation("race", site, Expectation.AT_MOST_ONCE, 99, (Injected("body.k", "k", "v"),))
    case = Case(CaseId("race-1"), "s1", mutation, (), (), ((SentAs.OTHER_TENANT, "e9"),))
    return Evidence(case, (control, mutated), (), (("order", ("id",)),))


def finding(fingerprint="f1", title="two rows"):
    proofs = (Proof("rows", [{"id": 1, "n": None}, [1.5, "x"]]),)
    return Finding(
        fingerprint, "duplicate-rows", "race", Severity.HIGH, Level.CONFIRMED, "/a", "POST", title,
        "one row", "two rows", "t", proofs, "race-1",
    )  # fmt: skip


def write(path):
    planted = (Planted("qzzzzzzzzz", "t", "e1", "p"),)
    clean = Evidence(
        None,
        (Trace(Role.RECORDED, 0, (attempt(),)), Trace(Role.CLEAN, 1, (attempt(),), planted=planted)),
        (Difference("e1", "POST /a", "body.total", DifferenceKind.VALUE, 2**65, None, "remark"),),
        (("order", ("id",)),),
    )  # fmt: skip
    case = evidence()
    writer = RunWriter.create(path)
    for event in (
        RunStarted(INFO, 3, 30),
        ControlMeasured(Fidelity(30, 29, 10, 1)),
        NoiseLearned(Noise((NoiseRule("POST /a", "body.at", Relation.TIME, 4, 4),)), (("order", ("id",)),)),
        EvidenceReady(clean),
        CasePlanned(case.case),
        EvidenceReady(case),
        Found(finding()),
        Found(finding(title="three rows")),
        Unjudged(NotJudged("no-other-tenant", "d", "POST /b", "swap-tenant"), planned=True),
        Unjudged(NotJudged("control-drifted", "d", "POST /c", "race", "race-2")),
        RunEnded(Summary(3, 30, 99, 1, 0, 1, 2, 12.5, 0.9), finished=True),
    ):
        writer.on_event(event)
    writer.close()
    return clean, case


def test_evidence_comes_back_as_it_was(tmp_path):
    clean, case = write(tmp_path / "run.db")
    reader = RunReader(tmp_path / "run.db")
    first, second = reader.evidences()
    assert first.traces == clean.traces
    assert first.differences == clean.differences
    assert second.case == case.case
    assert second.traces == case.traces
    assert second.generated == case.generated
    assert [one.marker for one in second.elsewhere] == ["qzzzzzzzzz"], "planted in other worlds of the run"
    reader.close()


def test_copies_that_stand_before_the_first_judged_trace_are_measured(tmp_path):
    """The replay that they ran beside taught something, and is no evidence itself."""
    traces = (Trace(Role.LOAD, 2, (attempt(),)), Trace(Role.CLEAN, 3, (attempt(),)))
    writer = RunWriter.create(tmp_path / "run.db")
    for event in (RunStarted(INFO, 1, 1), EvidenceReady(Evidence(None, traces))):
        writer.on_event(event)
    writer.close()
    reader = RunReader(tmp_path / "run.db")
    assert reader.load().seconds == pytest.approx(0.4)
    reader.close()


def test_verdicts_and_the_run_come_back(tmp_path):
    write(tmp_path / "run.db")
    reader = RunReader(tmp_path / "run.db")
    assert reader.findings() == (finding(title="three rows"),), "one fingerprint is one finding: the last word counts"
    assert [one.reason for one in reader.not_judged()] == ["no-other-tenant", "control-drifted"]
    assert reader.info().finished
    assert reader.info().ended == pytest.approx(1012.5)
    assert reader.fidelity() == Fidelity(30, 29, 10, 1)
    assert reader.noise().rules[0].relation is Relation.TIME
    assert reader.counts() == {"sessions": 3, "exchanges": 30, "requests_sent": 99, "clean": 0, "cases": 1}
    reader.close()


def test_judging_again_replaces_verdicts_but_not_those_without_evidence(tmp_path):
    write(tmp_path / "run.db")
    writer = RunWriter.reopen(tmp_path / "run.db")
    writer.replace_verdicts((finding("f2"),), (), 3)
    writer.close()
    reader = RunReader(tmp_path / "run.db")
    assert [one.fingerprint for one in reader.findings()] == ["f2"]
    assert [one.reason for one in reader.not_judged()] == ["no-other-tenant"]
    assert len(list(reader.evidences())) == 2
    assert reader.counts()["clean"] == 3
    reader.close()


def test_a_controls_trace_is_stored_once_for_all_its_cases(tmp_path):
    case = evidence()
    writer = RunWriter.create(tmp_path / "run.db")
    writer.on_event(RunStarted(INFO, 1, 1))
    writer.on_event(EvidenceReady(case))
    again = Evidence(None, case.traces[:1])
    writer.on_event(EvidenceReady(again))
    writer.close()
    with sqlite3.connect(tmp_path / "run.db") as connection:
        assert connection.execute("SELECT count(*) FROM trace").fetchone() == (2,)
        assert connection.execute("SELECT count(*) FROM evidence").fetchone() == (3,)
    connection.close()


def test_the_file_is_private_and_never_overwritten(tmp_path):
    write(tmp_path / "run.db")
    assert (tmp_path / "run.db").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.db"], "a hand-over is one file"
    with pytest.raises(FileFormatError, match="exists already"):
        RunWriter.create(tmp_path / "run.db")


def test_a_file_without_a_run_says_so(tmp_path):
    RunWriter.create(tmp_path / "run.db").close()
    reader = RunReader(tmp_path / "run.db")
    with pytest.raises(FileFormatError, match="holds no run"):
        reader.info()
    reader.close()


def test_a_kill_in_mid_run_loses_at_most_what_was_not_stored(tmp_path):
    """kill -9 right after evidence was stored: the file opens clean and the evidence is there."""
    script = textwrap.dedent(
        f"""
        import os, signal, sys
        sys.path.insert(0, {str(os.path.dirname(__file__))!r})
        from test_run_file import *
        from pathlib import Path
        writer = RunWriter.create(Path({str(tmp_path / "run.db")!r}))
        writer.on_event(RunStarted(INFO, 1, 1))
        writer.on_event(CasePlanned(evidence().case))
        writer.on_event(EvidenceReady(evidence()))
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    died = subprocess.run([sys.executable, "-c", script], check=False)
    assert died.returncode == -signal.SIGKILL
    reader = RunReader(tmp_path / "run.db")
    assert [item.case.id for item in reader.evidences()] == ["race-1"]
    assert not reader.info().finished
    reader.close()


def read_all(path):
    reader = RunReader(path)
    try:
        return list(reader.evidences())
    finally:
        reader.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET request_headers = 'x'",
        "UPDATE attempt SET part = 'nonsense'",
        "UPDATE attempt SET request_headers = zeroblob(10)",
        "UPDATE attempt SET status = NULL, fault = NULL",
        "UPDATE trace SET role = 7",
        'DELETE FROM "case"',
        "UPDATE row_change SET after = '[[1]]'",
        "DELETE FROM trace",
        "UPDATE body SET data = 17",
    ],
)
def test_damaged_rows_are_one_sentence(tmp_path, statement):
    """A run file may come from anywhere: what our writer would not have made is refused, not crashed on."""
    write(tmp_path / "run.db")
    with sqlite3.connect(tmp_path / "run.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    connection.close()
    with pytest.raises(FileFormatError, match="damaged"):
        read_all(tmp_path / "run.db")


def rows_of(path):
    with sqlite3.connect(path) as database:
        names = ("fidelity", "session_fidelity", "difference", "evidence", "not_judged")
        found = {name: database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
    database.close()
    return found


def test_half_a_unit_is_not_kept_after_a_failure(tmp_path):
    """What was committed stays; what the unit at hand had stored so far would be counted twice when it is resumed."""
    writer = RunWriter.create(tmp_path / "run.db")
    writer.on_event(RunStarted(INFO, 3, 30))
    writer.on_event(ControlMeasured(Fidelity(30, 29, 10, 1)))
    writer.on_event(Unjudged(NotJudged("low-fidelity", "d", "", "none")))
    writer.abandon()
    assert not any(rows_of(tmp_path / "run.db").values())


def test_a_resumed_file_forgets_units_that_are_not_done(tmp_path):
    """Their fidelity and differences as well as their evidence: all of it is measured again."""
    write(tmp_path / "run.db")
    assert rows_of(tmp_path / "run.db")["fidelity"] == rows_of(tmp_path / "run.db")["difference"] == 1
    RunWriter.resume(tmp_path / "run.db").close()
    left = rows_of(tmp_path / "run.db")
    assert (left["fidelity"], left["session_fidelity"], left["difference"], left["evidence"]) == (0, 0, 0, 0)
