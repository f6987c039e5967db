"""The whole way: production behind the real recorder at strict redaction, no login recorded, doctor, QA, a clean run.

Production knows its people by JWTs under a key of its own; QA has another key. Nothing but the stand-ins travels.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from integration.identity.identity_capture import PEOPLE, by_jwt
from integration.identity.qa_bank import Bank, serving
from replay.compose.checkup import Checkup, CheckupOrder, check_up
from replay.compose.config import Config, parse_config
from replay.compose.runs import RunRequest, execute
from replay.compose.verdicts import read_view
from replay.demo.recorder import recorder, settled
from replay.engine.drive import StopFlag
from replay.engine.settings import RunSettings
from replay.report.view import RunView

PRODUCTION_KEY = "the-secret-of-production-which-nobody-here-knows"
QA_KEY = "an-hmac-secret-of-qa-that-is-long-enough"


@dataclass(frozen=True)
class Story:
    before: Checkup  # doctor without identities
    without: RunView  # a run without them
    after: Checkup  # doctor with them, signed in
    status: int  # of the run with identities
    report: dict[str, Any]
    hits: tuple[tuple[str, str], ...]
    files: bytes
    terminal: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return asyncio.run(_told(tmp_path_factory.mktemp("bank")))


async def _told(folder: Path) -> Story:
    capture = folder / "capture.db"
    production, qa = Bank(verify_with=PRODUCTION_KEY, checks_times=False), Bank(verify_with=QA_KEY)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(recorder(await stack.enter_async_context(serving(production)), capture))
        await _traffic(proxy.url)
        await settled(proxy)
    async with serving(qa) as url:
        before = await check_up(CheckupOrder(capture, Config(), {}, url))
        blind = RunRequest("run", capture, url, folder / "blind.db", RunSettings(), Config())
        await execute(blind, (), StopFlag())
        snippets = {credentials.snippet for one in before.actors for credentials in one.schemes}
        (folder / "replay.toml").write_text("\n".join(sorted(snippets)))
        config = parse_config((folder / "replay.toml").read_bytes(), folder / "replay.toml")
        after = await check_up(CheckupOrder(capture, config, {"QA_JWT_SECRET": QA_KEY}, url, sign_in=True))
        status, report, terminal = await _run(folder, str(capture), "--target", url)
    stored = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    return Story(before, read_view(blind.out), after, status, report, tuple(qa.hits), stored, terminal)


async def _traffic(url: str) -> None:
    async with aiohttp.ClientSession(url) as client:
        for principal, tenant in PEOPLE:
            headers, _ = by_jwt(principal, tenant)
            for n in range(2):
                text = {"text": f"remark {n} of somebody about something"}
                async with client.post("/jwt/notes", json=text, headers=headers) as answer:
                    made = (await answer.json())["id"]
                async with client.get(f"/jwt/notes/{made}", headers=headers) as answer:
                    assert answer.status == 200


async def _run(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """`replay run` as a user types it: status, report, and everything on the terminal."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "replay", "run", *words, "--out", "run.db", "--json",
        cwd=folder, env={"QA_JWT_SECRET": QA_KEY, "PATH": ""},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode or 0, json.loads(out), (out + err).decode()


def test_doctor_says_who_has_none_and_what_would_help(story: Story) -> None:
    """Two actors in two tenants, each with the table that gives it a JWT of QA's; exit status 3."""
    assert story.before.status == 3
    assert len({one.actor.tenant for one in story.before.actors}) == 2
    credentials = [one for actor in story.before.uncovered for one in actor.schemes]
    assert [(one.scheme, one.identity) for one in credentials] == [("bearer", "")] * 2
    assert all('kind = "jwt"' in one.snippet for one in credentials)


def test_without_identities_the_run_says_what_is_missing(story: Story) -> None:
    """Nothing is judged, and the first thing that went wrong is named."""
    assert story.without.findings == ()
    (low,) = [one.detail for one in story.without.not_judged if one.reason == "low-fidelity"]
    assert "first: POST /jwt/notes: recorded 201, now 401, no identity for actor" in low


def test_doctor_is_content_with_its_own_advice(story: Story) -> None:
    """The snippets as they were shown, one variable set: everybody has an identity, and QA takes it."""
    assert (story.after.status, story.after.problems, story.after.signed_in) == (0, (), True)
    assert all(scheme.identity for one in story.after.actors for scheme in one.schemes)


def test_redacted_claims_signed_for_qa_are_accepted(story: Story) -> None:
    """Every status comes back, subjects and tenants are the recording's stand-ins, and two tenants stay two."""
    assert story.status == 0, story.terminal
    assert "identities: 2 sets of credentials, 0 renewals" in story.terminal
    assert story.report["summary"]["fidelity"] == 1.0
    assert story.report["findings"] == []
    assert set(story.hits) == {(one.actor.principal, one.actor.tenant) for one in story.before.actors}
    assert not {name for pair in PEOPLE for name in pair} & {name for pair in story.hits for name in pair}


def test_no_secret_is_on_disk_or_on_the_terminal(story: Story) -> None:
    """Neither key is anywhere."""
    for secret in (PRODUCTION_KEY, QA_KEY):
        assert secret.encode() not in story.files
        assert secret not in story.terminal
