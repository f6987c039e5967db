"""`replay run`: clean replays and what diverges from the recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from replay.cli.options import capture_argument, play_options
from replay.cli.playing import play


@click.command("run")
@capture_argument
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that share the capture."
)
@play_options
@click.pass_context
def run_command(context: click.Context, /, capture: Path, **options: Any) -> None:
    """Replay CAPTURE cleanly against QA and report what differs from the recording beyond noise.

    Every session is played twice, and a third time when something differs. A large capture is played in groups of
    sessions, so that memory does not grow with it.
    """
    context.exit(play("run", capture, (), {}, options))
