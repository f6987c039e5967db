"""`replay merge`: run files of one capture's shards in one."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE, json_option, threshold, threshold_options
from replay.cli.showing import show
from replay.compose.merging import merge_runs
from replay.compose.verdicts import exit_status, read_view


@click.command("merge")
@click.argument("run_files", metavar="RUN.db...", nargs=-1, required=True, type=FILE)
@click.option("--out", required=True, type=FILE, metavar="ALL.db", help="Run file to write; must not exist.")
@json_option
@threshold_options
@click.pass_context
def merge_command(
    context: click.Context,
    run_files: tuple[Path, ...],
    out: Path,
    as_json: bool,
    fail_on: str,
    fail_on_probable: bool,
) -> None:
    """Merge run files that were made with --shard into ALL.db, and report it.

    Counts add up; a shard that is missing makes the merged run unfinished.
    """
    merge_runs(run_files, out)
    view = read_view(out)
    show(view, as_json=as_json)
    context.exit(exit_status(view, threshold(fail_on, fail_on_probable)))
