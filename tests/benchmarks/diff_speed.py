"""What comparing costs, beside plain DeepDiff and a plain walk over the same pairs: `diff_speed.py [PAIRS]`.

The mix: answers of about 4 KB, 70 % equal, 25 % with noise alone, 5 % really different. Then one leaf in documents of
100 KB and 1 MB, and lists of objects that every replay shuffles anew, each object with noise of its own. Figures are
microseconds of CPU; the ratios are what can be compared between machines.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from deepdiff import DeepDiff

from replay.compose.collector import seldom_collected
from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.noise import learn
from replay.diff.walk import Lens, walk
from replay.model.codec import dump_json, parse_json
from replay.model.difference import Difference, Noise
from replay.model.evidence import Trace
from unit.diff.traced import answers

PAIRS = 4_000
SMALL = 200
SIDE = 40  # pairs that plain DeepDiff gets: it takes milliseconds for each
WALKED = 400  # pairs that the plain walk gets
_NOISY = "body.at"


@dataclass(frozen=True, slots=True)
class Mix:
    recorded: list[Any]
    first: list[Any]
    second: list[Any]
    different: int


def order(rng: Random, stamp: int, lines: int = 20) -> dict[str, Any]:
    """About 4 KB."""
    made = [
        {"sku": f"sku-{rng.randrange(10**6)}", "title": "Lorem ipsum dolor sit amet " * 2, "qty": rng.randrange(9),
         "price": {"amount": rng.randrange(10**5) / 100, "currency": "EUR", "tax": 0.19}, "tags": ["a", "b", "c"]}
        for _ in range(lines)
    ]  # fmt: skip
    return {"id": rng.randrange(10**6), "at": f"2026-11-20T10:{stamp // 60:02}:{stamp % 60:02}Z", "lines": made}


def mix(pairs: int) -> Mix:
    """Recorded, clean and clean once more."""
    rng = Random(7)
    made = Mix([], [], [], pairs // 20)
    for i in range(pairs):
        one = order(rng, 0)
        two, three = dict(one), dict(one)
        if i % 20 >= 14:  # 30 %: the time moved
            two["at"], three["at"] = "2026-11-20T11:00:01Z", "2026-11-20T11:00:05Z"
        if i % 20 == 19:  # 5 %: and the sixth amount is wrong
            lines = [{**line, "qty": -1} if n == 5 else line for n, line in enumerate(one["lines"])]
            two["lines"] = three["lines"] = lines
        made.recorded.append(one)
        made.first.append(two)
        made.second.append(three)
    return made


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    begun = process_time()
    found = function()
    return found, process_time() - begun


def compared(made: Mix) -> tuple[tuple[Difference, ...], float]:
    """What the layers find, and microseconds for each comparison. What noise is was learned before, once."""
    recorded, first, second = traced(made)
    noise = learn(first, second, nothing_redacted)
    recorded, first, _ = traced(made)  # no body is known from learning
    found, seconds = timed(lambda: compare(recorded, [first], noise, nothing_redacted))
    return found, seconds / len(made.recorded) * 1e6


def traced(made: Mix) -> tuple[Trace, Trace, Trace]:
    return answers(*made.recorded), answers(*made.first, world=1), answers(*made.second, world=2)


def bodies(made: Mix, count: int) -> list[tuple[bytes, bytes]]:
    step = len(made.recorded) // count // 20 * 20 + 1  # one after the other of every sort
    chosen = [(i * step) % len(made.recorded) for i in range(count)]
    return [(dump_json(made.recorded[i]), dump_json(made.first[i])) for i in chosen]


def plain(made: Mix, count: int) -> tuple[int, float]:
    """How many pairs plain DeepDiff flags, and microseconds for each."""
    pairs = bodies(made, count)
    flagged, seconds = timed(lambda: sum(bool(DeepDiff(parse_json(one), parse_json(two))) for one, two in pairs))
    return flagged, seconds / count * 1e6


def walked(made: Mix) -> float:
    """Every leaf of what is not equal byte by byte, the noisy place left out: microseconds for each pair."""
    pairs = bodies(made, min(WALKED, len(made.recorded)))
    everywhere = Lens()

    def walk_all() -> int:
        differing = 0
        for one, two in pairs:
            if one != two:
                found = walk(parse_json(one), parse_json(two), "body", everywhere)
                differing += any(pair.place != _NOISY for pair in found)
        return differing

    return timed(walk_all)[1] / len(pairs) * 1e6


def large(size: int) -> tuple[tuple[Difference, ...], float]:
    """One leaf of a document of about `size` bytes, and microseconds: parsing is most of it."""
    rng = Random(3)
    one = order(rng, 0, size // 170)
    two = {**one, "lines": [*one["lines"][:-1], {**one["lines"][-1], "qty": -1}]}
    recorded, live = answers(one), answers(two, world=1)
    found, seconds = timed(lambda: compare(recorded, [live], Noise(), nothing_redacted))
    return found, seconds * 1e6


def shuffled(count: int) -> tuple[tuple[Difference, ...], float]:
    """A list of `count` objects in another order in each of three answers, every object with noise: all stages."""
    rng = Random(5)
    orders = order(rng, 0, count)["lines"]

    def answer(world: int) -> dict[str, Any]:
        lines = [{**line, "trace": f"{rng.getrandbits(64):016x}", "ms": rng.random()} for line in orders]
        rng.shuffle(lines)
        return {"lines": lines, "world": world * 0}

    recorded, first, second = answers(answer(0)), answers(answer(1), world=1), answers(answer(2), world=2)

    def whole() -> tuple[Difference, ...]:
        noise = learn(first, second, nothing_redacted)
        return compare(recorded, [first, second], noise, nothing_redacted)

    found, seconds = timed(whole)
    return found, seconds * 1e6


def main(words: list[str]) -> int:
    made = mix(int(words[0]) if words else PAIRS)
    for _ in range(3):
        flagged, deepdiff = plain(made, SIDE)
        reference = walked(made)
        found, layered = compared(made)
        print(
            f"{len(made.recorded)} pairs of {len(bodies(made, 1)[0][0])} bytes: layered {layered:.1f} us a comparison "
            f"({1e6 / layered:.0f} a second), every leaf walked {reference:.1f} us, plain DeepDiff {deepdiff:.0f} us: "
            f"1 to {deepdiff / layered:.0f}; found {len(found)} of {made.different}, DeepDiff flags {flagged} of {SIDE}"
        )
    for size in (10_000, 100_000, 1_000_000):
        print(f"{size:>9} bytes, one leaf: {large(size)[1] / size * 1000:.1f} us per KB")
    for count in (50, 500, 5_000):
        found, micros = shuffled(count)
        print(f"{count:>9} shuffled objects, all noisy: {micros / count:.1f} us an object, {len(found)} differences")
    return 0


if __name__ == "__main__":
    with seldom_collected():  # as a run has it
        sys.exit(main(sys.argv[1:]))
