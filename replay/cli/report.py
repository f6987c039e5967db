"""`replay report`: a stored run in another form."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import run_argument
from replay.cli.showing import show
from replay.compose.units import all_formats, printable
from replay.compose.verdicts import read_view
from replay.model.errors import UsageError
from replay.report.files import is_database, write_private


@click.command("report")
@run_argument
@click.option(
    "--format",
    "form",
    metavar="NAME",
    default="text",
    show_default=True,
    help="text for people; json for programs; junit for the test pages of a CI; or a plugin's.",
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File to write [default: stdout].")
def report_command(run_file: Path, form: str, out: Path | None) -> None:
    """Show RUN.db. Computes no verdict: use `replay judge` for that."""
    formats = all_formats()
    if form not in formats:
        raise UsageError(f"There is no format `{printable(form)}`. There are: {', '.join(sorted(formats))}.")
    view = read_view(run_file)
    if out is None and form == "text":
        show(view, as_json=False)
        return
    data = formats[form](view)
    if out is None:
        click.echo(data, nl=False)
        return
    if is_database(out):
        raise UsageError(f"{out} is a capture or run file, or another database: name another file for the report.")
    try:
        write_private(out, data)
    except OSError:
        raise UsageError(f"{out} cannot be written: name a file in a folder that is writable.") from None
    click.echo(f"{out} written.", err=True)
