"""The replay side of the canary: a run against a QA that answers secrets, and a search of all that it left (F41, F42).

    replay fuzz -> judge -> report in every format -> repro of some findings, as processes in a folder of their own

Rule: QA and its database stand outside of the searched folder. What is searched is what replay wrote or printed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.canary.artefacts import Watch, search
from replay.canary.campaign import Campaign
from replay.canary.case import Case, Planted
from replay.canary.cases_live import LIVE_CASES
from replay.canary.live_capture import answering, by_tenant, scripts, write_capture
from replay.canary.live_qa import LiveQa
from replay.canary.matrix import EndingReport
from replay.canary.tree import Place
from replay.compose.units import all_formats

NAME = "replay"  # among the endings: how a run leaves things
_SECONDS = 300.0
_MUTATORS = "duplicate,inflate,swap-tenant"

Step = tuple[str, list[str], set[int]]
"""Name, words of the command, good exit statuses."""


@dataclass(frozen=True, slots=True)
class LiveCanary:
    """`cases`: of the recorder's canary, as far as answers hold their secrets. `words`: options of the run.

    `repros`: findings whose script is printed; -1: the run alone, without reports.
    """

    cases: tuple[Case, ...]
    seed: int
    words: tuple[str, ...] = ()
    fuzz_cases: int = 24  # each mutator, reads and writes
    repros: int = 4

    @property
    def key(self) -> bytes:
        return hashlib.sha256(f"canary {self.seed}".encode()).digest()

    def campaign(self) -> tuple[Campaign, tuple[Planted, ...]]:
        """The search for all secrets of QA, and the planted answers."""
        items = answering(self.cases, self.seed)
        whole = Campaign.of([*(one.case for one in items), *(one.case for one in LIVE_CASES)], self.seed)
        return whole, items

    def perform(self, folder: Path) -> EndingReport:
        """In `folder`, a fresh one. What QA's database holds is in `folder/qa`, which is not searched."""
        campaign, items = self.campaign()
        place, outside = Place(folder / "seen"), folder / "qa"
        place.make()
        outside.mkdir(mode=0o700)
        write_capture(place.capture, items, self.seed, self.key)
        live = list(scripts(items, self.seed, self.key, is_live=True))
        planned = {(one.plan.method, one.plan.target.partition("?")[0]): one.plan for one in live}
        starts = ("/api/login", "/api/me", "/api/notes")
        with closing(LiveQa(outside / "qa.db", planned, *(by_tenant(live, start) for start in starts))) as qa:
            steps = self._steps(place, qa.url, outside / "qa.db")
            wrong = [(name, f"{name} ended with {status}") for name, status in self._played(place, steps)]
        found = search(place.folder, Watch("its folder"), campaign.detector, folder)
        missing = wrong or (_missing(place, len(live)) if self.repros >= 0 else [])
        return EndingReport(NAME, len(live), found.hits, missing, files=found.files, watched_by="its folder")

    def _steps(self, place: Place, url: str, database: Path) -> list[Step]:
        run = str(place.folder / "out" / "run.db")
        fuzz = ["fuzz", str(place.capture), "--target", url, "--out", run, "--db", f"sqlite:///{database}"]
        fuzz += ["--mutate", _MUTATORS, "--cases", str(self.fuzz_cases), "--quiet-seconds", "0.02", "--allow-expired"]
        steps: list[Step] = [("fuzz", [*fuzz, *self.words], {0, 1, 3})]
        if self.repros < 0:
            return steps
        steps.append(("judge", ["judge", run], {0, 1, 3}))
        for form in sorted(all_formats()):
            out = str(place.folder / "out" / f"report-{form}")
            steps.append((f"report {form}", ["report", run, "--format", form, "--out", out], {0}))
        return steps

    def _played(self, place: Place, steps: Iterable[Step]) -> list[tuple[str, int]]:
        """Steps that ended otherwise than they should."""
        wrong = [(name, status) for name, words, good in steps if (status := _run(place, words)) not in good]
        for fingerprint in _fingerprints(place)[: max(0, self.repros)]:
            words = ["repro", str(place.folder / "out" / "run.db"), fingerprint]
            status = _run(place, words)
            if status:
                wrong.append(("repro", status))
        return wrong


def _run(place: Place, words: Sequence[str]) -> int:
    """One command; what it prints is appended to the files that are searched."""
    home = str(place.folder / "home")
    inherited = {name: text for name, text in os.environ.items() if name.startswith(("PATH", "LANG", "LC_", "PYTHON"))}
    own = {"HOME": home, "TMPDIR": str(place.folder / "tmp"), "XDG_CACHE_HOME": home, "REPLAY_DEBUG": "1"}
    with place.stdout.open("ab") as out, place.stderr.open("ab") as err:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "replay", *words],
            cwd=place.folder / "cwd",
            env={**inherited, **own, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            timeout=_SECONDS,
            check=False,
        )
    return done.returncode


def _report(place: Place) -> dict[str, Any]:
    path = place.folder / "out" / "report-json"
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def _fingerprints(place: Place) -> list[str]:
    return [one["fingerprint"] for one in _report(place).get("findings", ())]


def _missing(place: Place, expected: int) -> list[tuple[str, str]]:
    """Storing nothing is no redaction: most exchanges were played, judged, and told."""
    report = _report(place)
    played = report.get("summary", {}).get("exchanges", 0)
    if played < expected * 0.9:
        return [(NAME, f"{played} of {expected} exchanges were played")]
    return [] if report.get("findings") else [(NAME, "nothing was found, though QA differs on purpose")]
