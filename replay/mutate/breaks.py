"""Where a client's connection can break, by the names that settings and variants use."""

from __future__ import annotations

from replay.model.errors import ConfigError
from replay.model.hint import Cut, CutPoint

# `share`: of a clean request's time. In the head and in the body it is the pause before the end, so that the server
# has begun to read. 10, 50 and 90 %: before, in the middle of and just after most of the work (measured in
# shared/oracles.md: 13 of 13 requests that were given up had committed fully).
BREAKS = {
    "headers": Cut(CutPoint.HEADERS, 0.5),
    "mid-body": Cut(CutPoint.MID_BODY, 0.5),
    "waiting-10": Cut(CutPoint.WAITING, 0.1),
    "waiting-50": Cut(CutPoint.WAITING, 0.5),
    "waiting-90": Cut(CutPoint.WAITING, 0.9),
    "answered": Cut(CutPoint.ANSWERED),
}
BODY_BREAKS = frozenset({"headers", "mid-body"})  # they need a body


def chosen_breaks(mutator: str, names: tuple[str, ...]) -> tuple[Cut, ...]:
    """Raises ConfigError for a name that is none."""
    for name in names:
        if name not in BREAKS:
            raise ConfigError(f"[mutators.{mutator}] at takes some of {', '.join(BREAKS)}.")
    if not names:
        raise ConfigError(f"[mutators.{mutator}] at must name one or more of {', '.join(BREAKS)}.")
    return tuple(BREAKS[name] for name in names)
