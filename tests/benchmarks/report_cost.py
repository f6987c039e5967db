"""What the HTML report of a large run costs: processor seconds, peak memory, bytes of the page.

    python tests/benchmarks/report_cost.py [EXCHANGES]

The run file is made by the run file's own writer: groups of 4000 exchanges, recorded and replayed clean twice as lean
rows, and one finding of a case for every 500 exchanges. The report is made by a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from replay.model.body import Body
from replay.model.case import Case, CaseId, Expectation, Mutation, Site
from replay.model.event import CasePlanned, ControlMeasured, EvidenceReady, Found, RunEnded, RunStarted, UnitDone
from replay.model.evidence import Attempt, Evidence, Part, Role, Trace
from replay.model.exchange import Request, Response
from replay.model.finding import Finding, Level, Proof, Severity
from replay.model.headers import Headers
from replay.model.reading import Operation, RowChange
from replay.model.run import Fidelity, RunInfo, Summary
from replay.model.session import Actor
from replay.store.run_writer import RunWriter

_GROUP = 4000
_SESSION = 20
_ENDPOINTS = 80
_TENANTS = 12
_PER_FINDING = 500
_JSON = Headers.of([("Content-Type", "application/json")])


def _attempt(n: int, *, part: Part = Part.JUDGED, is_lean: bool = True, sent_as: Actor | None = None) -> Attempt:
    actor = Actor(f"ten_{n // _SESSION % _TENANTS:016x}", str(n // _SESSION % 40))
    data = (
        b""
        if is_lean
        else json.dumps({"id": n, "items": [{"n": i, "text": f"text {n} {i}"} for i in range(12)]}).encode()
    )
    body = Body(data, "application/json", size_bytes=900 if is_lean else -1)
    headers = Headers.of([]) if is_lean else _JSON
    at = (n % _GROUP) * 0.002
    return Attempt(
        f"e{n}", f"s{n // _SESSION}", f"GET /things/{n % _ENDPOINTS}/{{id}}", actor, sent_as or actor, part,
        Request("GET", f"/things/{n % _ENDPOINTS}/{n}", headers, Body(), "http", "h.example"),
        Response(200, headers, body),
        at, at + 0.0002, at + 0.004, at + 0.005 + n % 97 * 0.0003, recorded_status=200, as_recorded=is_lean,
    )  # fmt: skip


def _clean(first: int, count: int) -> Evidence:
    attempts = tuple(_attempt(n) for n in range(first, first + count))
    traces = (Trace(Role.RECORDED, 0, attempts), Trace(Role.CLEAN, 1, attempts), Trace(Role.CLEAN, 2, attempts))
    return Evidence(None, traces)


def _case(n: int) -> tuple[Case, Evidence, Finding]:
    endpoint = f"GET /things/{n % _ENDPOINTS}/{{id}}"
    other = Actor(f"ten_{n % _TENANTS:016x}", "9")
    mutation = Mutation("swap-tenant", Site(f"e{n}", endpoint), Expectation.REJECTED, n)
    case = Case(CaseId(f"swap-tenant-{n}"), f"s{n // _SESSION}", mutation, ())
    setup = tuple(_attempt(n - i, part=Part.SETUP, is_lean=False) for i in range(12, 0, -1))
    change = RowChange("thing", Operation.UPDATE, (("id", n),), (("id", n), ("a", 1)), (("id", n), ("a", 2)))
    traces = tuple(
        Trace(role, world, (*setup, _attempt(n, is_lean=False, sent_as=sender)), (change,))
        for role, world, sender in ((Role.CONTROL, 3, None), (Role.MUTATED, 4, other))
    )
    finding = Finding(
        f"{n:016x}", "isolation-read", "swap-tenant", Severity.HIGH, Level.CONFIRMED, endpoint.partition(" ")[2], "GET",
        "Another tenant's credentials read this tenant's data", "no data", "data", other.tenant,
        (Proof("whose data", [{"marker": f"m{n}", "owner": other.tenant}]),), case.id,
    )  # fmt: skip
    return case, Evidence(case, traces), finding


def write_run(path: Path, exchanges: int) -> None:
    """A run of so many exchanges."""
    oracles = ("divergence", "isolation-read")
    info = RunInfo("bench", "fuzz", "cap", "http://127.0.0.1:1", 0, 0.0, ("swap-tenant",), oracles, "sqlite", "0")
    writer = RunWriter.create(path)
    writer.on_event(RunStarted(info, exchanges // _SESSION, exchanges))
    for number, first in enumerate(range(0, exchanges, _GROUP)):
        count = min(_GROUP, exchanges - first)
        writer.on_event(ControlMeasured(Fidelity(count, count, 0, 0), (), f"clean/{number}"))
        writer.on_event(EvidenceReady(_clean(first, count), f"clean/{number}"))
        writer.on_event(UnitDone(f"clean/{number}", 2, 2 * count))
    found = range(_PER_FINDING - 1, exchanges, _PER_FINDING)
    for n in found:
        case, evidence, finding = _case(n)
        for event in (CasePlanned(case), EvidenceReady(evidence, f"target/{n}"), Found(finding)):
            writer.on_event(event)
    writer.on_event(
        RunEnded(
            Summary(exchanges // _SESSION, exchanges, 2 * exchanges, len(found), 0, len(found), 0, 60.0, 1.0), True
        )
    )
    writer.close()


def measure(folder: Path, exchanges: int) -> dict[str, float]:
    """Of `replay report --html`: start of the interpreter included."""
    write_run(folder / "run.db", exchanges)
    command = [sys.executable, "-m", "replay", "report", str(folder / "run.db"), "--html", str(folder / "report.html")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    beside = list((folder / "report.evidence").glob("*.html")) if (folder / "report.evidence").is_dir() else []
    return {
        "exchanges": exchanges,
        "run_file_mb": (folder / "run.db").stat().st_size / 1e6,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
        "page_mb": (folder / "report.html").stat().st_size / 1e6,
        "pages_beside": len(beside),
    }


def main() -> None:
    exchanges = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        for name, value in measure(Path(folder), exchanges).items():
            print(f"{name:14} {value:.2f}")


if __name__ == "__main__":
    main()
