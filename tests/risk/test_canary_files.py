"""Where raw bytes could land besides the capture: logs, metrics, spool files, segments, exports, shared memory."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from ports import free_port
from replay.canary.artefacts import Watch, read_trace, search
from replay.canary.campaign import Campaign, perform
from replay.canary.case import Case, Group, Plan, Planted, plant, post
from replay.canary.driver import Sent
from replay.canary.encodings import field, multipart
from replay.canary.endings import Ending, Scene, chosen_endings
from replay.canary.matrix import EndingReport
from replay.canary.planted import Mint
from replay.canary.suite import chosen
from replay.canary.tree import can_trace
from replay.canary.wire_forms import request_bytes

pytestmark = pytest.mark.timeout(180)
SOME = chosen(("C0*2", "C1*5", "X07*", "C162", "C165", "C167"))


def record(
    cases: tuple[Case, ...], folder: Path, act: Callable[[Scene], list[Sent]], *words: str, with_trace: bool = False
) -> EndingReport:
    campaign = Campaign.of(cases, seed=11)
    return perform(campaign, Ending("files", act, words), folder, time.time, with_trace=with_trace)


def found(report: EndingReport) -> set[tuple[str, str]]:
    return {(hit.secret.case, hit.artefact) for hit in report.hits}


def send_and_end(scene: Scene) -> list[Sent]:
    sent = scene.send_all()
    scene.tree.end()
    return sent


def test_no_log_quotes_traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F12 to F16: Python's development mode, requests that no parser takes, clients that leave in mid-body."""
    monkeypatch.setenv("PYTHONDEVMODE", "1")
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")

    def leave(scene: Scene) -> list[Sent]:
        for one in scene.planted:
            if len(one.plan.body) > 40:
                scene.driver.begin(request_bytes(one.plan)[:-7]).close()
        return send_and_end(scene)

    report = record((*SOME, *chosen(("C06*", "C07*"))), tmp_path, leave)
    assert found(report) == set()
    said = (tmp_path / "seen" / "stderr.txt").read_text()
    assert "recording" in said
    assert "Traceback" not in said
    assert "never retrieved" not in said


COMMANDS = (
    ("inspect", "{capture}"),
    ("inspect", "{capture}", "--json"),
    ("capture", "ls", "{folder}"),
    ("capture", "verify", "{capture}"),
    ("capture", "export", "{capture}", "--format", "har", "--out", "{folder}/out.har"),
    ("capture", "export", "{capture}", "--format", "jsonl", "--out", "{folder}/out.jsonl"),
    ("redact", "audit", "{capture}"),
    ("redact", "audit", "{capture}", "--json"),
)


def test_metrics_logs_reports_and_exports_are_clean(tmp_path: Path) -> None:
    """F17, F32, F35: what Prometheus scrapes, the log as JSON, what each command prints and writes of the capture."""
    port = free_port()

    def scrape(scene: Scene) -> list[Sent]:
        sent = scene.send_all()
        time.sleep(1.5)
        for page in ("metrics", "healthz", "readyz"):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{page}", timeout=10) as answer:
                (scene.tree.place.folder / f"{page}.txt").write_bytes(answer.read())
        scene.tree.end()
        return sent

    campaign = Campaign.of(SOME, seed=11)
    words = ("--metrics", f"127.0.0.1:{port}", "--log-format", "json")
    report = perform(campaign, Ending("files", scrape, words), tmp_path, time.time, with_trace=False)
    assert found(report) == set()
    assert dict(report.files)["metrics.txt"] > 200
    folder = tmp_path / "seen" / "out"
    said = b""
    for words in COMMANDS:
        command = [word.format(capture=folder / "capture.db", folder=folder) for word in words]
        done = subprocess.run([sys.executable, "-m", "replay", *command], capture_output=True, check=False)
        assert done.returncode in (0, 1), (words, done.stderr)  # 1: an audit that found something
        said += done.stdout + done.stderr
    for data in (said, (folder / "out.har").read_bytes(), (folder / "out.jsonl").read_bytes()):
        assert len(data) > 500
        assert {hit.secret.case for hit in campaign.detector.search("shown", data)} == set()


