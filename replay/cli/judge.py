"""`replay judge`: yesterday's evidence, today's oracles; nothing is sent."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.closed_pipe import decide
from replay.cli.options import config_option, configuration, json_option, run_argument, threshold, threshold_options
from replay.cli.showing import show
from replay.compose.verdicts import exit_status, judge_again, read_view


@click.command("judge")
@run_argument
@config_option
@json_option
@threshold_options
@click.pass_context
def judge_command(
    context: click.Context,
    run_file: Path,
    config_path: Path | None,
    as_json: bool,
    fail_on: str,
    fail_on_probable: bool,
) -> None:
    """Judge the evidence in RUN.db again and replace its verdicts. Sends nothing."""
    judge_again(run_file, configuration(config_path))
    view = read_view(run_file)
    status = decide(context, exit_status(view, threshold(fail_on, fail_on_probable)))
    show(view, as_json=as_json)
    context.exit(status)
