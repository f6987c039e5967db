"""The canary's cases: no secret is left of any, each has its record, and the search that says so can see."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from ports import free_port
from replay.canary import in_process
from replay.canary.against import AgainstPlan, run_against
from replay.canary.artefacts import Watch, search
from replay.canary.campaign import Campaign, perform
from replay.canary.case import Loss, Planted
from replay.canary.cases_abuse import STAYING
from replay.canary.endings import ENDINGS, chosen_endings
from replay.canary.planted import SecretKind
from replay.canary.records import missing_parts
from replay.canary.suite import CASES, chosen
from replay.canary.tree import Place, Tree, can_trace
from replay.engine.clock import SystemClock
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.redact.policy import Policy, Refused
from replay.redact.pseudonyms import Pseudonym
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_writer import CaptureWriter

CAMPAIGN = Campaign.of(CASES, seed=0)
POLICY = Policy(Pseudonym(CAMPAIGN.key))
PLANTED = [pytest.param(one, id=f"{one.case.id} {one.case.position}") for one in CAMPAIGN.planted]
FEW = ("C0*1", "C1*3", "X02*", "WS", "C066", "C160")


@pytest.mark.parametrize("one", PLANTED)
def test_no_secret_is_left_and_the_record_is_there(one: Planted) -> None:
    """Through the recorder's own rebuilding and redaction; what may be left out has a reason in the case."""
    try:
        redacted = POLICY.redact(in_process.exchange(one))
    except Refused:
        if one.case.may_lose is not Loss.EXCHANGE:
            raise
        return
    hits = CAMPAIGN.detector.search(one.case.id, in_process.outcome_of(redacted).written)
    assert {(hit.secret.case, hit.secret.kind.value, hit.variant) for hit in hits} == set()
    assert list(missing_parts(one.case, one.plan, redacted.exchange)) == []


def test_the_list_is_whole() -> None:
    """All 193 numbers, each once; a loss is allowed for a reason only, and for few."""
    names = [case.id for case in CASES]
    assert sorted(names) == sorted(set(names))
    assert {f"C{number:03}" for number in range(1, 194)} <= set(names)
    assert [case.id for case in CASES if (case.may_lose is Loss.NOTHING) != (not case.reason)] == []
    assert sum(case.may_lose is not Loss.NOTHING for case in CASES) < len(CASES) // 8


def test_every_case_is_seen_in_raw_traffic() -> None:
    """The detector's own check: of each case at least one secret is found in what a tap would have kept."""
    assert CAMPAIGN.blind() == []
    seen = {hit.secret.text for one in CAMPAIGN.planted for hit in _hits_of(one)}  # two cases may share a real name
    unseen = [secret for one in CAMPAIGN.planted for secret in one.secrets if secret.text not in seen]
    # Numbers of four bytes (CBOR, MessagePack), and the key, which is found as the recorder's own.
    assert {secret.case for secret in unseen} <= {"C117", "C120", "C141", "X021"}
    assert len(unseen) < 8


def _hits_of(one: Planted) -> list:
    plan = one.plan
    wire = in_process.written(in_process.exchange(one)) + b"\n" + plan.body + b"\n" + plan.answer
    return CAMPAIGN.detector.search(one.case.id, wire + plan.close_reason.encode())


def test_every_case_is_seen_in_an_unredacted_capture(tmp_path: Path) -> None:
    """The same through a capture file: cells, packed headers, zstd bodies with the file's own dictionary."""
    folder = tmp_path / "seen"
    folder.mkdir()
    kept = []
    info = CaptureInfo("unredacted", FORMAT_VERSION, 1000.0, POLICY.key_id, POLICY.digest, (), "0")
    with closing(CaptureWriter.create(folder / "capture.db", info)) as writer:
        for number, one in enumerate(CAMPAIGN.planted, 1):
            raw = RedactedExchange(
                replace(in_process.exchange(one), id=f"e{number}")
            )  # what no recorder does: written as it came
            writer.add(number, "s1", None, raw, ())
            if one.case.may_lose is Loss.NOTHING and CAMPAIGN.sees(one, in_process.written(raw)):
                kept.append(one.case.id)
        writer.commit()
    found = search(folder, Watch("test"), CAMPAIGN.detector, tmp_path)
    cells = {hit.secret.case for hit in found.hits if ": " in hit.artefact}
    assert set(kept) - cells <= {"X021"}  # the key, which is found as the recorder's own
    assert "key" in cells
    assert len(kept) > len(CASES) * 0.85


