"""`replay redact key`: makes key files, and destroys them."""

from __future__ import annotations

import re
from pathlib import Path

import click

from replay.cli.options import FILE
from replay.engine.clock import SystemClock
from replay.model.errors import ConfigError, UsageError
from replay.redact.keys import key_of, scoped
from replay.redact.pseudonyms import Pseudonym
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.key_files import KINDS, destroy_key_file, make_key_file, read_private_file

_REMAINS = """\
Nobody can now compute a stand-in from a value, or try values against stand-ins, with this file. What remains possible:
- whoever has a copy of the key (a backup, a snapshot of the disk, a key service) can do both as before;
- captures recorded with it still show who did the same thing twice: equal values have equal stand-ins;
- amounts, times, frequencies and what the rules keep stay readable, and may point to somebody by context;
- recordings can no longer go on with --append, be merged with new ones, or be erased by an original value.
Say "pseudonymised, key destroyed", not "anonymous"."""
_OTHER_REMAINS = "Whoever has no copy of it can neither sign with it nor read what is encrypted to it."


@click.group("key")
def key_command() -> None:
    """Make the files of redaction, signing and encryption keys, and destroy them."""


@key_command.command("new")
@click.argument("file", type=FILE)
@click.option(
    "--for", "kind", type=click.Choice(KINDS), default="redaction", show_default=True, help="What the key is for."
)
def new_command(file: Path, kind: str) -> None:
    """Make a new key in FILE, readable for its owner only (0400); the public half, if any, is in FILE.pub."""
    public = make_key_file(file, kind)
    click.echo(f"{file}: new {kind} key" + (f", its public half is {public}" if public else ""))


@key_command.command("destroy")
@click.argument("file", type=FILE)
@click.option(
    "--capture", "captures", multiple=True, type=FILE, metavar="FILE", help="Note it in this capture's log. Repeatable."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
def destroy_command(file: Path, captures: tuple[Path, ...], yes: bool) -> None:
    """Overwrite and remove the key in FILE, and say what remains possible. There is no way back."""
    try:
        data = read_private_file(file)
    except OSError as error:
        raise ConfigError(f"The key file {file} cannot be read ({type(error).__name__}).") from None
    key_id = _key_id(data)
    noted = [(one, _require_own(one, data)) for one in captures]
    if not yes:
        click.confirm(f"Destroy {file} (key {key_id or 'of another kind'}) for ever?", abort=True)
    destroy_key_file(file)
    at = SystemClock().wall()
    for capture, used in noted:
        if not audit_log.append(capture, "key-destroyed", at=at, key_id=used):
            click.echo(f"replay: {audit_log.audit_path(capture)} could not be written", err=True)
    click.echo(f"{file}: destroyed" + (f" (key {key_id})" if key_id else ""))
    click.echo(
        _REMAINS if key_id else "Whoever has no copy of it can neither sign with it nor read what is encrypted to it."
    )


def _key_id(data: bytes) -> str:
    """Empty for a file that holds no redaction key."""
    try:
        return Pseudonym(key_of(data, "the file")).key_id()
    except ConfigError:
        return ""


def _require_own(capture: Path, data: bytes) -> str:
    """The capture's key id. Raises UsageError when the file holds another key than that capture's."""
    with CaptureReader.open(capture) as reader:
        info = reader.info()
    if not re.fullmatch(r"[0-9a-f]{16}", info.key_id) or info.key_id != _scoped_id(data, info.key_salt):
        raise UsageError(f"{capture} was recorded with another key: leave it out, nothing was destroyed")
    return info.key_id


def _scoped_id(data: bytes, salt: str) -> str:
    try:
        return Pseudonym(scoped(key_of(data, "the file"), salt)).key_id()
    except ConfigError:
        return ""
