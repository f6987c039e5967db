"""No fault of the recorder's own reaches a client: the same bytes while its writer hangs, dies, or its hooks raise."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.record.transparency.breakages import BREAKAGES, write_breakage
from integration.record.transparency.differences import expected
from integration.record.transparency.fleet import Fleet
from integration.record.transparency.http1_cases import SUBSET
from integration.record.transparency.proxies import MITMDUMP, RECORDING

MakeFleet = Callable[..., Fleet]


def assert_unchanged(fleet: Fleet, way: str) -> None:
    for case in SUBSET:
        assert fleet.through(way, case) == expected(case.name, fleet.direct(case)), case.name


@pytest.mark.parametrize("way", RECORDING)
def test_a_writer_that_hangs_or_dies_changes_nothing(small_fleet: MakeFleet, way: str) -> None:
    """Stopped, killed, started again: the traffic is the same, and every exchange is accounted for."""
    fleet = small_fleet()
    first = fleet.proxy(way).writer_pid
    os.kill(first, signal.SIGSTOP)
    assert_unchanged(fleet, way)
    os.kill(first, signal.SIGKILL)
    assert_unchanged(fleet, way)
    deadline = time.monotonic() + 20
    while not (pids := fleet.proxy(way).writer_pids) or first in pids:
        assert time.monotonic() < deadline, "no other writer was started"
        time.sleep(0.1)
    assert_unchanged(fleet, way)
    sent, _, account = fleet.account(way)
    assert account.total == sent
    assert account.captured >= sum(case.exchanges for case in SUBSET) // 2
    assert set(account.losses) <= {"dropped writer-dead", "dropped queue-full"}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_hooks_that_raise_change_nothing(small_fleet: MakeFleet, tmp_path: Path, breakage: str) -> None:
    """Whatever of ours is broken from within."""
    fleet = small_fleet(write_breakage(breakage, tmp_path))
    assert_unchanged(fleet, MITMDUMP)


def test_exchanges_lost_to_a_hook_are_counted(small_fleet: MakeFleet, tmp_path: Path) -> None:
    fleet = small_fleet(write_breakage("offer raises", tmp_path))
    assert_unchanged(fleet, MITMDUMP)
    sent, _, account = fleet.account(MITMDUMP)
    assert (account.captured, account.losses) == (0, {"dropped hook-error": sent})