def test_what_stays_on_purpose_is_listed() -> None:
    """Known limits: of each only the number or the vendor's name stays, and no row is there that needs not be."""
    campaign = Campaign.of(STAYING, seed=0)
    for one in campaign.planted:
        hits = campaign.detector.search(one.case.id, in_process.run(one, POLICY).written)
        kinds = {hit.secret.kind for hit in hits}
        assert kinds, f"{one.case.position} stays no more: make it a case"
        assert kinds == {SecretKind.NINE} or one.case.position.startswith("Accept")


def _perform(campaign: Campaign, name: str, folder: Path, *, with_trace: bool = False):
    (ending,) = chosen_endings((name,))
    return perform(campaign, ending, folder, time.time, with_trace=with_trace)


@pytest.mark.timeout(180)
def test_nothing_is_found_after_a_normal_end(tmp_path: Path) -> None:
    """A real recorder, all cases: no hit in any file, each record is there, and no byte of the traffic was touched."""
    report = _perform(CAMPAIGN, "normal", tmp_path, with_trace=can_trace())
    assert {(hit.secret.case, hit.secret.kind.value, hit.artefact) for hit in report.hits} == set()
    assert (report.missing, report.losses) == ([], report.losses)
    assert report.changed == []
    assert report.vanished == []
    assert report.sent == len(CASES)
    assert {"out/capture.db", "stderr.txt"} <= {name for name, _ in report.files}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", [ending.name for ending in ENDINGS if ending.name != "normal"])
def test_nothing_is_found_after_a_bad_end(name: str, tmp_path: Path) -> None:
    """Killed, crashed, out of disk or memory: what lies about afterwards tells nothing, and no core is among it."""
    report = _perform(Campaign.of(chosen(FEW), seed=1), name, tmp_path)
    if name == "refused-writes" and os.getuid():
        assert "limits may not be set" in report.not_run  # told, and not called clean
        return
    assert report.not_run == ""
    assert {(hit.secret.case, hit.secret.kind.value, hit.artefact) for hit in report.hits} == set()
    assert report.vanished == []
    assert [file for file, _ in report.files if "core" in file] == []


@pytest.mark.timeout(120)
def test_the_command_says_clean_with_status_0(tmp_path: Path) -> None:
    """`replay redact canary` as a reviewer calls it: JSON without values, artefacts kept where asked for."""
    keep = tmp_path / "kept"
    words = ["--cases", "C00*", "--endings", "normal", "--seed", "5", "--keep-artifacts", str(keep), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "replay", "redact", "canary", *words], capture_output=True, check=False
    )
    matrix = json.loads(done.stdout)
    assert (done.returncode, matrix["clean"], matrix["seed"]) == (0, True, 5), done.stderr.decode()
    assert (keep / "normal" / "seen" / "out" / "capture.db").exists()
    secrets = [secret for one in Campaign.of(chosen(("C00*",)), 5).planted for secret in one.secrets]
    assert [secret.kind for secret in secrets if secret.text.encode() in done.stdout + done.stderr] == []


def test_wrong_words_are_one_sentence() -> None:
    """A pattern or an ending that means nothing is no empty run that ends clean."""
    for words in (["--cases", "ZZ*"], ["--endings", "sleep"], ["--against", "http://127.0.0.1:1"]):
        command = [sys.executable, "-m", "replay", "redact", "canary", *words]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "200"}
        )
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("replay: ")
        assert done.stderr.count("\n") == 1


@pytest.mark.timeout(120)
def test_a_recorder_that_runs_already_is_searched_as_well(tmp_path: Path) -> None:
    """`--against`: the same traffic and search; a folder with somebody's raw copy in it turns it red."""
    place = Place(tmp_path / "seen")
    place.make()
    cases = chosen(("C00*", "WS"))
    key = Campaign.of(cases, 3).key
    upstream = ("127.0.0.1", free_port())
    tree = Tree(place, f"http://127.0.0.1:{upstream[1]}", bytes(reversed(key)))
    try:
        tree.wait_until_ready()
        plan = AgainstPlan(f"http://127.0.0.1:{tree.port}", upstream, (place.folder,), cases, 3)
        said: list[str] = []
        clean = run_against(plan, SystemClock(), said.append, time.sleep)
        first = Campaign.of(cases, 3).planted[0]
        (place.folder / "copy.txt").write_bytes(first.plan.target.encode())
        dirty = run_against(plan, SystemClock(), said.append, time.sleep)
    finally:
        tree.end()
    assert clean.is_clean, clean.as_json()
    hits = [hit for ending in dirty.endings for hit in ending.hits]
    assert {(hit.secret.case, hit.artefact) for hit in hits} == {(first.case.id, "copy.txt")}
    assert any("must forward to" in sentence for sentence in said)
