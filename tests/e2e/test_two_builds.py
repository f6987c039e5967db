"""Old build against new build on the shop: six changes, each found at its place, and nothing else (issue 6)."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from e2e.changed_build import changed_build
from replay.demo.children import Child
from replay.demo.recorder import recorder, settled
from replay.demo.traffic import drive

READY = r"ready (http://\S+)"
CHANGED = {
    ("GET /api/courses/{id}", "body.seats has another value"),
    ("GET /api/invoices/{id}", "body.total_cents changed its type"),
    ("GET /api/notes", "body.items has another length"),
    ("GET /api/enrolments/{id}", "body.course_id names another thing than recorded"),
    ("GET /api/notes/{id}", "body.created_at varies otherwise than recorded"),
    ("GET /api/me", "slower than the known-good build"),
}


def shop(folder: Path, name: str) -> Child:
    words = ["-m", "replay.demo.shop", "--port", "0", "--db", str(folder / name), "--faults", "none"]
    return Child("shop", [*words, "--build", "old", "--exit-with-stdin"], READY)


async def run(folder: Path, name: str, target: str, known_good: str) -> dict[str, Any]:
    words = ["run", "capture.db", "--target", target, "--known-good", known_good, "--out", name, "--quiet", "--json"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "replay", *words, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    report: dict[str, Any] = json.loads(said)
    return {**report, "status": process.returncode}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    return asyncio.run(_play(tmp_path_factory.mktemp("builds")))


async def _play(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    async with (
        shop(folder, "production.db") as production,
        recorder(production.url, folder / "capture.db") as proxy,
    ):
        await drive(proxy.url, seed=3)
        await settled(proxy)
    async with shop(folder, "old.db") as old, shop(folder, "twin.db") as twin, changed_build(twin.url) as new:
        return await asyncio.gather(run(folder, "same.db", twin.url, old.url), run(folder, "changed.db", new, old.url))


def test_the_old_build_beside_itself_differs_in_nothing(reports: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Two databases, two processes, one build: no finding, everything judged."""
    same, _ = reports
    assert (same["findings"], same["not_judged"], same["status"]) == ([], [], 0)
    assert same["fidelity"]["score"] == 1.0


def test_each_change_of_the_new_build_is_found_and_nothing_else(
    reports: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """A changed field, a retyped number, a dropped element, a swapped id, a shifted time zone, a slower endpoint."""
    _, changed = reports
    found = {(f"{one['method']} {one['endpoint']}", one["title"]) for one in changed["findings"]}
    assert found == CHANGED
    assert changed["status"] == 1
    assert all("known-good build" in one["expected"] for one in changed["findings"])


def test_a_swapped_id_is_explained(reports: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Which name it should be, and how often it is that elsewhere."""
    _, changed = reports
    swapped = next(one for one in changed["findings"] if "names another thing" in one["title"])
    remark = swapped["evidence"][0]["data"][0]["remark"]
    assert remark.startswith("recorded ")
    assert " maps to " in remark


def test_how_closely_answers_were_compared_is_told(reports: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """By endpoint; and each place that is not compared exactly says what is still enforced."""
    same, _ = reports
    assert {one["endpoint"] for one in same["compared"]} >= {"GET /api/courses/{id}", "GET /api/me"}
    assert sum(one["equal"] for one in same["compared"]) > sum(one["unchecked"] for one in same["compared"])
    assert all("still enforced" in one["reason"] for one in same["noise"])
