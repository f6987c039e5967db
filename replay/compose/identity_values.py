"""Reads secrets from where the configuration says they are: an environment variable, a file, a command's output.

    { env = "QA_TOKEN" }     { file = "token.txt" }     { command = ["vault", "read", "qa"], timeout = 10 }

Rule: read once, at the start of a run; a message names the place and never what stood there. A command gets no shell,
no input, and none of our secrets in its arguments.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.compose.units import printable
from replay.model.errors import ConfigError

WAYS = ("env", "file", "command")
_LARGEST_BYTES = 65_536
_USUAL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a value is. Exactly one of the three is set."""

    where: str  # of the configuration, for messages: "identity `qa`: token"
    env: str = ""
    file: str = ""
    command: tuple[str, ...] = ()
    timeout: float = _USUAL_SECONDS  # seconds

    @property
    def may_change(self) -> bool:
        """A file or a command may say something else after a 401; the environment of a process stays."""
        return not self.env


def is_reference(value: Any) -> bool:
    return isinstance(value, dict) and bool(set(value) & set(WAYS))


def parse_reference(where: str, table: Mapping[str, Any]) -> Reference:
    """Raises ConfigError."""
    ways = [way for way in WAYS if way in table]
    known = {*ways[:1], "timeout"} if ways == ["command"] else set(ways[:1])
    for key in table:
        if key not in known:
            raise ConfigError(f"{where}: `{printable(key)}` is unknown. A value has one of: {', '.join(WAYS)}.")
    if ways == ["command"]:
        argv, timeout = table["command"], table.get("timeout", _USUAL_SECONDS)
        if not isinstance(argv, list) or not argv or not all(isinstance(one, str) and one for one in argv):
            raise ConfigError(f"{where}: command takes a list of texts: the program, then its arguments.")
        if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout <= 600:
            raise ConfigError(f"{where}: timeout takes seconds, up to 600.")
        return Reference(where, command=tuple(argv), timeout=float(timeout))
    (way,) = ways
    name = table[way]
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: {way} takes a name.")
    return Reference(where, env=name) if way == "env" else Reference(where, file=name)


@dataclass(frozen=True, slots=True, repr=False)
class SecretReader:
    """`folder`: relative files are looked for there, and commands run there."""

    environ: Mapping[str, str]
    folder: Path

    def read(self, reference: Reference) -> str:
        """Raises ConfigError. A line break at the end is no part of a value."""
        if reference.env:
            text = self.environ.get(reference.env)
            if text is None:
                raise ConfigError(f"{reference.where}: the environment has no {printable(reference.env)}: set it.")
            source = f"{printable(reference.env)} in the environment"
        elif reference.file:
            text, source = self.text_of(reference.where, reference.file), f"file {printable(reference.file)}"
        else:
            text, source = self._output(reference), f"the command {printable(reference.command[0])}"
        value = text.rstrip("\r\n")
        if not value:
            raise ConfigError(f"{reference.where}: {source} holds nothing: put the value there.")
        return value

    def text_of(self, where: str, name: str) -> str:
        """A file's text. Raises ConfigError."""
        path = self.folder / Path(name).expanduser()
        try:
            with path.open("rb") as file:
                data = file.read(_LARGEST_BYTES * 16 + 1)
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError(f"{where}: file {printable(name)} is not UTF-8 text.") from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConfigError(f"{where}: file {printable(name)} cannot be read ({why}).") from None
        if len(data) > _LARGEST_BYTES * 16:
            raise ConfigError(f"{where}: file {printable(name)} is larger than a megabyte: name the right one.")
        return text

    def _output(self, reference: Reference) -> str:
        program = printable(reference.command[0])
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, as an argument list
                reference.command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=reference.timeout,
                cwd=self.folder,
                env=dict(self.environ),
                check=False,
            )
        except subprocess.TimeoutExpired:
            limit = f"{reference.timeout:g} s"
            raise ConfigError(f"{reference.where}: the command {program} took longer than {limit}.") from None
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConfigError(f"{reference.where}: the command {program} cannot be started ({why}).") from None
        if done.returncode:
            raise ConfigError(f"{reference.where}: the command {program} ended with status {done.returncode}.")
        if len(done.stdout) > _LARGEST_BYTES:
            raise ConfigError(f"{reference.where}: the command {program} wrote more than {_LARGEST_BYTES} bytes.")
        try:
            return done.stdout.decode()
        except UnicodeDecodeError:
            raise ConfigError(f"{reference.where}: the command {program} wrote no UTF-8 text.") from None
