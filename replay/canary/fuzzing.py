"""The nesting fuzz in this process: thousands of cases a minute through the recorder's own redaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from replay.canary import in_process
from replay.canary.case import plant
from replay.canary.detector import Detector
from replay.canary.matrix import FuzzReport
from replay.canary.nesting import nested_cases
from replay.canary.unfolding import Unfolding
from replay.canary.variants import needles
from replay.redact.policy import Policy

BATCH = 100
_DEEP = Unfolding(depth=7)  # four layers, and those of the place itself


def fuzz(seed: int, policy: Policy, goes_on: Callable[[int], bool]) -> Iterator[FuzzReport]:
    """A report after each batch, with all that was found so far, while it `goes_on` (told the number)."""
    flows = refused = blind = 0
    leaks: list[tuple[str, str]] = []
    while goes_on(flows):
        planted = [plant(case, seed, _no_key(seed)) for case in nested_cases(seed, flows, BATCH)]
        detector = Detector(needle for one in planted for secret in one.secrets for needle in needles(secret))
        for one in planted:
            outcome = in_process.run(one, policy)
            refused += bool(outcome.refused)
            raw = in_process.written(in_process.exchange(one))
            blind += not detector.search("", raw, _DEEP)
            found = detector.search("", outcome.written, _DEEP)
            if found:
                leaks.append((one.case.id, f"{one.case.position} ({found[0].secret.kind})"))
        flows += len(planted)
        yield FuzzReport(flows, 0, refused, list(leaks), blind)


def _no_key(seed: int) -> bytes:
    return hashlib.sha256(f"nesting {seed}".encode()).digest()
