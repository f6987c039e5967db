"""Fetches a redaction key from where it is said to be: environment, file, descriptor or command.

Rule: what was read is taken away from others where that can be done: a variable is removed from the environment and
overwritten in /proc/PID/environ, children do not inherit it, a command's errors are not shown.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import select
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from replay.model.errors import ConfigError
from replay.redact.keys import load_key, parse_source
from replay.store.key_files import read_private_file

_SECONDS = 30.0  # a key service in another region, with a retry
_MOST_BYTES = 4096
_taken: dict[str, str] = {}  # by name: an addon that is loaded again asks again, and the environment has it no more


def fetch_key(source: str) -> bytes:
    """32 bytes; a fresh key for an empty source. Raises ConfigError with one sentence."""
    environ: Mapping[str, str] = os.environ
    if source:
        kind, name = parse_source(source)
        if kind == "env":
            environ = _taken_out(name)
    return load_key(source or None, environ, lambda path: read_private_file(Path(path)), secrets.token_bytes, _Rim())


class _Rim:
    """See `redact.keys.KeyPlaces`."""

    def read_descriptor(self, number: int) -> bytes:
        data = b""
        try:
            while len(data) < _MOST_BYTES:
                if not select.select([number], [], [], _SECONDS)[0]:
                    raise ConfigError(f"Descriptor {number} gave no key within {_SECONDS:.0f} s.")
                part = os.read(number, _MOST_BYTES)
                if not part:
                    break
                data += part
        except ValueError:  # of select, for a number that is no descriptor's
            raise OSError from None
        finally:
            with suppress(OSError):
                os.close(number)
        return data

    def run(self, command: str) -> bytes:
        try:
            words = shlex.split(command)
        except ValueError:
            raise ConfigError("The key command has a quotation mark without its other half.") from None
        if not words:
            raise ConfigError("cmd: takes a program and its arguments.")
        program = Path(words[0]).name
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own words, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ConfigError(f"The key command {program} gave no key within {_SECONDS:.0f} s.") from None
        except OSError as error:
            raise ConfigError(f"The key command {program} cannot be started ({type(error).__name__}).") from None
        if done.returncode:
            raise ConfigError(f"The key command {program} failed with exit status {done.returncode}: run it by hand.")
        return done.stdout[:_MOST_BYTES]


def _taken_out(name: str) -> Mapping[str, str]:
    text = os.environ.get(name)
    if text is not None:
        _wipe(name)
        del os.environ[name]
        _taken[name] = text
    return {name: _taken.get(name, "")}


def _wipe(name: str) -> None:
    """Where the program was started with it, the value stands in memory that /proc/PID/environ shows: overwrite it."""
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError, ValueError):
        libc = ctypes.CDLL(None)
        libc.getenv.restype = ctypes.c_void_p
        address = libc.getenv(os.fsencode(name))
        if address:
            ctypes.memset(address, 0, len(ctypes.string_at(address)))
