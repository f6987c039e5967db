"""A real recorder as a process tree in a folder of its own: started, looked at, killed, ended.

Rule: the tree ends with us. It watches its standard input, and that is a pipe which we hold.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from replay.model.errors import RecordError

KEY_VARIABLE = "REPLAY_CANARY_KEY"
_READY = re.compile(r"recording (?:http://)?\S+:\d+")
_START_SECONDS = 40.0
_END_SECONDS = 40.0
_LOOK_SECONDS = 0.02
_WRITING = "open,openat,creat,memfd_create,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat"
_MODULES = {b"replay.record.writer": "writer", b"replay.record.worker": "worker"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where everything that a tree writes should land."""

    folder: Path

    @property
    def capture(self) -> Path:
        return self.folder / "out" / "capture.db"

    @property
    def stdout(self) -> Path:
        return self.folder / "stdout.txt"

    @property
    def stderr(self) -> Path:
        return self.folder / "stderr.txt"

    def make(self) -> None:
        for name in ("out", "tmp", "home", "cwd"):
            (self.folder / name).mkdir(parents=True, mode=0o700)


class Tree:
    """`replay record` in front of an upstream. `trace`: a file for strace to write to; None: without it."""

    def __init__(
        self,
        place: Place,
        upstream: str,
        key: bytes,
        words: Sequence[str] = (),
        trace: Path | None = None,
        file_kb: int = 0,
    ) -> None:
        """`file_kb`: no file may grow beyond it, as on a full disk."""
        self.place = place
        self.port = _free_port()
        command = [sys.executable, "-m", "replay", "record", "--exit-with-stdin", "--upstream", upstream]
        command += ["--listen", f"127.0.0.1:{self.port}", "--capture", str(place.capture)]
        command += ["--key", f"env:{KEY_VARIABLE}", *words]
        limits = "ulimit -c unlimited 2>/dev/null;"  # a crash leaves a core file if the recorder does not forbid it
        if file_kb:
            limits += f" ulimit -f {file_kb * 2};"  # blocks of 512 bytes in a POSIX shell
        command = ["/bin/sh", "-c", f'{limits} exec "$@"', "sh", *command]
        strace = shutil.which("strace") if trace else None
        if strace:
            command = [strace, "-f", "-qq", "-s", "400", "-e", f"trace={_WRITING}", "-o", str(trace), *command]
        with place.stdout.open("wb") as out, place.stderr.open("wb") as err:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                cwd=place.folder / "cwd",
                env=_environment(place, key),
                start_new_session=True,
            )
        self._is_traced = bool(strace)

    def wait_until_ready(self) -> None:
        """Raises RecordError when it ends before, or does not start."""
        if not self.wait_for(lambda: bool(_READY.search(self.said())) or self._process.poll() is not None):
            raise RecordError(f"the canary's recorder did not start within {_START_SECONDS:.0f} s")
        if self._process.poll() is not None:
            lines = self.said().strip().splitlines() or ["it said nothing"]
            raise RecordError(f"the canary's recorder did not start: {lines[-1].removeprefix('replay: ')}")

    def said(self) -> str:
        return self.place.stderr.read_text(errors="replace") + self.place.stdout.read_text(errors="replace")

    @property
    def supervisor(self) -> int:
        """The recorder's own process; strace's only child when it is traced. 0 when it is gone."""
        if self._process.poll() is not None:
            return 0
        if not self._is_traced:
            return self._process.pid
        return next(iter(children(self._process.pid)), 0)

    def pids(self, role: str) -> list[int]:
        """Of `writer` or `worker`; empty where the system does not tell."""
        return [pid for pid in children(self.supervisor) if _role(pid) == role] if self.supervisor else []

    def all_pids(self) -> list[int]:
        found, queue = [], [self.supervisor]
        while queue:
            pid = queue.pop()
            if pid:
                found.append(pid)
                queue += children(pid)
        return found

    def signal(self, number: int, *pids: int) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def end(self) -> None:
        """SIGTERM, and wait for all of it; what does not end in time is killed."""
        left = self.all_pids()
        self.signal(signal.SIGTERM, *filter(None, [self.supervisor]))
        self.wait_for_end(left)

    def wait_for_end(self, pids: Sequence[int]) -> bool:
        """True when all of these ended by themselves."""
        well = self.wait_for(lambda: self._process.poll() is not None, _END_SECONDS)
        well = self.wait_for(lambda: not any(map(_is_running, pids)), _END_SECONDS) and well
        self.kill(pids)
        return well

    def kill(self, pids: Sequence[int] = ()) -> None:
        """For good, and in any state."""
        self.signal(signal.SIGKILL, *(pid for pid in (*pids, *self.all_pids()) if _is_running(pid)))
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def wait_for(self, is_so: Callable[[], bool], seconds: float = _START_SECONDS) -> bool:
        deadline = time.monotonic() + seconds
        while not is_so():
            if time.monotonic() > deadline:
                return False
            time.sleep(_LOOK_SECONDS)
        return True


def children(pid: int) -> list[int]:
    """Of all threads of a process; empty where there is no /proc."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def can_trace() -> bool:
    """True when strace is installed and may trace."""
    strace = shutil.which("strace")
    if not strace:
        return False
    command = [strace, "-f", "-qq", "-o", os.devnull, sys.executable, "-c", ""]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603 - as above


def _role(pid: int) -> str:
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return next((role for module, role in _MODULES.items() if module in words), "")
    return ""


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    return False


def _environment(place: Place, key: bytes) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if name.startswith(("PATH", "LANG", "LC_", "PYTHON"))
    }
    home = str(place.folder / "home")
    own = {"HOME": home, "TMPDIR": str(place.folder / "tmp"), "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home}
    return {**inherited, **own, "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", KEY_VARIABLE: key.hex()}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
