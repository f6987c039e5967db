"""Load shapes: what is played beside the judged replay so that the target meets a hard hour. Pure, and bounded.

    --amplify 10           ten times the sessions, nine of them copies with fresh values
    --weight t-4f1=5       one tenant five times as heavy as it was: a whale among small ones
    --shape burst=50       fifty worlds send one write in the same instant
    --shape hot=50         one entity is read fifty times side by side
    --shape pages=50       a list is read fifty pages further than the recording went

Rule: nothing of this is judged, and nothing writes that the recording did not write: it is measured. The judged replay
runs through it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from replay.model.endpoint import endpoint_of
from replay.model.errors import UsageError
from replay.play.copies import apart, copies_of, of_tenant, until
from replay.play.cue import Cue

MOST_COPIES = 1000
MOST_REQUESTS = 200_000  # of one replay, originals included: about a kilobyte of memory each
_PAGE = re.compile(r"(?i)page|page_?(number|no|index)|p|offset|skip|start")
_SKIPS = re.compile(r"(?i)offset|skip|start")
_SIZE = re.compile(r"(?i)limit|size|count|per_?page|page_?size|take")
_PAGE_SIZE = 20  # where a request skips items and does not say how many it reads
_DIGITS = re.compile(r"\d{1,12}")


@dataclass(frozen=True, slots=True)
class Shapes:
    """`amplify` counts the original; `weights`: (tenant, times); the others: how many requests, 0 for none.

    `is_part`: of a capture that is played in parts, where a part may well hold nothing that a shape asks for.
    """

    amplify: int = 1
    together: bool = False
    weights: tuple[tuple[str, int], ...] = ()
    burst: int = 0
    hot: int = 0
    pages: int = 0
    is_part: bool = False

    @property
    def is_plain(self) -> bool:
        return self == Shapes(together=self.together, is_part=self.is_part)

    def share(self, workers: int) -> Shapes:
        """One worker's: copies come with its own sessions, single requests are divided."""
        burst, hot, pages = (math.ceil(count / workers) for count in (self.burst, self.hot, self.pages))
        return replace(self, burst=burst, hot=hot, pages=pages, is_part=True)


class _NothingToDoError(UsageError):
    """The capture holds nothing that the shape could be made of."""


def shaped(cues: Sequence[Cue], shapes: Shapes) -> list[Cue]:
    """What is played beside `cues`, in worlds 1, 2, ... Raises UsageError when a shape finds nothing to do."""
    worlds: list[Sequence[Cue]] = list(copies_of(cues, shapes.amplify - 1, together=shapes.together))
    for tenant, times in shapes.weights:
        own = of_tenant(cues, tenant)
        if not own and not shapes.is_part:
            raise UsageError("--weight names a tenant that the capture does not hold: `replay inspect` lists them.")
        worlds.extend(copies_of(own, times - 1, together=shapes.together))
    worlds = [world for world in worlds if world]
    worlds.extend(_made(_hot, cues, shapes.hot, shapes))
    worlds.extend(_made(_pages, cues, shapes.pages, shapes))
    bursting = _made(_burst, cues, shapes.burst, shapes)
    total = len(cues) + sum(map(len, worlds)) + sum(map(len, bursting))
    copies = len(worlds) + len(bursting)
    if total > MOST_REQUESTS or copies > MOST_COPIES:
        raise UsageError(
            f"--amplify, --weight and --shape ask for {total} requests a replay in {copies} copies."
            f" At most {MOST_REQUESTS} and {MOST_COPIES} are played: ask for less."
        )
    first = max((cue.number for cue in cues), default=-1) + 1
    beside = apart([*worlds, *bursting], first)
    return _at_once(beside, len(worlds)) if bursting else beside


def _made(
    make: Callable[[Sequence[Cue], int], list[tuple[Cue, ...]]], cues: Sequence[Cue], count: int, shapes: Shapes
) -> list[tuple[Cue, ...]]:
    try:
        return make(cues, count) if count else []
    except _NothingToDoError:
        if not shapes.is_part:
            raise
        return []


def _burst(cues: Sequence[Cue], count: int) -> list[tuple[Cue, ...]]:
    """The busiest write of somebody who is logged in (a write that needs earlier answers, where there is one)."""
    writes = [cue for cue in cues if not cue.step.request.is_safe]
    site = _busiest([cue for cue in writes if cue.needs] or writes, "burst", "a write")
    return [until(cues, site)] * count


