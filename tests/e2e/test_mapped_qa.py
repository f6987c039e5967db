"""A recording at strict, replayed against a QA whose database has the same stand-ins (`replay redact map`): U12 to U16.

Everything is real: the bank, the recorder in front of it, `replay redact map` over the seed, `replay run` three times.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from e2e.bank_app import PEOPLE, make_database, seed, serving
from replay.demo.children import Child
from replay.demo.recorder import settled
from replay.model.evidence import Role
from replay.store.run_reader import RunReader

RULES = """
[redact]
[[redact.rule]]
where = "query q"
action = "keep"
reason = "words that people look for, no names"
[[redact.rule]]
where = "body $..title"
action = "keep"
reason = "what a payment was for: a short list of words"
"""


@dataclass(frozen=True, slots=True)
class Runs:
    """Reports of `replay run` against the mapped QA, the same with the planted bug, and an empty QA's files."""

    same: dict[str, Any]
    leaking: dict[str, Any]
    codings: set[str]
    folder: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    return asyncio.run(_play(tmp_path_factory.mktemp("bank")))


async def _play(folder: Path) -> Runs:
    (folder / "key").write_bytes(bytes(range(32)))
    (folder / "key").chmod(0o400)
    (folder / "replay.toml").write_text(RULES)
    (folder / "seed.sql").write_text(seed())
    await _record(folder)
    await _replay(
        folder, "redact", "map", "seed.sql", "--out", "qa.sql", "--key", "file:key", "--config", "replay.toml"
    )
    make_database(folder / "qa.db", (folder / "qa.sql").read_text())
    async with serving(folder / "qa.db") as (url, bank), serving(folder / "qa.db", leaks=True) as (leaking, _):
        reports = await asyncio.gather(_run(folder, url, "same"), _run(folder, leaking, "leaking"))
        return Runs(*reports, bank.codings, folder)


async def _record(folder: Path) -> None:
    make_database(folder / "production.db", seed())
    words = ["--exit-with-stdin", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--key", f"file:{folder}/key"]
    words += ["--config", str(folder / "replay.toml"), "--capture", str(folder / "capture.db")]
    async with serving(folder / "production.db") as (url, _):
        recorder = Child("recorder", ["-m", "replay", "record", *words, "--upstream", url], r"recording (http://\S+)")
        async with recorder as proxy:
            for person in PEOPLE:
                await _visit(proxy.url, person)
            await settled(proxy)


async def _visit(url: str, person: tuple[Any, ...]) -> None:
    """Log in (packed), look at oneself, page twice in two ways, look at one payment, search, log out, be refused."""
    async with aiohttp.ClientSession(url) as client:
        login = gzip.compress(json.dumps({"email": person[2], "password": person[4]}).encode())
        packed = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        async with client.post("/login", data=login, headers=packed) as answer:
            token = (await answer.json())["token"]
        bearer = {"Authorization": f"Bearer {token}"}

        async def get(path: str, status: int = 200) -> Any:
            async with client.get(path, headers=bearer) as answer:
                assert answer.status == status
                return await answer.json()

        await get("/me")
        for page in (1, 2, 3):
            shown = await get(f"/payments?page={page}")
        cursor = ""
        while cursor is not None:
            shown = await get(f"/payments/after?cursor={cursor}" if cursor else "/payments/after")
            cursor = shown["next_cursor"]
            for payment in shown["items"]:
                await get(f"/payments/{payment['id']}")
        assert (await get("/search?q=rent"))["items"]
        async with client.post("/logout", headers=bearer) as answer:
            assert answer.status == 200
        await get("/me", 401)


async def _run(folder: Path, url: str, name: str) -> dict[str, Any]:
    words = ["run", "capture.db", "--target", url, "--out", f"{name}.db", "--config", "replay.toml"]
    report: dict[str, Any] = json.loads(await _replay(folder, *words, "--quiet", "--json", "--fail-on", "never"))
    return report


async def _replay(folder: Path, *words: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "replay",
        *words,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await process.communicate()
    assert process.returncode in (0, 3), complaint
    return said


def test_an_unchanged_service_has_no_difference(runs: Runs) -> None:
    """U15 (first half): every status and every value is as recorded, and nothing is left unjudged."""
    assert runs.same["findings"] == []
    assert runs.same["not_judged"] == []
    assert runs.same["summary"]["fidelity"] == 1.0


def test_login_token_and_logout_come_back(runs: Runs) -> None:
    """U12: the token of QA's own login opens what the recorded one opened, and after logout nothing."""
    endpoints = _statuses(runs)
    assert endpoints["POST /login"] == {200}
    assert endpoints["POST /logout"] == {200}
    assert endpoints["GET /me"] == {200, 401}


def test_pages_and_cursors_lead_to_the_same_records(runs: Runs) -> None:
    """U13: by page number and by the cursor that QA itself gave, each page as long as it was."""
    endpoints = _statuses(runs)
    assert endpoints["GET /payments"] == endpoints["GET /payments/after"] == endpoints["GET /payments/{id}"] == {200}
    lengths = {len(tree["items"]) for tree in _bodies(runs, "GET /payments/after")}
    assert lengths == {4, 2}


def test_a_recorded_search_finds_the_recorded_hits(runs: Runs) -> None:
    """U14: where a policy keeps the words of a field, the term and its hits are there on both sides."""
    found = _bodies(runs, "GET /search")
    assert found
    assert all(tree["items"] and all("rent" in item["title"] for item in tree["items"]) for tree in found)


def test_a_record_of_another_tenant_is_reported(runs: Runs) -> None:
    """U15 (second half): the planted bug shows another tenant's payment, and the run says so."""
    wrong = [one for one in runs.leaking["findings"] if one["endpoint"] == "/payments/{id}"]
    assert wrong
    assert {one["endpoint"] for one in runs.leaking["findings"]} == {"/payments/{id}"}


def test_packed_messages_are_understood_on_both_sides(runs: Runs) -> None:
    """U16: a login that was recorded packed is accepted by QA, and packed answers are compared by what they say."""
    assert runs.codings
    assert _statuses(runs)["POST /login"] == {200}
    assert all("iban" in tree or "error" in tree for tree in _bodies(runs, "GET /me"))


def test_nothing_of_production_or_qa_is_in_any_file_of_ours(runs: Runs) -> None:
    """Capture, run files and the mapped seed hold no customer of production; the run files no token of QA."""
    for name in ("capture.db", "same.db", "leaking.db", "qa.sql"):
        data = (runs.folder / name).read_bytes().lower()
        for person in PEOPLE:
            for secret in (person[2], person[3], person[4], person[5], str(person[0])):
                assert secret.lower().encode() not in data, name


def _statuses(runs: Runs) -> dict[str, set[int]]:
    out: dict[str, set[int]] = {}
    for endpoint, status, _ in _attempts(runs):
        out.setdefault(endpoint, set()).add(status)
    return out


def _bodies(runs: Runs, endpoint: str) -> list[Any]:
    return [json.loads(data) for name, _, data in _attempts(runs) if name == endpoint]


def _attempts(runs: Runs) -> list[tuple[str, int, bytes]]:
    """Of the clean replays."""
    reader = RunReader(runs.folder / "same.db")
    try:
        evidence = next(iter(reader.evidences()))
    finally:
        reader.close()
    traces = evidence.of(Role.CLEAN)
    assert traces
    return [
        (one.endpoint, one.status, one.response.body.data) for trace in traces for one in trace.attempts if one.response
    ]
