"""What redaction of large bodies adds to other clients' waiting: `python tests/benchmarks/redact_lag.py`.

Small requests at a fixed rate through the proxy, first alone (quiet), then while 25 bodies of 100 KB a second pass as
well (busy), of which a fifth of the records were never seen. Plain mitmdump shows what passing them on costs by itself;
the recorder redacts them besides, in another process. Rounds in turn, medians; `busy/quiet` is the ratio of p99.
CPU is that of the proxy and of the writer in the busy stretch. See `recorder_speed.py` for what it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fixed_rate import Latencies, load
from recorder_speed import COMMON, Proxy, nginx

from unit.redact.bank_traffic import Bank

VARIANTS = ("mitmdump", "record")
BIG_BYTES = 100_000
BIG_RATE = 25.0  # a second
FILES = 120  # different bodies, about five seconds' worth


def put_bodies(folder: Path, count: int) -> None:
    """What the upstream serves as /big/0, /big/1 ...: `FILES` different bodies in turn."""
    bank = Bank("lag")
    (folder / "big").mkdir()
    for number in range(count):
        place = folder / "big" / str(number)
        if number < FILES:
            place.write_bytes(bank.body(BIG_BYTES).data)
        else:
            place.hardlink_to(folder / "big" / str(number % FILES))


async def stretch(port: int, rate: float, seconds: float, is_busy: bool) -> tuple[Latencies, Latencies]:
    """Latencies of small answers, and of large ones at the same time."""
    small = load(port, rate, seconds, 8, COMMON, "/1k/api/courses")
    if not is_busy:
        return await small, Latencies()
    found = await asyncio.gather(small, load(port, BIG_RATE, seconds, 8, COMMON, "/big"))
    return found[0], found[1]


@dataclass
class Round:
    """One variant, once. CPU in seconds a second."""

    quiet: Latencies
    busy: Latencies
    large: Latencies
    proxy_cpu: float
    writer_cpu: float
    account: str = ""


def one(variant: str, upstream: int, folder: Path, options: argparse.Namespace) -> Round:
    proxy = Proxy(variant, upstream, folder, options.cores)
    try:
        asyncio.run(stretch(proxy.port, options.rate, 1.0, True))
        quiet, _ = asyncio.run(stretch(proxy.port, options.rate, options.seconds, False))
        before = proxy.cpu()
        busy, large = asyncio.run(stretch(proxy.port, options.rate, options.seconds, True))
        used = [(after - one) / options.seconds for after, one in zip(proxy.cpu(), before, strict=True)]
        found = Round(quiet, busy, large, *used)
    finally:
        account = proxy.stop()
    found.account = account
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=100.0, help="small requests a second")
    parser.add_argument("--cores", default="0,1", help="of the proxy with its writer; the load runs on core 1")
    options = parser.parse_args()
    found: dict[str, list[Round]] = {variant: [] for variant in VARIANTS}
    with tempfile.TemporaryDirectory(prefix="replay-bench-") as name, nginx(Path(name), 1) as upstream:
        put_bodies(Path(name), int(BIG_RATE * max(options.seconds, 1.0)) + 1)
        for _ in range(options.rounds):
            for variant in VARIANTS:
                found[variant].append(one(variant, upstream, Path(name), options))
    show(found, options.rate)


def show(found: dict[str, list[Round]], rate: float) -> None:
    def middle(values: Iterable[float]) -> float:
        return statistics.median(values)

    rounds = len(found["record"])
    print(f"{rate:.0f} small requests/s, with {BIG_RATE:.0f} x {BIG_BYTES // 1000} KB/s when busy; {rounds} rounds; ms")
    heads = ("quiet p50", "quiet p99", "busy p50", "busy p99", "busy/quiet", "large p50", "proxy CPU", "writer CPU")
    print(f"{'variant':<10}{''.join(f'{head:>11}' for head in heads)}  errors; account")
    for variant, ones in found.items():
        p99 = [(one.quiet.percentile_ms(0.99), one.busy.percentile_ms(0.99)) for one in ones]
        figures = (
            middle(one.quiet.percentile_ms(0.5) for one in ones),
            middle(quiet for quiet, _ in p99),
            middle(one.busy.percentile_ms(0.5) for one in ones),
            middle(busy for _, busy in p99),
            middle(busy / quiet for quiet, busy in p99),
            middle(one.large.percentile_ms(0.5) for one in ones),
            middle(one.proxy_cpu for one in ones),
            middle(one.writer_cpu for one in ones),
        )
        errors = sum(one.quiet.errors + one.busy.errors + one.large.errors for one in ones)
        print(f"{variant:<10}{''.join(f'{figure:>11.2f}' for figure in figures)}  {errors}; {ones[-1].account}")


if __name__ == "__main__":
    main()
