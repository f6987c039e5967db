"""CPU per recorded exchange, proxy and writer, with nothing dropped: `python tests/benchmarks/recorder_cost.py`.

At a fixed rate that both keep up with, beside plain mitmdump at the same rate; the writer's share counts until it has
written all of it. `same` bodies are one document again and again (as in `recorder_speed.py`); `bank` bodies are
different documents, of which a fifth of the records were never seen. Rounds in turn, medians of CPU in ms a request.
See `recorder_speed.py` for what it needs.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fixed_rate import load
from recorder_speed import COMMON, Proxy, nginx

from unit.redact.bank_traffic import Bank

VARIANTS = ("mitmdump", "record")
SHAPES = {
    "same 1 KB": "/1k/api/courses",
    "same 20 KB": "/20k/api/courses",
    "bank 1 KB": "/big/1024",
    "bank 20 KB": "/big/20480",
}
FILES = 100  # different documents of each size


def put_bodies(folder: Path, count: int) -> None:
    """The documents below /big/, by size and number."""
    for size in (1024, 20480):
        bank = Bank(f"cost {size}")
        place = folder / "big" / str(size)
        place.mkdir(parents=True)
        for number in range(count):
            if number < FILES:
                (place / str(number)).write_bytes(bank.body(size).data)
            else:
                (place / str(number)).hardlink_to(place / str(number % FILES))


def settled_cpu(proxy: Proxy) -> tuple[float, float]:
    """Seconds of CPU of proxy and writer, once both are at rest; an idle writer takes some 10 ms a second."""
    before = proxy.cpu()
    for _ in range(60):
        time.sleep(0.5)
        after = proxy.cpu()
        if sum(after) - sum(before) <= 0.03:
            return after
        before = after
    return before


def one(variant: str, shape: str, upstream: int, folder: Path, options: argparse.Namespace) -> tuple[float, float, str]:
    """CPU in milliseconds a request of proxy and writer; the account, or how many requests failed."""
    proxy = Proxy(variant, upstream, folder, "0")
    try:
        asyncio.run(load(proxy.port, options.rate, 1.5, 8, COMMON, SHAPES[shape]))
        before = settled_cpu(proxy)
        found = asyncio.run(load(proxy.port, options.rate, options.seconds, 8, COMMON, SHAPES[shape]))
        after = settled_cpu(proxy)
    finally:
        account = proxy.stop()
    count = max(1, len(found.seconds))
    used = [1000 * (late - early) / count for late, early in zip(after, before, strict=True)]
    return used[0], used[1], f"{found.errors} errors;{account}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=120.0)
    parser.add_argument("--shapes", default=",".join(SHAPES))
    options = parser.parse_args()
    print(f"{options.rate:.0f} requests/s, {options.rounds} rounds; CPU in ms a request, ratio to plain mitmdump")
    print(f"{'shape':<12}{'mitmdump':>10}{'proxy':>8}{'writer':>8}{'together':>10}{'ratio':>7}  account")
    with tempfile.TemporaryDirectory(prefix="replay-bench-") as name, nginx(Path(name), 1) as upstream:
        put_bodies(Path(name), int(options.rate * max(options.seconds, 1.5)) + 1)
        for shape in options.shapes.split(","):
            found = {variant: [] for variant in VARIANTS}
            for _ in range(options.rounds):
                for variant in VARIANTS:
                    found[variant].append(one(variant, shape, upstream, Path(name), options))
            plain = statistics.median(cpu for cpu, _, _ in found["mitmdump"])
            proxy, writer = (statistics.median(each[i] for each in found["record"]) for i in (0, 1))
            ratio = (proxy + writer) / plain
            print(f"{shape:<12}{plain:>10.2f}{proxy:>8.2f}{writer:>8.2f}{proxy + writer:>10.2f}{ratio:>7.2f}", end="")
            print(f"  {found['record'][-1][2]}", flush=True)


if __name__ == "__main__":
    main()
