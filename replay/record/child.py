"""A child process of ours: a module of this package, told things on its stdin, saying JSON lines on its stdout.

Rule: a child gets what an interpreter needs of the environment and nothing else, a session of its own (a Ctrl-C in the
terminal is for the parent), and ends when its stdin does. Nothing here raises once it is started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from replay.model.errors import RecordError
from replay.record.waiting import is_readable, is_writable

# What an interpreter needs to start. All else (the redaction key, a cloud's credentials) is not a child's business.
_INHERITED = (
    "PATH",
    "HOME",
    "TMP",
    "TZ",
    "LANG",
    "LC_",
    "PYTHON",
    "VIRTUAL_ENV",
    "LD_",
    "DYLD_",
    "COVERAGE",
    "SSL_",
)
_READ_BYTES = 65536
_LOOK_SECONDS = 0.1  # how soon a writing that has lasted long enough ends


def _never() -> bool:
    return False


class ChildProcess:
    """One running `python -m MODULE`."""

    def __init__(self, module: str, arguments: Sequence[str], *, flags: Sequence[str] = (), fds: Sequence[int] = ()):
        """`fds` are inherited under their numbers. Raises RecordError when no process can be started."""
        command = [sys.executable, *flags, "-P", "-m", module, *arguments]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                pass_fds=tuple(fds),
                env={name: value for name, value in os.environ.items() if name.startswith(_INHERITED)},
            )
        except OSError as error:
            raise RecordError(f"a process of the recorder cannot be started: {type(error).__name__}") from None
        if self._process.stdin:
            os.set_blocking(self._process.stdin.fileno(), False)  # our end only
        self._said = b""
        self.has_fallen_silent = False  # it closed its stdout, as every process does at its end

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def output(self) -> int:
        """The descriptor to wait on for lines."""
        return self._process.stdout.fileno() if self._process.stdout else -1

    def write(self, data: bytes, is_enough: Callable[[], bool] = _never) -> bool:
        """Waits while the pipe is full. False when the child is gone or it `is_enough`; then a rest is not written."""
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return False
        view = memoryview(data)
        try:
            while view and not is_enough():
                if is_writable(pipe.fileno(), _LOOK_SECONDS):
                    view = view[os.write(pipe.fileno(), view) :]
        except (OSError, ValueError):
            return False
        return not view

    def close_input(self) -> None:
        """Tell it to end."""
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def lines(self, seconds: float = 0.0) -> list[dict[str, Any]]:
        """What it has said since the last time: waits up to `seconds` for the first line."""
        deadline = time.monotonic() + seconds
        while not self.has_fallen_silent:
            left = 0.0 if b"\n" in self._said else max(0.0, deadline - time.monotonic())
            if not is_readable(self.output, left):
                break
            piece = os.read(self.output, _READ_BYTES)
            self._said += piece
            self.has_fallen_silent = not piece
        *whole, self._said = self._said.split(b"\n")
        return [json.loads(line) for line in whole if line]

    def wait(self, seconds: float) -> bool:
        """True when it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, seconds))
        return not self.is_alive

    def send_kill(self) -> None:
        """End it; its pipes say so soon."""
        with suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Let go of both pipes."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        self.has_fallen_silent = True

    def kill(self) -> None:
        """Give up on it: it did not start, or it does not answer."""
        self._process.kill()
        self._process.wait()
        self.close()
