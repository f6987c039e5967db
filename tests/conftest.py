"""What every test may ask for, and the rule that nothing is skipped in silence."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no counterexample; whoever hunts for one raises the number: --hypothesis-profile=thorough
settings.register_profile("replay", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile("replay")

# In CI every other skip fails the session: a test that silently does not run proves nothing.
ALLOWED_SKIPS = (
    "needs mitmproxy 12",  # Python 3.11 has mitmproxy 11 at most
    "needs Linux",
    "root may write anywhere",  # read-only folders, when CI runs as root
)


@dataclass
class FixedClock:
    """A clock that stands still until a test moves it (see `replay.engine.clock.Clock`)."""

    at: float = 0.0
    epoch: float = 1_700_000_000.0

    def now(self) -> float:
        return self.at

    def wall(self) -> float:
        return self.epoch + self.at

    def advance(self, seconds: float) -> None:
        self.at += seconds


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(name="free_port")
def a_free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    from ports import free_port  # here: a test of this file takes it to a folder without the others

    return free_port()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout that these tests stand in."""
    return Path(__file__).parents[1]


class Skips:
    """Counts what was skipped without a reason that we accept."""

    def __init__(self) -> None:
        self.refused: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.note(report.nodeid, report.longrepr)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.note(report.nodeid, report.longrepr)

    def note(self, nodeid: str, longrepr: object) -> None:
        reason = str(longrepr[2] if isinstance(longrepr, tuple) else longrepr)
        if not any(allowed in reason for allowed in ALLOWED_SKIPS):
            self.refused.append(f"{nodeid}: {reason}")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.refused and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.refused:
            terminalreporter.section("skipped without an accepted reason (CI=true)", red=True, bold=True)
            for line in self.refused:
                terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        config.pluginmanager.register(Skips(), "replay-skips")
