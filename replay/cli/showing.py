"""Prints a run: text for people, one JSON object for programs."""

from __future__ import annotations

import os
import shutil
import sys

import click

from replay.report.json_report import render as render_json
from replay.report.text_report import render as render_text
from replay.report.view import RunView


def show(view: RunView, *, as_json: bool) -> None:
    if as_json:
        click.echo(render_json(view), nl=False)
        return
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    width = min(120, max(60, shutil.get_terminal_size((100, 24)).columns))
    click.echo(render_text(view, colour=colour, width=width), nl=False, color=colour or None)
