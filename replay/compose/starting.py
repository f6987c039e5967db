"""A first `replay.toml` for a capture: what it needs, what suits it, and what may be said at all.

Rule: the file changes nothing until somebody edits it. `# text` explains; a line that begins with `#` and no blank is
a setting to be used by taking the `#` away.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from replay.compose.checkup import ActorFacts, Checkup, CheckupOrder, check_up
from replay.compose.config import Config
from replay.compose.units import printable
from replay.store.capture_contents import CaptureContents
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_CLEAN_PLAYS = 4  # two clean replays, one more that confirms, one again when the first one taught something
_CASE_REQUESTS = 20  # for each recorded request when it is fuzzed: the demo sends 15
_SHOWN = 20  # endpoints and tenants
_CHATTY_SHARE, _CHATTY = 0.4, 1_000  # a read route worth sampling has so large a part of so many exchanges


@dataclass(frozen=True, slots=True)
class Starter:
    """`text` is the file; `uncovered` actors have no identity yet."""

    text: str
    uncovered: int


def starter_for(capture: Path, unlock: Unlock | None, target: str) -> Starter:
    """Reads the capture; sends nothing. Raises ReplayError for one that cannot be read."""
    found = asyncio.run(check_up(CheckupOrder(capture, Config(), {}, unlock=unlock)))
    with CaptureReader.open(capture, unlock) as reader:
        contents = reader.contents()
    parts = (
        _head(capture, contents),
        _run(contents),
        _pace(contents),
        _safety(target),
        _budget(contents),
        _identities(found),
        _gates(contents),
        _record(contents),
    )
    return Starter("\n".join(line for part in parts for line in (*part, "")), len(found.uncovered))


def _head(capture: Path, contents: CaptureContents) -> list[str]:
    lines = [
        f"# For {printable(capture.name)}: {contents.sessions} sessions, {contents.exchanges} exchanges"
        + (f", recorded {_when(contents.first)} to {_when(contents.last)} UTC" if contents.exchanges else ""),
        "# A line that begins with # and no blank is a setting: take the # away to use it. The rest explains.",
        "#",
        "# Tenants, as stand-ins:",
    ]
    sessions: Counter[str] = Counter()
    exchanges: Counter[str] = Counter()
    for one in contents.actors:
        tenant = (one.actor.tenant if one.actor else "") or "(unknown)"
        sessions[tenant] += one.sessions
        exchanges[tenant] += one.exchanges
    shown = [
        f"#   {printable(name)}: {sessions[name]} sessions, {count} exchanges"
        for name, count in exchanges.most_common(_SHOWN)
    ]
    return [*lines, *shown, *_more(len(exchanges)), *_endpoints(contents)]


def _endpoints(contents: CaptureContents) -> list[str]:
    shown = [f"#   {printable(one.endpoint)}: {one.exchanges}" for one in contents.endpoints[:_SHOWN]]
    return ["#", "# Endpoints by exchanges:", *shown, *_more(len(contents.endpoints))]


def _more(count: int) -> list[str]:
    return [f"#   ... and {count - _SHOWN} more: replay inspect shows them"] if count > _SHOWN else []


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _run(contents: CaptureContents) -> list[str]:
    lines = ["# How a run is made.", "[run]", "#seed = 0", "#concurrency = 16           # requests in flight"]
    lines += ["#timeout_seconds = 30", "#fidelity_floor = 0.6        # below it nothing is judged"]
    if any(status in {"503", "502", "504"} for status, _ in contents.statuses):
        lines += ["# The recording holds answers of 502 to 504: a QA that is as unsteady is noise, not a finding."]
    return lines


def _pace(contents: CaptureContents) -> list[str]:
    span = contents.last - contents.first
    mean = f"# The recording asked {contents.exchanges / span:.3g} requests a second." if span >= 1 else "# Pace."
    return [
        f"{mean} Without a plan, requests go as fast as order allows.",
        "[pace]",
        '#speed = "1x"                # as recorded; "2x" is twice as fast',
        '# or one of: rate = "20/s", ramp = "10..200/s,steps=5,hold=30s", sessions = 20',
    ]


def _safety(target: str) -> list[str]:
    named = f'"{printable(target)}"' if target else '"http://qa.example:8000"'
    return [
        "# Where requests may go. Outside of this machine nothing is written before allow_writes says so.",
        "[safety]",
        f"#targets = [{named}]",
        "#allow_writes = true",
        "#handshake = true            # the target must answer /.well-known/replay-ok with the token",
        '#handshake_token = { env = "REPLAY_HANDSHAKE" }',
        "",
        "[cleanup]",
        "#enabled = true              # DELETE what a run has made",
    ]


def _budget(contents: CaptureContents) -> list[str]:
    writes = sum(one.exchanges for one in contents.endpoints if one.endpoint.split(" ")[0] not in _READS)
    clean, whole = _CLEAN_PLAYS * contents.exchanges, _CASE_REQUESTS * contents.exchanges
    return [
        f"# Clean replays send up to {clean} requests for this capture, a fuzz run about {whole}.",
        f"# {writes} of {contents.exchanges} recorded requests write.",
        "[budget]",
        f"#requests = {_rounded(2 * whole)}",
        f"#writes = {_rounded(2 * _CASE_REQUESTS * writes)}",
        "#seconds = 1800",
        "#requests_per_second = 50",
    ]


def _rounded(count: int) -> int:
    """Up to two digits that count; 1 at least."""
    if count < 100:
        return max(1, count)
    unit: int = 10 ** (len(str(count)) - 2)
    return math.ceil(count / unit) * unit


def _identities(found: Checkup) -> list[str]:
    uncovered = found.uncovered
    if not uncovered:
        said = "the recording's own logins" if found.actors else "nothing, for nobody logs in"
        return [f"# Identities: every actor is covered by {said}. See docs/identities.md for QA accounts of your own."]
    lines = [
        f"# Identities: {len(uncovered)} of {len(found.actors)} actors carry credentials whose login was not recorded.",
        "# QA would answer them 401. Correct these tables, set what they name, and see: replay doctor CAPTURE",
    ]
    for text in _snippets(uncovered):
        lines += ["", *(f"#{line}" if line else "" for line in text.splitlines())]
    return lines


def _snippets(uncovered: Sequence[ActorFacts]) -> Iterable[str]:
    """One for each tenant and kind of credentials: a company's people log in alike."""
    return dict.fromkeys(one.snippet for actor in uncovered for one in actor.schemes if one.snippet)


