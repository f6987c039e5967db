"""Half an hour at a steady rate: memory, file descriptors and latency must not drift. `python .../recorder_soak.py`.

Every `--every` seconds one line: what the processes hold, and the latencies of that stretch. At the end the slope of
memory after warm-up (least squares, MB in 10 minutes), first and last third of p99, and the recorder's own account.
See `recorder_speed.py` for what it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import tempfile
from pathlib import Path

from fixed_rate import Latencies, load
from recorder_speed import COMMON, Proxy, nginx


def descriptors(proxy: Proxy) -> int:
    """Open files of all processes of the recorder."""
    total = 0
    for pid in proxy.family():
        with contextlib.suppress(OSError):
            total += len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return total


def slope(minutes: list[float], values: list[float]) -> float:
    """Change in 10 minutes, by least squares."""
    if len(minutes) < 2:
        return 0.0
    return 10 * statistics.linear_regression(minutes, values).slope


async def soak(
    proxy: Proxy, rate: float, seconds: float, every: float
) -> list[tuple[float, float, float, int, Latencies]]:
    """One entry a stretch: minutes, proxies' MB, writer's MB, descriptors, latencies."""
    entries = []
    for number in range(max(1, int(seconds / every))):
        found = await load(proxy.port, rate, every, 16, COMMON, f"/1k/api/courses/{number}")
        proxies, writer = proxy.rss_mb()
        entries.append(((number + 1) * every / 60, proxies, writer, descriptors(proxy), found))
        print(
            f"{entries[-1][0]:6.1f} min  proxies {proxies:6.1f} MB  writer {writer:6.1f} MB  {entries[-1][3]:4} files"
            f"  p50 {found.percentile_ms(0.5):6.2f}  p99 {found.percentile_ms(0.99):7.2f} ms  {found.errors} errors",
            flush=True,
        )
    return entries


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=400.0)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds")
    parser.add_argument("--warm-up", type=float, default=5.0, help="minutes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replay-soak-") as name, nginx(Path(name), 1) as upstream:
        proxy = Proxy("record", upstream, Path(name), "0,1")
        try:
            entries = asyncio.run(soak(proxy, options.rate, options.minutes * 60, options.every))
        finally:
            account = proxy.stop()
        size_mb = sum(path.stat().st_size for path in Path(name).glob("*.db*")) / 1e6
    warm = [entry for entry in entries if entry[0] > options.warm_up] or entries
    minutes = [entry[0] for entry in warm]
    third = max(1, len(warm) // 3)
    early, late = (
        statistics.median(one[4].percentile_ms(0.99) for one in part) for part in (warm[:third], warm[-third:])
    )
    sent = sum(len(entry[4].seconds) for entry in entries)
    print(
        f"\nafter warm-up, in 10 minutes: proxies {slope(minutes, [one[1] for one in warm]):+.2f} MB,"
        f" writer {slope(minutes, [one[2] for one in warm]):+.2f} MB,"
        f" files {slope(minutes, [float(one[3]) for one in warm]):+.2f}"
        f"\np99: first third {early:.2f} ms, last third {late:.2f} ms; errors {sum(one[4].errors for one in entries)}"
        f"\nsent {sent}; captured{account}; {size_mb:.1f} MB of capture"
    )


if __name__ == "__main__":
    main()
