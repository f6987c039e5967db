"""The writer process as the proxy sees it: started, written to, ended.

Rule: the key travels in the first frame only, never in arguments or the environment. Nothing here raises once started.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.model.errors import RecordError
from replay.record.frames import FrameKind, encode

READY_SECONDS = 5.0
# What an interpreter needs to start. All else (the redaction key, a cloud's credentials) is not the writer's business.
_INHERITED = ("PATH", "HOME", "TMP", "TZ", "LANG", "LC_", "PYTHON", "VIRTUAL_ENV", "LD_", "DYLD_", "COVERAGE")
NOT_STORED = "not-stored"  # the file could not take them: disk full, I/O error


@dataclass(frozen=True, slots=True)
class Standing:
    """What the capture file counts, as the writer said last."""

    captured: int
    refused: int
    dropped: tuple[tuple[str, int], ...] = ()

    @property
    def settled(self) -> int:
        """Exchanges that reached the writer and whose fate is in the file."""
        return self.captured + self.refused + dict(self.dropped).get(NOT_STORED, 0)


class WriterProcess:
    """One running `python -m replay.record.writer`."""

    def __init__(self, capture: Path, hello: dict[str, Any], *, append: bool) -> None:
        """Returns when the capture is open. Raises RecordError with the writer's sentence when it cannot be."""
        command = [sys.executable, "-P", "-m", "replay.record.writer", "--capture", str(capture)]
        if append:
            command.append("--append")
        try:
            # A session of its own: Ctrl-C in the terminal is for the proxy; the writer ends when the pipe does.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
                env={name: value for name, value in os.environ.items() if name.startswith(_INHERITED)},
            )
        except OSError as error:
            raise RecordError(f"the writer process cannot be started: {type(error).__name__}") from None
        self.write(encode(FrameKind.HELLO, hello))
        answer = self._line(READY_SECONDS)
        if answer is None or "error" in answer:
            self.kill()
            raise RecordError(answer["error"] if answer else "the writer process did not get ready in 5 s, or ended")
        self.standing = _standing(answer)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def write(self, data: bytes) -> bool:
        """Waits while the pipe is full. False when the writer is gone; a torn frame is never taken by it."""
        pipe = self._process.stdin
        if pipe is None:
            return False
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(pipe.fileno(), view) :]
        except (OSError, ValueError):
            return False
        return True

    def finish(self, seconds: float) -> Standing | None:
        """Close the pipe and wait for the writer's last word; None when there was none in time."""
        deadline = time.monotonic() + seconds
        if self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()
        answer = self._line(seconds)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        if self._process.stdout:
            self._process.stdout.close()
        return _standing(answer) if answer else None

    def kill(self) -> None:
        """Give up on it: it did not start, or it does not answer."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    def _line(self, seconds: float) -> dict[str, Any] | None:
        """One line of JSON from the writer, or None when it ended or is late."""
        pipe = self._process.stdout
        if pipe is None:
            return None
        deadline = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            piece = os.read(pipe.fileno(), 65536) if readable else b""
            if not piece:
                return None
            line += piece
        answer: dict[str, Any] = json.loads(line)
        return answer


def _standing(answer: dict[str, Any]) -> Standing:
    return Standing(answer["captured"], answer["refused"], tuple(sorted(answer["dropped"].items())))
