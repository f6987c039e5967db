"""The audit log beside a capture: who did what with it and when, one line of JSON each, chained by digests.

    capture.db, capture.manifest.json  ->  capture.audit.jsonl
    {"number", "at", "event", "who": {"uid", "name"}, "facts": {...}, "previous": BLAKE2b-256 of the line before, hex}

A changed, removed or inserted line breaks the chain behind it; lines cut off at the end show only against a signature,
which states the chain's last digest (see `store.signature`).

Rule: facts are counts, ids, digests and file names, never a value of the traffic. Writing never raises and never waits
for more than 0.2 s: a recording goes on without its log, and the caller is told.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import pwd
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.store.manifest import SUFFIX

AUDIT_SUFFIX = ".audit.jsonl"
_NONE = "0" * 64  # what the first line follows
_TRIES, _PAUSE_SECONDS = 20, 0.01  # somebody else's append takes microseconds
_MOST_LINE_BYTES = 8 << 10
_MOST_TEXT = 200  # characters of one fact
_MOST_BYTES = 64 << 20  # of a log that is checked

Fact = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ChainState:
    """How far the chain reaches: lines, and the digest of the last one; 0 and zeros without a log."""

    lines: int = 0
    digest: str = _NONE


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One entry, as it was read back. `at`: seconds, UTC."""

    number: int
    at: float
    event: str
    user: str
    facts: dict[str, Any]


def audit_path(capture: Path) -> Path:
    """Of a capture or of the manifest of a rotated one: they have one log."""
    stem = capture.name.removesuffix(SUFFIX) if capture.name.endswith(SUFFIX) else capture.stem
    return capture.with_name(stem + AUDIT_SUFFIX)


def append(capture: Path, event: str, /, *, at: float, **facts: Fact) -> bool:
    """Add a line to the capture's log; `at` in seconds, UTC. False when that was not possible. Never raises.

    `event` is a word: start, stop, export, merge, split, prune, erase, sign ...
    """
    try:
        return _append(audit_path(capture), event, at, facts)
    except (OSError, ValueError, TypeError):
        return False


def chain_state(capture: Path) -> ChainState:
    """Where the chain stands now, unchecked: see `broken_lines`. Raises OSError."""
    lines = _lines(audit_path(capture))
    return ChainState(len(lines), _digest(lines[-1])) if lines else ChainState()


def chain_state_at(capture: Path, lines: int) -> ChainState:
    """Where the chain stood after so many lines. Raises OSError."""
    found = _lines(audit_path(capture))[:lines]
    return ChainState(len(found), _digest(found[-1])) if found else ChainState()


def broken_lines(capture: Path) -> Iterator[str]:
    """What is wrong with each line that does not follow from the one before it; nothing without a log."""
    try:
        lines = _lines(audit_path(capture))
    except OSError as error:
        yield f"it cannot be read: {os.strerror(error.errno or 0)}"
        return
    previous = _NONE
    for number, line in enumerate(lines, 1):
        found = _parsed(line)
        if found is None:
            yield f"line {number} is no line of an audit log"
        elif found["previous"] != previous or found["number"] != number:
            yield f"line {number} does not follow the line before it: something was changed or taken out there"
        previous = _digest(line)


def read_audit(capture: Path) -> Iterator[AuditLine]:
    """What the log says, lines that are none left out. Raises OSError."""
    for line in _lines(audit_path(capture)):
        found = _parsed(line)
        if found is not None:
            yield AuditLine(found["number"], found["at"], found["event"], found["who"]["name"], found["facts"])


def _append(path: Path, event: str, at: float, facts: dict[str, Fact]) -> bool:
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0) | os.O_NONBLOCK
    handle = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode) or not _is_locked(handle):
            return False
        found = _read(handle)  # a few lines for each start of a recorder
        lines = _split(found)
        entry = {
            "number": len(lines) + 1,
            "at": round(float(at), 3),
            "event": event[:_MOST_TEXT],
            "who": {"uid": os.getuid(), "name": _user()},
            "facts": {name: fact[:_MOST_TEXT] if isinstance(fact, str) else fact for name, fact in facts.items()},
            "previous": _digest(lines[-1]) if lines else _NONE,
        }
        text = json.dumps(entry, allow_nan=False).encode()
        if len(text) > _MOST_LINE_BYTES:
            return False
        is_torn = bool(found) and not found.endswith(b"\n")  # killed in mid write: that line stays, and is reported
        data = (b"\n" if is_torn else b"") + text + b"\n"
        if os.write(handle, data) != len(data):
            return False
        os.fsync(handle)
    finally:
        os.close(handle)  # gives the lock up, too
    return True


def _is_locked(handle: int) -> bool:
    for _ in range(_TRIES):
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _lines(path: Path) -> list[bytes]:
    """Raises OSError; a log that is not there has none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return []
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return _split(_read(handle))
    finally:
        os.close(handle)


def _read(handle: int) -> bytes:
    """All of it. Raises OSError for what is too long for a log."""
    if os.fstat(handle).st_size > _MOST_BYTES:
        raise OSError(errno.EFBIG, "too long")
    blocks = []
    while block := os.read(handle, 1 << 20):
        blocks.append(block)
    return b"".join(blocks)


def _split(data: bytes) -> list[bytes]:
    lines = data.split(b"\n")
    return lines if lines[-1] else lines[:-1]


def _digest(line: bytes) -> str:
    return hashlib.blake2b(line, digest_size=32).hexdigest()


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
        shapes = {"number": int, "at": float, "event": str, "who": dict, "facts": dict, "previous": str}
        is_ours = all(isinstance(found[name], kind) for name, kind in shapes.items())
        return found if is_ours and isinstance(found["who"]["name"], str) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without a name
        return ""
