"""How much the recorder costs, as ratios to plain mitmdump: `python tests/benchmarks/recorder_speed.py [--json FILE]`.

    wrk -> proxy -> nginx        wrk and nginx on one core, the proxy with all its processes on the other

Each round runs every variant once, in turn, so that a slow minute of the machine hits all alike; figures are medians.
CPU per request comes from /proc (the proxy's processes and, apart from them, the writer); rates at saturation from wrk.
Needs Linux, and Debian's packages wrk and nginx-light. Load goes to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
BEARER = "Bearer " + "Zk3v9Qx7" * 22
COMMON = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Shop/4.1",
    "Accept": "application/json",
    "Accept-Language": "en-GB,en;q=0.9",
    "Accept-Encoding": "gzip, br",
    "Referer": "https://shop.example/courses?page=2",
    "X-Request-Id": "b7c1f2d0-55ce-4a39-8d0f-2f3f6c1f9a11",
    "Cookie": "theme=dark; sid=s3cr3tsessionid0123456789abcdef",
    "Authorization": BEARER,
}
VARIANTS = ("direct", "mitmdump", "mitmdump -w", "hardump", "addon", "record", "record x2")
SHAPES = ("get-1k", "get-20k", "post-1k")


@dataclass
class Figures:
    """Of one variant and shape, one entry a round. CPU in milliseconds a request, latency in milliseconds."""

    rate: list[float] = field(default_factory=list)
    proxy_cpu: list[float] = field(default_factory=list)
    writer_cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    errors: int = 0
    rss_mb: list[float] = field(default_factory=list)
    writer_rss_mb: list[float] = field(default_factory=list)
    account: str = ""


def document(size_bytes: int) -> bytes:
    """A JSON answer of about this size, as an API gives: ids, names, times, nested lists."""
    item = {
        "id": 4711, "title": "Introduction to Databases", "seats": 30, "price": {"amount": 4900, "currency": "EUR"},
        "starts_at": "2026-03-01T09:00:00Z", "teacher": {"id": 17, "name": "Ada Lovelace", "email": "ada@shop.example"},
        "tags": ["sql", "beginner"], "is_open": True,
    }  # fmt: skip
    items = []
    while len(json.dumps(items)) < size_bytes - 40:
        items.append({**item, "id": 4711 + len(items)})
    return json.dumps({"items": items, "next": None}).encode()


@contextlib.contextmanager
def nginx(folder: Path, core: int) -> Iterator[int]:
    """The upstream: static JSON whatever the path says, by size."""
    port = free_port()
    for name, size in (("1k", 1024), ("20k", 20480)):
        (folder / f"{name}.json").write_bytes(document(size))
    (folder / "nginx.conf").write_text(
        f"user root; daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log crit;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/body;\n"
        f" proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;\n"
        f" uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f" server {{ listen 127.0.0.1:{port}; root {folder}; default_type application/json;\n"
        "  add_header X-Request-Cost 3; add_header Cache-Control no-store; add_header Vary Accept;\n"
        "  location /20k/ { rewrite ^ /20k.json break; }\n"
        "  location /big/ { }\n"  # files that a benchmark puts into this folder
        "  location / { error_page 405 =200 /1k.json; rewrite ^ /1k.json break; }\n"
        " }}\n"
    )
    server = subprocess.Popen(
        ["taskset", "-c", str(core), "nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(10)


def lua(folder: Path, shape: str) -> Path:
    """What wrk sends: changing ids in the path, one bearer; the shape decides method and size."""
    kind, size = shape.split("-")
    headers = ", ".join(f'["{name}"] = "{value}"' for name, value in COMMON.items())
    body = (
        json.dumps({"note": "x" * 880, "course_id": 17, "email": "ada@shop.example", "seats": 2})
        if kind == "post"
        else ""
    )
    text = (
        f"local n = math.random(1, 1000000)\nlocal headers = {{{headers}}}\n"
        + ('headers["Content-Type"] = "application/json"\n' if body else "")
        + f"request = function()\n n = n + 1\n"
        f' return wrk.format("{kind.upper()}", "/{size}/api/courses/" .. n, headers, [[{body}]])\nend\n'
    )
    path = folder / f"{shape}.lua"
    path.write_text(text)
    return path


def command(variant: str, upstream: int, port: int, folder: Path) -> list[str]:
    """The proxy of a variant, as a user would start it."""
    python, mode = sys.executable, ["--mode", f"reverse:http://127.0.0.1:{upstream}", "--listen-host", "127.0.0.1"]
    plain = [python, "-c", MITMDUMP, "-q", *mode, "-p", str(port), "--set", f"confdir={folder}/confdir"]
    capture = folder / f"{variant.replace(' ', '-')}-{port}.db"
    if variant == "mitmdump -w":
        return [*plain, "-w", str(folder / f"flows-{port}")]
    if variant == "hardump":
        return [*plain, "--set", f"hardump={folder}/har-{port}.har"]
    if variant == "addon":
        from replay.record.addon import addon_path

        return [*plain, "-s", str(addon_path()), "--set", f"replay_capture={capture}"]
    if variant.startswith("record"):
        listen = ["--listen", f"127.0.0.1:{port}", "--upstream", f"http://127.0.0.1:{upstream}"]
        workers = ["--workers", "2"] if variant.endswith("x2") else []
        return [python, "-m", "replay", "record", *listen, "--capture", str(capture), *workers]
    return plain


class Proxy:
    """One running variant on its core."""

    def __init__(self, variant: str, upstream: int, folder: Path, cores: str) -> None:
        self.port = free_port()
        self.output = folder / f"out-{self.port}.txt"
        words = command(variant, upstream, self.port, folder)
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(["taskset", "-c", cores, *words], stdout=output, stderr=subprocess.STDOUT)
        wait_for(self.port)
        if variant in {"addon", "record", "record x2"}:
            deadline = time.monotonic() + 20
            while "recording" not in self.output.read_text() and variant != "addon" and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(1.0)  # -q says nothing: the script of plain mitmdump opens its capture in this time

    def family(self) -> list[int]:
        out = [self.process.pid]
        for pid in out:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                with contextlib.suppress(OSError):
                    out += [int(child) for child in task.read_text().split()]
        return out

    def cpu(self) -> tuple[float, float]:
        """Seconds of CPU so far: proxies, writer."""
        totals = [0.0, 0.0]
        for pid in self.family():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                totals[is_writer(pid)] += (int(fields[11]) + int(fields[12])) / TICKS
        return totals[0], totals[1]

    def rss_mb(self) -> tuple[float, float]:
        totals = [0.0, 0.0]
        for pid in self.family():
            with contextlib.suppress(OSError, AttributeError):
                text = Path(f"/proc/{pid}/status").read_text()
                totals[is_writer(pid)] += int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024
        return totals[0], totals[1]

    def stop(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
        lines = [line for line in self.output.read_text(errors="replace").splitlines() if "captured" in line]
        return lines[-1].partition("captured")[2] if lines else ""


def is_writer(pid: int) -> bool:
    return b"replay.record.writer" in Path(f"/proc/{pid}/cmdline").read_bytes()


def load(port: int, script: Path, core: int, seconds: float, connections: int) -> tuple[int, float, float, float, int]:
    """Requests answered, rate, p50, p99 (milliseconds), errors."""
    wrk = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency"]
    text = subprocess.run(
        [*wrk, "-s", str(script), f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
    ).stdout
    requests, duration = re.search(r"(\d+) requests in ([\d.]+)s", text).groups()
    errors = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", text)))
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors += int(bad[1]) if bad else 0
    return int(requests), int(requests) / float(duration), _latency(text, "50%"), _latency(text, "99%"), errors


def _latency(text: str, name: str) -> float:
    value, unit = re.search(rf"\s{name}\s+([\d.]+)(us|ms|s)", text).groups()
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def measure(
    variants: tuple[str, ...], shapes: tuple[str, ...], seconds: float, rounds: int, connections: int
) -> dict[str, dict[str, Figures]]:
    found = {variant: {shape: Figures() for shape in shapes} for variant in variants}
    with tempfile.TemporaryDirectory(prefix="replay-bench-") as name, nginx(Path(name), 1) as upstream:
        folder = Path(name)
        for shape in shapes:
            script = lua(folder, shape)
            for _ in range(rounds):
                for variant in variants:
                    one_round(variant, upstream, folder, script, seconds, connections, found[variant][shape])
    return found


def one_round(
    variant: str, upstream: int, folder: Path, script: Path, seconds: float, connections: int, into: Figures
) -> None:
    if variant == "direct":
        _, rate, p50, p99, errors = load(upstream, script, 1, seconds, connections)
        note(into, rate, p50, p99)
        into.errors += errors
        return
    proxy = Proxy(variant, upstream, folder, "0,1" if variant.endswith("x2") else "0")
    try:
        load(proxy.port, script, 1, 1, connections)  # warm: connections, caches
        before = proxy.cpu()
        requests, rate, p50, p99, errors = load(proxy.port, script, 1, seconds, connections)
        after, rss = proxy.cpu(), proxy.rss_mb()
        note(into, rate, p50, p99)
        into.proxy_cpu.append(1000 * (after[0] - before[0]) / requests)
        into.writer_cpu.append(1000 * (after[1] - before[1]) / requests)
        into.rss_mb.append(rss[0])
        into.writer_rss_mb.append(rss[1])
        into.errors += errors
    finally:
        into.account = proxy.stop()
        for left in folder.glob(f"*{proxy.port}*"):
            if left.is_file():
                left.unlink()


def note(into: Figures, rate: float, p50: float, p99: float) -> None:
    into.rate.append(rate)
    into.p50.append(p50)
    into.p99.append(p99)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.5):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def show(found: dict[str, dict[str, Figures]], shapes: tuple[str, ...]) -> None:
    def middle(values: list[float]) -> float:
        return statistics.median(values) if values else 0.0

    heads = ("req/s", "x rate", "proxy", "x cpu", "writer", "x both", "p50 ms", "p99 ms", "RSS MB", "writer")
    for shape in shapes:
        bare = found.get("mitmdump", {}).get(shape, Figures())
        base_rate, base_cpu = middle(bare.rate) or 1.0, middle(bare.proxy_cpu) or 1.0
        print(f"\n{shape}: {len(bare.rate)} rounds; CPU in ms a request, ratios to plain mitmdump")
        print(f"{'variant':<13}{''.join(f'{head:>8}' for head in heads)}  errors; account")
        for variant, by_shape in found.items():
            one = by_shape[shape]
            rate, proxy, writer = middle(one.rate), middle(one.proxy_cpu), middle(one.writer_cpu)
            figures = (f"{rate:.0f}", f"{rate / base_rate:.2f}", f"{proxy:.3f}", f"{proxy / base_cpu:.2f}")
            figures += (f"{writer:.3f}", f"{(proxy + writer) / base_cpu:.2f}")
            rest = (one.p50, one.p99, one.rss_mb, one.writer_rss_mb)
            figures += tuple(f"{middle(values):.{digits}f}" for values, digits in zip(rest, (2, 2, 0, 0), strict=True))
            print(f"{variant:<13}{''.join(f'{figure:>8}' for figure in figures)}  {one.errors}; {one.account}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    missing = [name for name in ("wrk", "nginx", "taskset") if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"needs {', '.join(missing)}: apt-get install wrk nginx-light util-linux")
    variants, shapes = tuple(options.variants.split(",")), tuple(options.shapes.split(","))
    found = measure(variants, shapes, options.seconds, options.rounds, options.connections)
    show(found, shapes)
    if options.json:
        plain = {v: {s: vars(one) for s, one in by.items()} for v, by in found.items()}
        options.json.write_text(json.dumps(plain, indent=1))


if __name__ == "__main__":
    main()