def _at_once(beside: list[Cue], before_burst: int) -> list[Cue]:
    """The last cue of every bursting world becomes one unit, sent when all of them are ready."""
    last: dict[int, Cue] = {}
    for cue in beside:
        if cue.world > before_burst:
            last[cue.world] = cue
    barrier = frozenset(number for cue in last.values() for number in cue.after)
    sites = {cue.number for cue in last.values()}
    return [replace(cue, unit=1, after=barrier) if cue.number in sites else cue for cue in beside]


def _hot(cues: Sequence[Cue], count: int) -> list[tuple[Cue, ...]]:
    """Reads of the entity that most requests refer to."""
    asked = Counter(number for cue in cues for number in cue.needs)
    for login in _logins(cues):
        del asked[login]
    reads = [cue for cue in cues if cue.step.request.is_safe]
    if not reads:
        raise _NothingToDoError("--shape hot finds no read in the capture: leave it out.")
    site = max(reads, key=lambda cue: (max((asked[number] for number in cue.needs), default=0), -cue.number))
    return [_repeated(cues, site, count, lambda target, _: target, in_turn=False)]


def _logins(cues: Sequence[Cue]) -> list[int]:
    """Writes that need nothing and that all the rest of their session needs: what they give is no entity."""
    rest: dict[str, set[int]] = {}  # per session, from its end: what every later request needs
    out = []
    for cue in reversed(cues):
        common = rest.get(cue.session_id)
        if common and not cue.needs and cue.number in common and not cue.step.request.is_safe:
            out.append(cue.number)
        rest[cue.session_id] = set(cue.needs) if common is None else common & (cue.needs | {cue.number})
    return out


def _pages(cues: Sequence[Cue], count: int) -> list[tuple[Cue, ...]]:
    """Reads of one list, further and further, one after another."""
    lists = [cue for cue in cues if cue.step.request.is_safe and _page_of(cue.step.request.target)]
    site = _busiest(lists, "pages", "a list that is read by a page or offset number")
    return [_repeated(cues, site, count, _further, in_turn=True)]


def _busiest(cues: Sequence[Cue], shape: str, wanted: str) -> Cue:
    """The first cue of the endpoint (by path, ids aside) that is asked most often."""
    if not cues:
        raise _NothingToDoError(f"--shape {shape} finds no request in the capture that is {wanted}: leave it out.")
    busy = Counter(_endpoint(cue) for cue in cues)
    return max(cues, key=lambda cue: (busy[_endpoint(cue)], -cue.number))


def _endpoint(cue: Cue) -> str:
    return endpoint_of(cue.step.request.method, cue.step.request.target)


def _repeated(
    cues: Sequence[Cue], site: Cue, count: int, target: Callable[[str, int], str], *, in_turn: bool
) -> tuple[Cue, ...]:
    """What `site` needs, `site`, and so many further copies of it: side by side, or one after another."""
    out = list(until(cues, site))
    number, free = site.number, max(cue.number for cue in cues) + 1
    for copy in range(1, count + 1):
        request = replace(site.step.request, target=target(site.step.request.target, copy))
        step = replace(site.step, request=request, copy=copy)
        out.append(replace(site, number=free, step=step, after=site.after | {number}))
        number, free = (free if in_turn else site.number), free + 1
    return tuple(out)


def _page_of(target: str) -> tuple[str, str] | None:
    """The parameter that says which page is read, and what it says."""
    for name, text in parse_qsl(target.partition("?")[2], keep_blank_values=True):
        if _PAGE.fullmatch(name) and _DIGITS.fullmatch(text):
            return name, text
    return None


def _further(target: str, pages: int) -> str:
    """The same list, so many pages on; everything else of the target stays byte for byte."""
    found = _page_of(target)
    if found is None:
        return target
    name, text = found
    step = 1
    if _SKIPS.fullmatch(name):
        sizes = (size for key, size in parse_qsl(target.partition("?")[2]) if _SIZE.fullmatch(key))
        step = next((int(size) for size in sizes if _DIGITS.fullmatch(size)), _PAGE_SIZE)
    head, _, query = target.partition("?")
    asked = f"{name}={text}"
    parts = [f"{name}={int(text) + pages * step}" if part == asked else part for part in query.split("&")]
    return f"{head}?{'&'.join(parts)}"
