"""The layered comparison beside plain DeepDiff, in one run on the same pairs: totals are asserted, ratios printed."""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import Any

from deepdiff import DeepDiff

from replay.diff.alignment import nothing_redacted
from replay.diff.compare import compare
from replay.diff.noise import learn
from replay.model.codec import dump_json, parse_json
from unit.diff.traced import answers

PAIRS = 400  # 70 % equal, 25 % noise only, 5 % really different
SIDE = 40  # pairs that plain DeepDiff gets: it takes milliseconds for each


def order(rng: Random, stamp: int) -> dict[str, Any]:
    """About 4 KB."""
    lines = [
        {"sku": f"sku-{rng.randrange(10**6)}", "title": "Lorem ipsum dolor sit amet " * 2, "qty": rng.randrange(9),
         "price": {"amount": rng.randrange(10**5) / 100, "currency": "EUR", "tax": 0.19}, "tags": ["a", "b", "c"]}
        for _ in range(20)
    ]  # fmt: skip
    return {"id": rng.randrange(10**6), "at": f"2026-11-20T10:{stamp // 60:02}:{stamp % 60:02}Z", "lines": lines}


def mix() -> tuple[list[Any], list[Any], list[Any], int]:
    """Recorded, clean and clean once more, and how many really differ."""
    rng = Random(7)
    recorded, first, second, different = [], [], [], 0
    for i in range(PAIRS):
        one = order(rng, 0)
        two = dict(one)
        three = dict(one)
        if i % 20 >= 14:  # 30 %: the time moved
            two["at"], three["at"] = "2026-11-20T11:00:01Z", "2026-11-20T11:00:05Z"
        if i % 20 == 19:  # 5 %: and the fifth price is wrong
            lines = [{**line, "qty": -1} if n == 5 else line for n, line in enumerate(one["lines"])]
            two["lines"] = three["lines"] = lines
            different += 1
        recorded.append(one)
        first.append(two)
        second.append(three)
    return recorded, first, second, different


def test_ratio_to_plain_deepdiff() -> None:
    """Every real difference and nothing else is found; DeepDiff flags the noise as well."""
    recorded, first, second, different = mix()
    traces = answers(*recorded), answers(*first, world=1), answers(*second, world=2)
    noise = learn(traces[1], traces[2], nothing_redacted)
    started = perf_counter()
    found = compare(traces[0], traces[1:2], noise, nothing_redacted)
    ours = (perf_counter() - started) / PAIRS
    bodies = [(dump_json(one), dump_json(two)) for one, two in zip(recorded[-SIDE:], first[-SIDE:], strict=True)]
    started = perf_counter()
    flagged = sum(bool(DeepDiff(parse_json(one), parse_json(two))) for one, two in bodies)
    plain = (perf_counter() - started) / SIDE
    print(
        f"\n{len(bodies[0][0])} bytes; layered {ours * 1e6:.1f} us, plain DeepDiff {plain * 1e6:.0f} us a comparison: "
        f"1 to {plain / ours:.0f}; DeepDiff flags {flagged} of {SIDE}, really different {SIDE // 20}"
    )
    assert {(d.place, d.kind.value) for d in found} == {("body.lines[*].qty", "value")}
    assert len(found) == different == PAIRS // 20
    assert flagged == SIDE * 6 // 20
