"""`replay capture import` and `export`: other tools' files in, other tools' files out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from replay.cli.key_option import require_key_source
from replay.cli.options import FILE, capture_argument, quiet_option, unlock_option
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.record.exports.har import export_har
from replay.record.exports.jsonl import Record, export_jsonl
from replay.record.importing import ImportProgress, import_capture, plan_import
from replay.record.private_memory import keep_memory_private
from replay.record.settings import RecordSettings, load_settings
from replay.record.settings_values import READERS
from replay.record.sources.builtin import SOURCES
from replay.report.counting import CountingProgress
from replay.report.terminal import printable
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.sealing import Unlock

_EXPORTS = {"har": export_har, "jsonl": export_jsonl}
_FORMATS = [source.name for source in SOURCES]


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--capture", required=True, type=FILE, metavar="FILE", help="Capture to write; must not exist.")
@click.option("--append", is_flag=True, help="Go on with the capture if it exists (same key and rules).")
@click.option(
    "--format", "format_name", type=click.Choice(_FORMATS), help="What the files are [default: as they look]."
)
@click.option("--config", type=FILE, metavar="FILE", help="replay.toml with its tables [redact] and [record].")
@click.option("--key", default="", metavar="SOURCE", help="Redaction key: env:NAME or file:PATH [default: random].")
@click.option("--encrypt-to", default="", metavar="FILE", help="Public key (X25519, PEM) of whoever may read it.")
@click.option(
    "--expires-days",
    metavar="DAYS",
    help="Replay refuses it so long after the import; 0: never [default: 14].",
)
@quiet_option
@click.pass_context
def import_command(
    context: click.Context,
    files: tuple[Path, ...],
    capture: Path,
    append: bool,
    format_name: str | None,
    config: Path | None,
    key: str,
    encrypt_to: str,
    expires_days: str | None,
    quiet: bool,
) -> None:
    """Make a capture of recorded traffic of other tools, through the same redaction as a recording.

    HAR files, mitmproxy's flow files, GoReplay's .gor, JSON lines of access taps, and Envoy's own tap files.
    The files themselves are raw traffic: delete them afterwards.

    Exit status: 0, or 2 when a file could not be read to its end (what came before is in the capture).
    """
    require_key_source(key)
    keep_memory_private()  # the files are raw traffic
    plan = plan_import(
        files,
        capture,
        SystemClock().wall(),
        format_name=format_name or "",
        key=key,
        settings=replace(load_settings(config) if config else RecordSettings(), **_said(encrypt_to, expires_days)),
        append=append,
    )
    with CountingProgress(sys.stderr, SystemClock().now, "imported", quiet=quiet) as progress:

        def tell(at: ImportProgress) -> None:
            progress.tell(at.read)

        summary = import_capture(plan, tell)
    for sentence in summary.damage:
        click.echo(printable(f"replay: {sentence}"), err=True)
    click.echo(f"{capture}: {summary.sentence()}")
    if summary.was_stopped:
        context.exit(130)
    context.exit(2 if summary.damage else 0)


@click.command("export")
@capture_argument
@click.option("--format", "format_name", required=True, type=click.Choice(sorted(_EXPORTS)), help="What to write.")
@click.option("--out", required=True, type=FILE, metavar="FILE", help="File to write; must not exist.")
@unlock_option
@quiet_option
def export_command(capture: Path, format_name: str, out: Path, unlock: Unlock | None, quiet: bool) -> None:
    """Write a CAPTURE as a HAR file or as JSON lines. Values are the stand-ins that the capture holds."""
    with (
        CaptureReader.open(capture, unlock) as reader,
        CountingProgress(sys.stderr, SystemClock().now, "exported", quiet=quiet) as progress,
    ):
        total = reader.contents().exchanges

        def records() -> Iterator[Record]:
            for count, stored in enumerate(reader.stored(), 1):
                if count % 500 == 0:
                    progress.tell(count, total)
                yield stored.session_id, stored.actor, stored.exchange

        count = _EXPORTS[format_name](records(), out)
    audit_log.append(capture, "export", at=SystemClock().wall(), format=format_name, into=out.name, exchanges=count)
    click.echo(f"{out}: {count} exchanges")


def _said(encrypt_to: str, expires_days: str | None) -> dict[str, Any]:
    """What stands on the command line goes before the file."""
    said: dict[str, Any] = {"encrypt_to": encrypt_to} if encrypt_to else {}
    if expires_days is not None:
        try:
            said |= READERS["expires_days"](expires_days)
        except ValueError as problem:
            raise UsageError(f"--expires-days {problem}") from None
    return said
