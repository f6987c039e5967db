"""Random nesting: no secret survives in any writing inside of any other, wherever it stands."""

from __future__ import annotations

import os
import secrets

import pytest

from replay.canary.fuzzing import BATCH, fuzz
from replay.canary.matrix import FuzzReport
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym

FLOWS = 2000


def run(seed: int, flows: int) -> FuzzReport:
    *_, report = fuzz(seed, Policy(Pseudonym(bytes(range(32)))), lambda done: done < flows)
    return report


@pytest.mark.parametrize("way", ["the seed of every run", "a seed of this run alone"])
def test_no_nesting_hides_a_secret(way: str) -> None:
    """REPLAY_CANARY_SEED=N repeats a run; the seed stands in the message of a failure."""
    fresh = int(os.environ.get("REPLAY_CANARY_SEED") or secrets.randbelow(10**9))
    seed = 0 if way.startswith("the seed of") else fresh
    print(f"REPLAY_CANARY_SEED={seed}")
    report = run(seed, FLOWS)
    assert (seed, report.leaks) == (seed, [])
    assert report.flows == FLOWS
    assert report.refused < FLOWS // 100  # dropping everything is no redaction
    assert report.blind < FLOWS // 100  # nor is a search that cannot see


def test_a_seed_gives_the_same_flows_again() -> None:
    """Else a leak that was found once is never found again."""
    assert run(7, BATCH) == run(7, BATCH)
