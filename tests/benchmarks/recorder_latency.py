"""What the recorder adds to a request at fixed rates: `python tests/benchmarks/recorder_latency.py`.

Direct, plain mitmdump and the recorder in turn, in one run; medians over the rounds. Added: beside direct. See
`recorder_speed.py` for what it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from pathlib import Path

from fixed_rate import Latencies, load
from recorder_speed import COMMON, Proxy, nginx

VARIANTS = ("direct", "mitmdump", "record")


def one(variant: str, upstream: int, folder: Path, rate: float, seconds: float) -> tuple[Latencies, str]:
    """One variant at one rate; the account is the recorder's own last line."""
    if variant == "direct":
        return asyncio.run(load(upstream, rate, seconds, 16, COMMON, "/1k/api/courses")), ""
    proxy = Proxy(variant, upstream, folder, "0")
    try:
        asyncio.run(load(proxy.port, rate, 1.0, 16, COMMON, "/1k/api/courses"))
        return asyncio.run(load(proxy.port, rate, seconds, 16, COMMON, "/1k/api/courses")), ""
    finally:
        proxy.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rates", default="200,500")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replay-bench-") as name, nginx(Path(name), 1) as upstream:
        for rate in map(float, options.rates.split(",")):
            found: dict[str, list[Latencies]] = {variant: [] for variant in VARIANTS}
            for _ in range(options.rounds):
                for variant in VARIANTS:
                    found[variant].append(one(variant, upstream, Path(name), rate, options.seconds)[0])
            show(rate, found)


def show(rate: float, found: dict[str, list[Latencies]]) -> None:
    print(
        f"\n{rate:.0f} requests/s; milliseconds from when a request was due, medians of {len(found['direct'])} rounds"
    )
    print(f"{'variant':<10}{'p50':>8}{'p99':>8}{'added p50':>11}{'added p99':>11}{'errors':>8}{'own lag p99':>13}")
    base = {share: statistics.median(one.percentile_ms(share) for one in found["direct"]) for share in (0.5, 0.99)}
    for variant, rounds in found.items():
        p50, p99 = (statistics.median(one.percentile_ms(share) for one in rounds) for share in (0.5, 0.99))
        lag = statistics.median(1000 * sorted(one.late)[int(0.99 * len(one.late))] for one in rounds)
        errors = sum(one.errors for one in rounds)
        added = f"{p50 - base[0.5]:>11.2f}{p99 - base[0.99]:>11.2f}"
        print(f"{variant:<10}{p50:>8.2f}{p99:>8.2f}{added}{errors:>8}{lag:>13.2f}")


if __name__ == "__main__":
    main()
