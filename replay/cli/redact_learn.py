"""`replay redact learn`: which names and words may stay, because enough people have shown them."""

from __future__ import annotations

import json
import sys
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
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.record.hearing import HearingSummary, fresh_key, hear_files
from replay.record.learn import LearningListener, Lesson, write_vocabulary
from replay.record.listening import order_for
from replay.record.preview import PreviewListener
from replay.record.private_memory import keep_memory_private
from replay.record.stopping import told_to_stop
from replay.report.counting import CountingProgress
from replay.report.terminal import printable


@click.command("learn")
@click.argument("files", nargs=-1, type=FILE)
@click.option("--out", required=True, type=FILE, metavar="FILE", help="Vocabulary to write; must not exist.")
@click.option("--k", default=5, show_default=True, type=click.IntRange(2, 1000), help="Sessions that must show a word.")
@click.option(
    "--tenants", default=2, show_default=True, type=click.IntRange(1, 1000), help="Tenants these must belong to."
)
@click.option("--format", "format_name", type=click.Choice(FORMATS), help="What the files are [default: as they look].")
@click.option("--config", type=FILE, metavar="FILE", help="replay.toml: tenants, sessions, routes, rules.")
@live_options
@json_option
@quiet_option
@click.pass_context
def learn_command(
    context: click.Context,
    files: tuple[Path, ...],
    out: Path,
    k: int,
    tenants: int,
    format_name: str | None,
    config: Path | None,
    upstream: str,
    listen: str,
    minutes: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Learn from traffic which names and words may stay in captures.

    FILES are what `replay capture import` reads; with --upstream, a proxy as of `replay record` stands in front of the
    service and nothing is recorded. A name, or a short word at a place, is written when K sessions of
    TENANTS tenants have shown it, else it is forgotten: there are counters in memory, and no file before the end.
    Review the vocabulary like code, then name it in replay.toml: [redact] learned = "vocabulary.json".

    \b
    --json prints: {exchanges, sessions, tenants, k, least_tenants, names, values, places, all_places_seen, dead_rules,
                    unknown: [{endpoint, side, place, names, map}], files: {read, heard, skipped, refused, damage}}

    Exit status: 0, or 2 when a file could not be read to its end (the vocabulary holds what came before).
    """
    require_one_source(files, upstream)
    if out.exists():
        raise UsageError(f"{out} exists already: choose another name, a vocabulary is never overwritten")
    if not out.parent.is_dir():  # told now, and not after an hour of listening
        raise UsageError(f"{out} cannot be written: there is no folder {out.parent}")
    keep_memory_private()  # it is raw traffic
    settings, key = hearing_settings(config), fresh_key()
    if upstream:
        order = order_for("learn", key, settings, k, tenants)
        result, heard = listened(upstream, listen, minutes, order, settings)
        lesson = Lesson.from_wire(result)
    else:
        listener = LearningListener(fresh_key(), k, tenants, PreviewListener(key, settings) if config else None)
        with (
            CountingProgress(sys.stderr, SystemClock().now, "learned from", quiet=quiet) as progress,
            told_to_stop() as stop,
        ):
            heard = hear_files(files, format_name or "", key, settings, listener, stop, progress.tell)
        lesson = listener.lesson()
    write_vocabulary(lesson.learned, out)
    _show(out, lesson, heard, as_json=as_json)
    context.exit(130 if heard.was_stopped else 2 if heard.damage else 0)


def _show(out: Path, lesson: Lesson, heard: HearingSummary, *, as_json: bool) -> None:
    for sentence in heard.damage:
        click.echo(printable(f"replay: {sentence}"), err=True)
    if as_json:
        click.echo(json.dumps({**lesson.to_json(), "files": heard.to_json()}, indent=2))
        return
    click.echo(f"{out}: {heard.sentence()}")
    for line in lesson.lines():
        click.echo(printable(line) if not line.startswith("  ") else "  " + printable(line))