def _gates(contents: CaptureContents) -> list[str]:
    lines = ["# What a release may cost, for `replay baseline compare`.", "[gates]", '#p95 = "within 10%"']
    lines += ['#error_rate = "< 0.5%"']
    writing = next((one for one in contents.endpoints if one.endpoint.split(" ")[0] not in _READS), None)
    if writing is not None:
        lines += ["", "#[[gates.endpoint]]", f"#endpoint = {_quoted(writing.endpoint)}", '#rows = "<= 3"']
    return lines


def _record(contents: CaptureContents) -> list[str]:
    lines = ["# For the recorder.", "[record]", '#exclude = ["health"]         # health checks and metrics pages']
    for one in contents.endpoints[:_SHOWN]:
        method, _, path = one.endpoint.partition(" ")
        if method in _READS and one.exchanges >= max(_CHATTY, _CHATTY_SHARE * contents.exchanges):
            lines += ["", "#[[record.routes]]", f"#match = {_quoted(f'{method} {_glob(path)}')}", "#sample = 0.1"]
    return lines


def _glob(path: str) -> str:
    """`/notes/{id}` as the recorder's routes write it."""
    return "/".join("*" if part.startswith("{") and part.endswith("}") else part for part in path.split("/"))


def _quoted(text: str) -> str:
    """A TOML string. Endpoints come out of a capture: what could end the string is left out."""
    return '"' + "".join(char for char in printable(text) if char not in '"\\') + '"'
