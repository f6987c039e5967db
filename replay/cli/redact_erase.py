"""`replay redact erase`: take somebody's sessions out of a capture, to the last byte."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from replay.cli.capture_key import pseudonym_of
from replay.cli.options import capture_argument, json_option, quiet_option, unlock_option
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.redact.occurrence import SHORTEST, Occurrence
from replay.redact.stand_ins import stand_ins_of
from replay.report.counting import CountingProgress
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.erasing import Erased, Erasure, erase
from replay.store.sealing import Unlock
from replay.store.signature import signature_path

_LONGEST_ORIGINAL = 4096


@click.command("erase")
@capture_argument
@click.option("--stand-in", "stand_ins", multiple=True, metavar="TEXT", help="As the capture shows it. Repeatable.")
@click.option(
    "--original", metavar="-", help="Read the original from standard input; needs --key. Never on the command line."
)
@click.option("--key", default="", metavar="SOURCE", help="The capture's redaction key, as for `replay record`.")
@click.option(
    "--sessions/--exchanges",
    "whole_sessions",
    default=True,
    help="Whole sessions in which it occurs [default], or its exchanges alone.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would go.")
@unlock_option
@json_option
@quiet_option
@click.pass_context
def erase_command(
    context: click.Context,
    capture: Path,
    stand_ins: tuple[str, ...],
    original: str | None,
    key: str,
    whole_sessions: bool,
    dry_run: bool,
    unlock: Unlock | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Erase from CAPTURE every session in which a stand-in occurs: in bodies, headers, paths, messages and names.

    The files are written anew and the old bytes overwritten, in all segments of a rotated capture. What went is
    counted as skipped (erased), and the audit log says which stand-in it was. A signature has to be made again.
    Copies and backups elsewhere are not known here.

    \b
    --json prints: {stand_ins, exchanges, sessions, emptied, files, dry_run}

    Exit status: 0 erased, 1 it occurs nowhere, 2 nothing was changed because something is wrong.
    """
    wanted = _wanted(capture, stand_ins, original, key, unlock)
    occurrence = Occurrence(wanted)
    erasure = Erasure(
        lambda stored: occurrence.is_in(stored.exchange, stored.actor), occurrence.is_named, whole_sessions, dry_run
    )
    with CountingProgress(sys.stderr, SystemClock().now, "looked at", quiet=quiet) as progress:
        done = erase(capture, erasure, unlock, progress.tell)
    if done.exchanges and not dry_run:
        _log(capture, sorted(occurrence.found), done)
    _show(capture, sorted(occurrence.found), done, as_json=as_json, dry_run=dry_run)
    context.exit(0 if done.exchanges else 1)


def _wanted(
    capture: Path, stand_ins: tuple[str, ...], original: str | None, key: str, unlock: Unlock | None
) -> tuple[str, ...]:
    """Raises UsageError."""
    if original not in (None, "-"):  # it is not repeated: logs of jobs keep what a command prints
        raise UsageError(
            "--original takes - alone: the original is read from standard input, never from the command line"
        )
    if bool(stand_ins) == bool(original):
        raise UsageError("say what to erase: --stand-in TEXT, or --original - with --key")
    if original:
        text = sys.stdin.read(_LONGEST_ORIGINAL + 1).strip()
        if not text or len(text) > _LONGEST_ORIGINAL:
            raise UsageError("standard input must hold the original, one text of at most 4096 characters")
        with CaptureReader.open(capture, unlock) as reader:
            stand_ins = tuple(sorted(stand_ins_of(text, pseudonym_of(key, reader.info()))))
    wanted = tuple(one for one in stand_ins if len(one.strip()) >= SHORTEST)
    if not wanted or (not original and len(wanted) < len(stand_ins)):
        raise UsageError(
            f"a stand-in of fewer than {SHORTEST} characters stands in everybody's traffic: use another one"
        )
    return wanted


def _log(capture: Path, found: list[str], done: Erased) -> None:
    """The stand-ins that occurred; of an original nothing, for a log stays."""
    told = audit_log.append(
        capture,
        "erase",
        at=SystemClock().wall(),
        stand_in=" ".join(found),
        exchanges=done.exchanges,
        sessions=done.sessions,
        files=done.files,
    )
    if not told:
        click.echo("replay: the audit log could not be written", err=True)


def _show(capture: Path, found: list[str], done: Erased, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        click.echo(json.dumps({"stand_ins": found, **asdict(done), "dry_run": dry_run}, indent=2))
        return
    if not done.exchanges:
        click.echo(f"{capture}: it does not occur, nothing was changed")
        return
    if signature_path(capture).exists() and not dry_run:
        click.echo(f"replay: {signature_path(capture)} no longer holds: sign the capture again", err=True)
    verb = "would be erased" if dry_run else "erased"
    click.echo(
        f"{capture}: {done.exchanges} exchanges of {done.sessions} sessions {verb} ({done.emptied} whole sessions)"
    )
