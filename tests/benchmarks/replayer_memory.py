"""Memory of `replay run` over captures that grow: the peak must not grow with them.

    python tests/benchmarks/replayer_memory.py 20000 100000

For each size: peak RSS of the run's own process, CPU per exchange (each is sent twice), size of the run file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.large_capture import write
from benchmarks.light_target import light_target


def measure(folder: Path, exchanges: int, *words: str, name: str = "run") -> dict[str, float]:
    """One run in a process of its own; its workers' CPU counts. Raises when its totals are not exact."""
    capture, out = write(folder / f"{name}-{exchanges}-capture.db", exchanges), folder / f"{name}-{exchanges}.db"
    with light_target() as url:
        command = [sys.executable, "-m", "replay", "run", str(capture), "--target", url, "--out", str(out)]
        begun = time.monotonic()
        process = subprocess.Popen(
            [*command, "--json", "--quiet", "--fail-on", "never", *words], stdout=subprocess.PIPE
        )
        assert process.stdout
        report = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - begun
    summary = report["summary"]
    assert (summary["exchanges"], summary["fidelity"], summary["findings"]) == (exchanges, 1.0, 0), report["not_judged"]
    assert summary["requests_sent"] == 2 * exchanges
    return {
        "exchanges": exchanges,
        "rss_mb": used.ru_maxrss / 1024,
        "cpu_us": (used.ru_utime + used.ru_stime) / exchanges * 1e6,
        "seconds": seconds,
        "file_bytes": out.stat().st_size / exchanges,
    }


def main(words: list[str]) -> int:
    sizes = [int(word) for word in words] or [20_000]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            one = measure(Path(folder), size)
            found.append(one)
            cost, seconds, size_bytes = one["cpu_us"], one["seconds"], one["file_bytes"]
            print(
                f"{size:>9} exchanges: peak {one['rss_mb']:.0f} MB, {cost:.0f} us CPU per exchange (played twice),"
                f" {seconds:.0f} s, {size_bytes:.0f} bytes of run file per exchange",
                flush=True,
            )
    if len(found) > 1:
        print(f"peak of the largest / of the smallest: {found[-1]['rss_mb'] / found[0]['rss_mb']:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
