"""The ways to the upstream: none, plain mitmdump, mitmdump with the addon, `replay record`. One process each.

Rule: the recorder's ways get no setting that mends anything: what is transparent is so by default.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from integration.record.transparency.certificates import Certificates
from ports import free_port
from replay.record.addon import addon_path
from replay.store.capture_reader import CaptureReader

PLAIN, MITMDUMP, RECORD = "plain", "mitmdump", "record"
RECORDING = (MITMDUMP, RECORD)
_MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
_RECORD = "from replay.cli.record import record_command; record_command()"
_START_SECONDS = 40.0
_STOP_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Account:
    """What a capture holds when its proxy has ended: captured + the losses is what went by."""

    captured: int
    losses: dict[str, int]

    @property
    def total(self) -> int:
        return self.captured + sum(self.losses.values())


@dataclass
class RunningProxy:
    """`ports` by mode: where clients connect."""

    way: str
    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    capture: Path
    output: Path
    exchanges: int = 0  # that were sent through it

    @classmethod
    def start(
        cls,
        way: str,
        modes: dict[str, str],
        folder: Path,
        certificates: Certificates | None = None,
        scripts: tuple[Path, ...] = (),
    ) -> RunningProxy:
        """`modes`: name -> mitmproxy's mode without the port, as "reverse:http://127.0.0.1:9"."""
        folder.mkdir(parents=True)
        ports = {name: free_port() for name in modes}
        specs = [f"{spec}@127.0.0.1:{ports[name]}" for name, spec in modes.items()]
        capture, output = folder / "c.db", folder / "output.txt"
        command = _record(specs, capture) if way == RECORD else _mitmdump(way, specs, capture, folder, scripts)
        with output.open("wb") as stream:
            process = subprocess.Popen(
                [*command, *_trust(way, certificates)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        proxy = cls(way, process, ports, capture, output)
        try:
            proxy.wait_until_open()
        except BaseException:
            proxy.kill()
            raise
        return proxy

    def wait_until_open(self) -> None:
        for port in self.ports.values():
            self._wait_for(port)

    def _wait_for(self, port: int) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.way == PLAIN or "recording" in self.text():  # said once the capture is open
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    return
            time.sleep(0.05)
        raise AssertionError(f"the proxy did not start: {self.text()}")

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def writer_pids(self) -> list[int]:
        return [pid for pid in _descendants(self.process.pid) if b"replay.record.writer" in _command_line(pid)]

    @property
    def writer_pid(self) -> int:
        (pid,) = self.writer_pids
        return pid

    def stop(self) -> Account:
        """End it as an orchestrator does, and read its capture."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(_STOP_SECONDS)
        assert status == 0, self.text()
        with CaptureReader.open(self.capture) as reader:
            captured = sum(len(session.exchanges) for session in reader.sessions())
            losses = {f"{loss.kind} {loss.reason}": loss.count for loss in reader.losses() if loss.kind != "body"}
        return Account(captured, losses)

    def kill(self) -> None:
        if self.process.poll() is None:
            for pid in self.writer_pids:  # a test that failed may have left one stopped
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def _mitmdump(way: str, specs: list[str], capture: Path, folder: Path, scripts: tuple[Path, ...]) -> list[str]:
    """Plain mitmdump gets `keep_host_header`: everything else would differ in one and the same way."""
    settings = [f"confdir={folder / 'confdir'}"]
    if way == PLAIN:
        settings += ["keep_host_header=true", "flow_detail=0"]
    else:
        settings += [f"replay_capture={capture}"]
        scripts = (addon_path(), *scripts)
    words = [word for setting in settings for word in ("--set", setting)]
    words += [word for spec in specs for word in ("--mode", spec)]
    return [sys.executable, "-c", _MITMDUMP, *[word for path in scripts for word in ("-s", str(path))], *words]


def _record(specs: list[str], capture: Path) -> list[str]:
    words = [word for spec in specs for word in ("--mode", spec)]
    return [sys.executable, "-c", _RECORD, *words, "--capture", str(capture)]


def _trust(way: str, certificates: Certificates | None) -> list[str]:
    if certificates is None:
        return []
    own = "--cert" if way == RECORD else "--certs"
    return [own, f"*={certificates.chain}", "--set", f"ssl_verify_upstream_trusted_ca={certificates.authority}"]


def _descendants(pid: int) -> Iterator[int]:
    """A child belongs to the thread that started it."""
    with contextlib.suppress(FileNotFoundError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, task.read_text().split()):
                yield child
                yield from _descendants(child)


def _command_line(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
