"""One build against another: replays of the known-good build take the recording's place, and are compared as live ones.

Rule: a difference counts only when every replay of the target shows it against every replay of the known-good build.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from replay.diff.alignment import first_attempts, nothing_redacted
from replay.diff.compare import compare
from replay.model.difference import Difference, DifferenceKind, Noise
from replay.model.evidence import Attempt, Trace

LATENCY = "latency"
_CROWD = 5  # answers of an endpoint in each replay, before its latency is one
_TIMES, _SECONDS = 2.0, 0.1  # slower by less than either may be the machine
_MOST = 200  # answers of an endpoint whose latencies are compared pair by pair
_HEADWAY = 0.9  # share of pairs in which the target is the slower one


def against(baseline: Sequence[Trace], clean: Sequence[Trace], noise: Noise) -> tuple[Difference, ...]:
    """What all of `clean` answer otherwise than all of `baseline`, in the order of the first one."""
    found = [
        {
            (one.exchange_id, one.place, one.kind): one
            for one in compare(
                right, [_renamed_from(right, one) for one in clean], noise, nothing_redacted, is_live=True
            )
        }
        for right in baseline
    ]
    first, *others = found or [{}]
    return tuple(one for key, one in first.items() if all(key in other for other in others))


def slower(baseline: Sequence[Trace], clean: Sequence[Trace]) -> Iterator[Difference]:
    """Endpoints that take far longer, in every replay against every one of the known-good build."""
    before, after = [_latencies(one) for one in baseline], [_latencies(one) for one in clean]
    for endpoint in before[0] if before else ():
        crowds = [one.get(endpoint, ()) for one in before], [one.get(endpoint, ()) for one in after]
        if not all(_is_slower(was, now) for was in crowds[0] for now in crowds[1]):
            continue
        was, now = (median(seconds for one in crowd for _, seconds in one) for crowd in crowds)
        remark = f"{now / was:.1f} times as long"
        yield Difference(crowds[1][0][0][0], endpoint, LATENCY, DifferenceKind.SLOWER, _told(was), _told(now), remark)


def _is_slower(was: Sequence[tuple[str, float]], now: Sequence[tuple[str, float]]) -> bool:
    if min(len(was), len(now)) < _CROWD:
        return False
    one, two = sorted(seconds for _, seconds in was), sorted(seconds for _, seconds in now)
    if median(two) < max(_TIMES * median(one), median(one) + _SECONDS):
        return False
    ahead = sum(fast < slow for fast in one for slow in two)
    return ahead >= _HEADWAY * len(one) * len(two)


def _latencies(trace: Trace) -> dict[str, tuple[tuple[str, float], ...]]:
    """Seconds from sending to the end of the answer, by endpoint. What failed has no latency."""
    out: dict[str, tuple[tuple[str, float], ...]] = {}
    for one in first_attempts(trace).values():
        if one.response is not None and one.ended > one.sent and len(out.get(one.endpoint, ())) < _MOST:
            out[one.endpoint] = (*out.get(one.endpoint, ()), (one.exchange_id, _seconds(one)))
    return out


def _seconds(attempt: Attempt) -> float:
    return attempt.ended - attempt.sent


def _told(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms"


def _renamed_from(right: Trace, trace: Trace) -> Trace:
    """What a value of one replay is called in the other: both know the recording's names."""
    names = dict(right.renamed)
    return replace(trace, renamed=tuple((names[was], now) for was, now in trace.renamed if was in names))
