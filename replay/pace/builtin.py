"""How the command line names plans: speeds, rates, ramps, think times, and what is done about lateness."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from replay.model.errors import UsageError
from replay.pace.budget import share_of
from replay.pace.closed import Closed
from replay.pace.constant import Constant
from replay.pace.contract import Pacer
from replay.pace.immediate import Immediate
from replay.pace.plan import SKIP_FROM_SECONDS, CatchUp, Plan
from replay.pace.ramp import Ramp
from replay.pace.recorded import Recorded

_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_FACTOR = re.compile(rf"{_NUMBER}x?")
_RATE = re.compile(rf"{_NUMBER}/(s|min)")
_RAMP = re.compile(rf"{_NUMBER}\.\.{_NUMBER}/(s|min),steps=(\d{{1,4}}),hold=(\S+)")
_SPAN = re.compile(rf"{_NUMBER}(ms|s|min|h)?")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_MOST_PER_SECOND = 1_000_000.0


@dataclass(frozen=True, slots=True)
class PaceWords:
    """The words of the options, as given; None: not given. `workers` play side by side, each its share of the plan."""

    speed: str | None = None
    rate: str | None = None
    ramp: str | None = None
    sessions: int | None = None
    think: str | None = None
    catch_up: str | None = None
    workers: int = 1
    worker: int = field(default=0, repr=False)  # the number of this one: parts of one run have equal words


def plan_for(words: PaceWords) -> Plan:
    """The plan that the options ask for. Raises UsageError, also for options that contradict each other."""
    named = [name for name, word in (("--rate", words.rate), ("--ramp", words.ramp)) if word is not None]
    is_closed = words.sessions is not None or words.think is not None
    if len(named) == 2:
        raise UsageError("--rate and --ramp are two plans: give one of them.")
    if named and words.speed is not None:
        raise UsageError(f"{named[0]} and --speed are two plans: give one of them.")
    if named and is_closed:
        raise UsageError(f"{named[0]} is an open loop, --sessions and --think a closed one: give one of them.")
    if words.speed == "max" and words.think == "recorded":
        raise UsageError("--speed max pauses nowhere, --think recorded as it was recorded: give one of them.")
    plan = Plan(_pacer(words), *_catch_up(words.catch_up))
    if words.catch_up is not None and (is_closed or isinstance(plan.pacer, Immediate)):
        raise UsageError("--catch-up needs a plan to be late for: give --speed with a factor, --rate or --ramp.")
    return replace(plan, closed=_closed(words, plan.pacer)) if is_closed else plan


def pacer_for(speed: str) -> Pacer:
    """`max` -> Immediate; `1x`, `2.5x`, `2.5` -> Recorded. Raises UsageError for anything else."""
    if speed == "max":
        return Immediate()
    match = _FACTOR.fullmatch(speed)
    if not match or float(match[1]) <= 0:
        raise UsageError("--speed takes `max` or a factor above 0 such as `1x` or `2.5x`.")
    return Recorded(float(match[1]))


def seconds_of(text: str, option: str) -> float:
    """`30s`, `500ms`, `2min`, `1h`, `1.5`: seconds. Raises UsageError."""
    match = _SPAN.fullmatch(text)
    if not match:
        raise UsageError(f"{option} takes a time such as `30s`, `500ms` or `2min`.")
    return float(match[1]) * _UNIT_SECONDS[match[2] or "s"]


def _pacer(words: PaceWords) -> Pacer:
    if words.rate is not None:
        match = _RATE.fullmatch(words.rate)
        if not match:
            raise UsageError("--rate takes requests per time such as `200/s` or `90/min`.")
        return Constant(_per_second(match[1], match[2], "--rate") / words.workers)
    if words.ramp is not None:
        ramp = _ramp(words.ramp)
        return replace(ramp, first=ramp.first / words.workers, last=ramp.last / words.workers)
    return pacer_for(words.speed or "max")


def _ramp(text: str) -> Ramp:
    match = _RAMP.fullmatch(text)
    if not match:
        raise UsageError("--ramp takes a rise such as `10..200/s,steps=5,hold=30s`.")
    first, last = (_per_second(match[n], match[3], "--ramp") for n in (1, 2))
    hold = seconds_of(match[5], "--ramp hold")
    if int(match[4]) < 2 or hold <= 0:
        raise UsageError("--ramp takes at least two steps and a hold above 0, such as `10..200/s,steps=5,hold=30s`.")
    return Ramp(first, last, int(match[4]), hold)


def _per_second(number: str, unit: str, option: str) -> float:
    rate = float(number) / _UNIT_SECONDS[unit]
    if not 0 < rate <= _MOST_PER_SECOND:
        raise UsageError(f"{option} takes rates above 0 and up to {_MOST_PER_SECOND:.0f}/s.")
    return rate


def _closed(words: PaceWords, pacer: Pacer) -> Closed:
    sessions = None if words.sessions is None else share_of(words.sessions, words.worker, words.workers, "--sessions")
    if words.speed == "max" and words.think is None:
        return Closed(sessions, 0.0)
    if words.think in {None, "recorded"}:
        return Closed(sessions, None, pacer.speed if isinstance(pacer, Recorded) else 1.0)
    if words.speed is not None:
        raise UsageError("--speed changes recorded think times only: leave it out, or give --think recorded.")
    if words.think == "none":
        return Closed(sessions, 0.0)
    return Closed(sessions, seconds_of(str(words.think), "--think (`recorded`, `none` or a time)"))


def _catch_up(word: str | None) -> tuple[CatchUp, float]:
    name, _, limit = (word or CatchUp.BURST).partition("=")
    if name not in set(CatchUp) or (limit and name != CatchUp.SKIP):
        raise UsageError("--catch-up takes `burst`, `stretch`, `skip`, or `skip=` and a time such as `skip=2s`.")
    return CatchUp(name), seconds_of(limit, "--catch-up skip") if limit else SKIP_FROM_SECONDS
