"""A verdict with its proof. Three verdicts, never two: finding, clean, not judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from replay.model.tree import Tree

BODY_NOT_COMPARED = "body-not-compared"  # the reason for an answer that was cut, or that nobody can read


class Severity(StrEnum):
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        return ["low", "medium", "high"].index(self.value)


class Level(StrEnum):
    """How sure: confirmed = two independent kinds of evidence, or reproduced on a fresh resource; probable = one."""

    CONFIRMED = "confirmed"
    PROBABLE = "probable"
    INFO = "info"


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What a person needs to believe it: a label and plain data (rows, fields, whose data). JSON-able."""

    label: str
    data: Tree


@dataclass(frozen=True, slots=True, repr=False)
class Finding:
    """Two findings with one fingerprint are one finding. `title`, `expected` and `observed` hold no live secret."""

    fingerprint: str
    oracle: str
    mutator: str  # "none" for clean replays
    severity: Severity
    level: Level
    endpoint: str  # template path, without the method
    method: str
    title: str
    expected: str
    observed: str
    tenant: str  # stand-in of the tenant who suffers; empty when unknown
    proofs: tuple[Proof, ...] = ()
    case_id: str = ""


def fingerprint(*parts: str) -> str:
    """Stable across runs, seeds and machines: a digest of what the finding *is*, never of live values."""
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class NotJudged:
    """A case without a verdict, and why. `reason` is a fixed word, `detail` names places and statuses."""

    reason: str  # control-drifted | unresolved-binding | probe-failed | fault-in-control | low-fidelity | ...
    detail: str
    endpoint: str
    mutator: str
    case_id: str = ""
