"""What a run is allowed and told to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Defaults suit a QA instance on the same machine or network."""

    seed: int = 0
    concurrency: int = 16  # requests in flight at most
    timeout_seconds: float = 30.0  # per request
    quiet_seconds: float = 0.2  # no new commit for so long: the database has come to rest
    settle_seconds: float = 10.0  # and so long is waited for that at most
    limit_cases: int | None = None
    budget_seconds: float | None = None  # no new case after that
    fidelity_floor: float = 0.6  # below it nothing is judged
    confirm: int = 2  # times a finding's scenario is played again, in fresh worlds, until it shows again
    request_keep_bytes: int = 65_536  # of a sent body in the run file
    response_keep_bytes: int = 1_048_576
    group_exchanges: int = 4_000  # a larger capture is played in groups of sessions; cases are made from so many
    group_bytes: int = 24 << 20  # likewise, of recorded bodies; replays hold up to four times as much beside it
