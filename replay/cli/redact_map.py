"""`replay redact map`: the stand-ins of a capture in a CSV file or an SQL seed, so that QA's database knows them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from replay.cli.capture_key import key_of_capture, root_key
from replay.cli.hearing import hearing_settings
from replay.cli.options import FILE, json_option, quiet_option
from replay.cli.tables import print_table
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.record.exports.new_file import new_file
from replay.record.map_csv import map_csv
from replay.record.map_sql import map_sql
from replay.record.private_memory import keep_memory_private
from replay.record.redacting import policy_of
from replay.record.settings import RecordSettings
from replay.redact.policy import Policy
from replay.redact.row_mapping import RowMapper
from replay.report.counting import CountingProgress
from replay.store.capture_reader import CaptureReader

_MAPPERS = {"csv": map_csv, "sql": map_sql}


@click.command("map")
@click.argument("source", metavar="IN.csv|IN.sql", type=FILE)
@click.option("--out", required=True, type=FILE, metavar="FILE", help="File to write; must not exist.")
@click.option("--key", default="", metavar="SOURCE", help="The captures' redaction key, as for `replay record`.")
@click.option("--columns", default="", metavar="A,B", help="Change these columns only [default: all].")
@click.option("--format", "format_name", type=click.Choice(sorted(_MAPPERS)), help="[default: by the file's name]")
@click.option("--config", type=FILE, metavar="FILE", help="replay.toml with its table [redact]: the same rules.")
@click.option("--capture", type=FILE, metavar="FILE", help='A capture with key_scope = "capture": its stand-ins.')
@json_option
@quiet_option
def map_command(
    source: Path,
    out: Path,
    key: str,
    columns: str,
    format_name: str | None,
    config: Path | None,
    capture: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Give a table the stand-ins that captures with the same key have.

    CSV: the first row names the columns. SQL: rows of INSERT and data of COPY ... FROM stdin (pg_dump, mysqldump,
    sqlite3 .dump) change, definitions stay as they are. A column is treated as a JSON field of its name would be.
    What is not understood is an error with its line, and nothing is written.

    \b
    --json prints: {tables: [{table, rows, changed: {column: count}}]}
    """
    name = format_name or source.suffix.lower().removeprefix(".")
    if name not in _MAPPERS:
        raise UsageError(f"{source}: say what it is with --format csv or --format sql")
    if not source.is_file():
        raise UsageError(f"{source} does not exist, or is no regular file")
    keep_memory_private()  # the file holds what nobody may see
    policy = _policy(key, capture, hearing_settings(config))
    wanted = frozenset(one.strip() for one in columns.split(",") if one.strip()) or None
    with CountingProgress(sys.stderr, SystemClock().now, "rows mapped", quiet=quiet) as progress, new_file(out) as file:
        done = _MAPPERS[name](source, file, policy, wanted, progress.tell)
    _show(out, done, as_json=as_json)


def _policy(key: str, capture: Path | None, settings: RecordSettings) -> Policy:
    """Of the key itself, or of one capture. Raises UsageError, ConfigError, FileFormatError."""
    if settings.key_per_tenant:
        raise UsageError(
            "with key_per_tenant a table has no stand-ins of its own: map a table of one tenant without it"
        )
    if capture is None:
        return policy_of(root_key(key), settings)
    with CaptureReader.open(capture) as reader:
        info = reader.info()
    policy = policy_of(key_of_capture(key, info), settings)
    if policy.digest != info.policy_digest:
        click.echo(
            f"replay: {capture} was recorded with other rules: stand-ins may differ (name its --config)", err=True
        )
    return policy


def _show(out: Path, done: dict[str, RowMapper], *, as_json: bool) -> None:
    if as_json:
        tables = [
            {"table": name, "rows": one.rows, "changed": dict(sorted(one.changed.items()))}
            for name, one in done.items()
        ]
        click.echo(json.dumps({"tables": tables}, indent=2))
        return
    click.echo(f"{out}: {sum(one.rows for one in done.values())} rows")
    rows = [
        (name or "-", column, f"{one.changed[column]} of {one.rows}")
        for name, one in done.items()
        for column in one.columns
    ]
    print_table(("Table", "Column", "Changed"), rows)