def _upload(size: int) -> Callable[[Mint], Plan]:
    def make(mint: Mint) -> Plan:
        middle = f" {mint.name()} {mint.email()} {mint.iban()} "
        content = "lorem ipsum " * (size // 24)
        kind = field("file", f'; filename="{mint.name()}.txt"') + "\r\nContent-Type: text/plain"
        return post("multipart/form-data; boundary=canary", multipart("canary", (kind, content + middle + content)))

    return make


def test_uploads_are_not_spooled(tmp_path: Path) -> None:
    """F10, F11: 100 KB, 2 MB and 12 MB of form data; no process opens another file for writing than it always does."""
    sizes = (100_000, 2_000_000, 12_000_000)
    cases = tuple(Case(f"U{size}", "upload", _upload(size), group=Group.REQUEST_BODY) for size in sizes)
    report = record(cases, tmp_path, send_and_end, with_trace=can_trace())
    assert (found(report), report.changed, report.vanished) == (set(), [], [])
    written = {name for name, _ in report.files}
    assert {name for name in written if not name.startswith("out/capture")} == {"stdout.txt", "stderr.txt"}


def test_segments_manifest_and_journals_are_clean(tmp_path: Path) -> None:
    """F02, F36 to F39: a capture that rotates, and whose writer is killed; what lies beside it is looked at as well."""
    cases = tuple(Case(f"R{number}", "big text", _noise(number), group=Group.REQUEST_BODY) for number in range(80))

    def rotate(scene: Scene) -> list[Sent]:
        first = scene.tree.place.folder / "out" / "capture-0001.db"
        sent = [scene.driver.send(one) for one in scene.planted[:70]]
        assert scene.tree.wait_for(first.exists, 90.0)
        scene.replace("writer", signal.SIGKILL)
        sent += [scene.driver.send(one) for one in scene.planted[70:]]
        scene.tree.end()
        return sent

    report = record(cases, tmp_path, rotate, "--rotate-mb=1")
    assert found(report) == set()
    assert {"out/capture-0001.db", "out/capture.manifest.json"} <= {name for name, _ in report.files}


def _noise(number: int) -> Callable[[Mint], Plan]:
    """25 KB that packing does not make much shorter."""

    def make(mint: Mint) -> Plan:
        chance = random.Random(number)
        words = (f"{chance.getrandbits(90):x}" for _ in range(1100))
        return post("text/plain", " ".join([*words, mint.token(), mint.email()]))

    return make


def test_a_killed_recorder_leaves_its_journal_and_nothing_else(tmp_path: Path) -> None:
    """F02, F20, F26, F27: the -wal is there and searched; no core, no authority's key, nothing in shared memory."""
    campaign = Campaign.of(SOME, seed=12)
    before = set(Path("/dev/shm").glob("replay-*"))
    (ending,) = chosen_endings(("kill-all",))
    report = perform(campaign, ending, tmp_path, time.time, with_trace=False)
    names = {name for name, _ in report.files}
    assert found(report) == set()
    assert "out/capture.db-wal" in names
    assert [name for name in names if "core" in name or name.endswith((".pem", ".p12", "-journal"))] == []
    assert not [path for path in set(Path("/dev/shm").glob("replay-*")) - before if path.exists() and _has_files(path)]


def _has_files(folder: Path) -> bool:
    """Somebody else's recorder may start at this moment."""
    time.sleep(3)
    return folder.exists() and any(folder.iterdir())


def test_the_search_sees_what_it_should_in_files_of_every_kind(tmp_path: Path) -> None:
    """The check of this check: a raw copy in a text file, a database cell, a deleted row, a journal, a file name."""
    campaign = Campaign.of(chosen(("C00*",)), seed=14)
    folder = tmp_path / "seen"
    (folder / "cwd").mkdir(parents=True)
    ones = [_raw(one) for one in campaign.planted]
    (folder / "notes.txt").write_text(f"see {ones[0]}")
    (folder / f"{ones[1].strip('/').replace('/', '_')[:80]}.txt").touch()
    _database(folder / "x.db", ones[2], ones[3])
    hits = search(folder, Watch("test", {str(folder / "gone.tmp")}), campaign.detector, tmp_path)
    where = {(hit.secret.case, hit.artefact.partition(":")[0]) for hit in hits.hits}
    names = [one.case.id for one in campaign.planted]
    assert where >= {(names[0], "notes.txt"), (names[1], "file names"), (names[2], "x.db"), (names[3], "x.db")}
    assert hits.vanished == [str(folder / "gone.tmp")]


def test_a_file_that_is_written_and_deleted_is_told(tmp_path: Path) -> None:
    """What strace saw counts, not what lies there afterwards; where it may not trace, nothing is claimed."""
    script = "import os; open('spool.tmp', 'w').close(); os.remove('spool.tmp'); os.memfd_create('held')"
    command = ["strace", "-f", "-qq", "-e", "trace=open,openat,memfd_create", "-o", str(tmp_path / "trace.txt")]
    (tmp_path / "seen" / "cwd").mkdir(parents=True)
    if not can_trace():
        assert Watch("descriptors in /proc").paths == set()
        return
    subprocess.run([*command, sys.executable, "-c", script], check=True, cwd=tmp_path / "seen" / "cwd")
    watch = read_trace(tmp_path / "trace.txt")
    found = search(tmp_path / "seen", watch, Campaign.of((), 0).detector, tmp_path)
    assert [name for name in found.vanished if not name.endswith(".pyc")] == ["spool.tmp"]
    assert "held" in watch.names


def _raw(one: Planted) -> str:
    return one.secrets[0].text


def _database(path: Path, kept: str, deleted: str) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("CREATE TABLE t (v TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [(kept,), (deleted,)])
        database.execute("DELETE FROM t WHERE v = ?", (deleted,))
        database.commit()


def test_one_case_has_one_seed() -> None:
    """A hit names its case because hardly a secret is planted twice, and a seed plants the same again."""
    key = os.urandom(32)

    def texts() -> list[str]:
        made = [secret.text for case in chosen(()) for secret in plant(case, 3, key).secrets]
        return [text for text in made if len(text) > 12 and text != key.hex()]

    assert texts() == texts()
    assert len(texts()) - len(set(texts())) < len(texts()) // 20  # names that people have come from a list
