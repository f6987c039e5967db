"""`replay redact preview`: what redaction would do with this traffic, before any of it is recorded."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from replay.cli.hearing import (
    FORMATS,
    hearing_settings,
    listened,
    live_options,
    require_one_source,
)
from replay.cli.options import FILE, json_option, quiet_option
from replay.cli.tables import print_table
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.record.hearing import HearingSummary, fresh_key, hear_files
from replay.record.listening import order_for
from replay.record.preview import PreviewListener, PreviewReport
from replay.record.private_memory import keep_memory_private
from replay.record.stopping import told_to_stop
from replay.redact.previewing import Line, coverage_of
from replay.report.counting import CountingProgress
from replay.report.terminal import printable


@click.command("preview")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--config", type=FILE, metavar="FILE", help="replay.toml with the policy to look at.")
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="What the files are [default: as they look].")
@click.option("--show-values", is_flag=True, help="Also one original a place; on a terminal only.")
@live_options
@json_option
@quiet_option
@click.pass_context
def preview_command(
    context: click.Context,
    files: tuple[Path, ...],
    config: Path | None,
    format_name: str | None,
    show_values: bool,
    upstream: str,
    listen: str,
    minutes: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show per endpoint and place what redaction would do, and why. Nothing is written.

    FILES are what `replay capture import` reads; with --upstream, a proxy stands in front of the service for a while.
    Column Stand-in shows one of this run (its key is thrown away).

    \b
    --json prints: {endpoints: {name: exchanges}, places: [{endpoint, side, place, value_class, action, why, reason,
      count, of, hint}], coverage: {places, keep, pseudonymise, mask, drop, default}, bodies_left_out: {type: count},
      dead_rules: [name], all_places_seen, files: {read, heard, skipped, refused, damage}}

    Exit status: 0, or 2 when a file could not be read to its end.
    """
    require_one_source(files, upstream)
    if show_values and (as_json or upstream or not sys.stdout.isatty()):
        raise UsageError(
            "--show-values prints originals of files, on a terminal only: not into a file, a pipe or --json"
        )
    keep_memory_private()  # it is raw traffic
    settings, key = hearing_settings(config), fresh_key()
    if upstream:
        result, heard = listened(upstream, listen, minutes, order_for("preview", key, settings), settings)
        report = PreviewReport.from_wire(result)
    else:
        listener = PreviewListener(key, settings, keeps_originals=show_values)
        with (
            CountingProgress(sys.stderr, SystemClock().now, "looked at", quiet=quiet) as progress,
            told_to_stop() as stop,
        ):
            heard = hear_files(files, format_name or "", key, settings, listener, stop, progress.tell)
        report = listener.report()
    _show(report, heard, as_json=as_json, with_originals=show_values)
    context.exit(130 if heard.was_stopped else 2 if heard.damage else 0)


def _show(report: PreviewReport, heard: HearingSummary, *, as_json: bool, with_originals: bool) -> None:
    for sentence in heard.damage:
        click.echo(printable(f"replay: {sentence}"), err=True)
    if as_json:
        click.echo(json.dumps({**report.to_json(), "files": heard.to_json()}, indent=2))
        return
    for endpoint, count in sorted(report.endpoints.items()):
        click.echo(f"\n{printable(endpoint)}  ({count} exchanges)")
        _print(report.lines, endpoint, with_originals=with_originals)
    left_out = ", ".join(f"{count} {printable(kind)}" for kind, count in report.left_out.items()) or "none"
    click.echo(f"\n{coverage_of(report.lines).sentence()}; bodies left out: {left_out}")
    for rule in report.dead_rules:
        click.echo(printable(f"dead: {rule} had nothing to decide here"))
    click.echo(heard.sentence())


def _print(lines: Sequence[Line], endpoint: str, *, with_originals: bool) -> None:
    heads = [
        "Side",
        "Place",
        "Class",
        "Action",
        "Why",
        "Count",
        "Stand-in",
        *(["Original"] if with_originals else []),
        "Hint",
    ]
    rows = []
    for line in lines:
        if line.endpoint == endpoint:
            shown = [line.sample if line.action != "keep" else "", *([line.original] if with_originals else [])]
            rows.append(
                [
                    line.side,
                    line.place,
                    line.value_class,
                    line.action,
                    _reason(line),
                    f"{line.count}/{line.of}",
                    *shown,
                    line.hint,
                ]
            )
    print_table(heads, rows)


def _reason(line: Line) -> str:
    return line.reason if line.why == "rule" else f"{line.why}: {line.reason}"
