"""The replay side of the canary: nothing that QA answers is in what a run stores, prints or reports (F41, F42)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from replay.canary import in_process
from replay.canary.campaign import Campaign
from replay.canary.cases_live import LIVE_CASES
from replay.canary.live import LiveCanary
from replay.canary.matrix import EndingReport
from replay.canary.records import missing_parts
from replay.canary.suite import CASES, chosen
from replay.model.evidence import Attempt, Part
from replay.model.exchange import Exchange
from replay.record.redacting import live_policy_of
from replay.record.settings import RecordSettings
from replay.redact.live import LiveRedaction
from replay.redact.live_known import Known
from replay.redact.live_pseudonym import LivePseudonym
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.store.run_reader import RunReader

CAMPAIGN = Campaign.of(CASES, seed=0)
RECORDED = Campaign.of(CASES, seed=1)
FUZZ_CASES = 4
FEW = chosen(("C134", "C146", "C151", "T020"))


def live_redaction() -> LiveRedaction:
    """For a capture of the same cases with other secrets."""
    policy, known = Policy(Pseudonym(RECORDED.key)), Known()
    for one in RECORDED.planted:
        try:
            exchange = policy.redact(in_process.exchange(one)).exchange
        except Refused:
            continue
        known.allow_request(exchange.request)
        if exchange.response is not None:
            known.allow_response(exchange.response)
    pseudonym = LivePseudonym(b"l" * 32, known)
    return LiveRedaction(live_policy_of(pseudonym, known, RecordSettings()), pseudonym, known)


@pytest.fixture(scope="module")
def live() -> LiveRedaction:
    return live_redaction()


@pytest.mark.parametrize("turn", ["nothing is remembered", "everything is remembered"])
def test_no_secret_of_any_case_is_left_in_an_attempt(live: LiveRedaction, turn: str) -> None:
    """Every case of the recorder's canary as something that a run sends and is answered; and its bodies are there."""
    leaks, lacking = [], []
    for one in CAMPAIGN.planted:
        exchange = in_process.exchange(one)
        attempt = Attempt("e1", "s1", "GET /api", None, None, Part.JUDGED, exchange.request, exchange.outcome)
        shown = live.attempt(attempt)
        done = Exchange("e1", shown.request, shown.outcome, messages=exchange.messages)
        wire_only = replace(done, messages=())
        leaks += [(one.case.id, hit.secret.kind) for hit in CAMPAIGN.detector.search("", in_process.written(wire_only))]
        lacking += [(one.case.id, what) for what in missing_parts(one.case, one.plan, done)]
    assert (leaks, lacking) == ([], []), turn


def test_the_recorders_policy_forgets_nothing_it_hid() -> None:
    """The same traffic again, when every value is remembered, is hidden as it was the first time."""
    policy = Policy(Pseudonym(CAMPAIGN.key))
    for turn in (1, 2):
        for one in CAMPAIGN.planted:
            try:
                written = in_process.outcome_of(policy.redact(in_process.exchange(one))).written
            except Refused:
                continue
            assert turn == 1 or not CAMPAIGN.detector.search("", written), one.case.id


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[EndingReport, EndingReport, Path]:
    """Redacted, with all that follows a run; and with `--keep-live-values`, the run alone."""
    folder = tmp_path_factory.mktemp("live")
    for name in ("hidden", "kept"):
        (folder / name).mkdir()
    hidden = LiveCanary(FEW, seed=3, fuzz_cases=FUZZ_CASES, repros=1).perform(folder / "hidden")
    kept = LiveCanary(FEW, 3, ("--keep-live-values",), FUZZ_CASES, repros=-1).perform(folder / "kept")
    return hidden, kept, folder


Runs = tuple[EndingReport, EndingReport, Path]


def test_a_run_its_reports_and_its_scripts_hold_nothing_of_qa(runs: Runs) -> None:
    """Real processes: fuzz, judge, every report format, repro; every byte, cell and line of output is searched."""
    report = runs[0]
    assert [(hit.secret.case, hit.secret.kind, hit.artefact) for hit in report.hits] == []
    assert report.missing == []
    assert {name for name, _ in report.files} >= {"out/run.db", "out/report-json", "out/report-junit", "stdout.txt"}


def test_the_search_sees_what_a_run_without_redaction_leaves(runs: Runs) -> None:
    """Every case is found when redaction is off, in the run file and in what is printed."""
    report = runs[1]
    found = {hit.secret.case for hit in report.hits}
    assert found >= {one.case.id for one in LIVE_CASES}
    assert found >= {case.id for case in FEW}
    assert {"out/run.db", "stdout.txt"} <= {hit.artefact.partition(":")[0] for hit in report.hits}


def test_stored_stand_ins_are_judged_as_live_values_were(runs: Runs) -> None:
    """`replay judge` over the redacted file names the oracles and endpoints that judging raw answers has named.

    But for the canary's own pages: what redaction drops of a recording differs from a live answer that keeps it.
    """
    hidden, kept = (_named(runs[2] / name / "seen" / "out" / "run.db") for name in ("hidden", "kept"))
    assert hidden == kept
    assert {oracle for oracle, _, _ in hidden} >= {"divergence", "stores-unknown"}


def _named(run_file: Path) -> set[tuple[str, str, str]]:
    """Without list-leak: whether a list shows another tenant's note depends on who was faster."""
    reader = RunReader(run_file)
    try:
        return {
            (one.oracle, one.mutator, f"{one.method} {one.endpoint}")
            for one in reader.findings()
            if "items" not in one.endpoint and one.oracle != "list-leak"
        }
    finally:
        reader.close()
