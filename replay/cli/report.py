"""`replay report`: a stored run in another form, or two runs side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from replay.cli.closed_pipe import decide
from replay.cli.options import FILE, run_argument, threshold
from replay.cli.showing import show
from replay.compose.accepted import read_accepted, with_accepted
from replay.compose.report_view import Known, as_it_is, detailed_view
from replay.compose.units import all_formats, printable
from replay.compose.verdicts import Threshold, exit_status, read_view
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.report.builtin import WITH_EVIDENCE
from replay.report.comparison import compare, render_json, render_text
from replay.report.files import is_database, write_private
from replay.report.html.writing import write_html
from replay.report.view import RunView


@click.command("report")
@run_argument
@click.argument("later", metavar="[LATER.db]", required=False, type=FILE)
@click.option(
    "--format",
    "form",
    metavar="NAME",
    default="text",
    show_default=True,
    help="text, html or markdown for people; json for programs; junit and sarif for the pages of a CI; or a plugin's.",
)
@click.option("--out", type=FILE, help="File to write [default: stdout].")
@click.option("--html", "page", type=FILE, metavar="FILE", help="Write FILE as a page: --format html --out FILE.")
@click.option(
    "--accept", type=FILE, metavar="FILE", help="Reviewed findings that do not count, with reason and last day."
)
@click.option(
    "--fail-on",
    type=click.Choice(["low", "medium", "high", "never"]),
    help="Exit with 1 for confirmed findings of this severity and above, with 3 for what was not judged.",
)
@click.pass_context
def report_command(
    context: click.Context,
    run_file: Path,
    later: Path | None,
    form: str,
    out: Path | None,
    page: Path | None,
    accept: Path | None,
    fail_on: str | None,
) -> None:
    """Show RUN.db. Computes no verdict: use `replay judge` for that.

    With LATER.db: which findings are new in it, which persist, which are gone, and which nobody looked for again. Then
    --fail-on speaks of the new ones.
    """
    if page is not None:
        form, out = "html", page
    if form not in all_formats():
        raise UsageError(f"There is no format `{printable(form)}`. There are: {', '.join(sorted(all_formats()))}.")
    if out is not None and is_database(out):
        raise UsageError(f"{out} is a capture or run file, or another database: name another file for the report.")
    limit = threshold(fail_on or "low", fail_on_probable=False)
    decided = limit if fail_on else None
    known = _known(accept)
    if later is not None:
        _compared(context, known(read_view(run_file)), known(read_view(later)), form, out, decided)
    elif form not in WITH_EVIDENCE:
        _deliver(context, known(read_view(run_file)), form, out, decided)
    else:
        with detailed_view(run_file, limit, known) as view:
            _deliver(context, view, form, out, decided)


def _known(accept: Path | None) -> Known:
    if accept is None:
        return as_it_is
    accepted, now = read_accepted(accept), SystemClock().wall()
    return lambda view: with_accepted(view, accepted, now)


def _compared(
    context: click.Context, earlier: RunView, later: RunView, form: str, out: Path | None, limit: Threshold | None
) -> None:
    if form not in {"text", "json"}:
        raise UsageError(
            "Two runs are compared as text or json: leave the second run file out, or choose one of these."
        )
    found = compare(earlier, later)
    status = 0
    if limit is not None:
        is_worse = any(limit.is_met_by(one) for one in found.new)
        is_open = found.unknown or exit_status(replace(later, findings=()), limit) == 3
        status = 1 if is_worse else 3 if is_open else 0
    decide(context, status)
    data = render_json(found, earlier, later) if form == "json" else render_text(found, earlier, later).encode()
    if out is None:
        click.echo(data, nl=False)
    else:
        _write(out, data)
        click.echo(f"{out} written.", err=True)
    context.exit(status)


def _deliver(context: click.Context, view: RunView, form: str, out: Path | None, limit: Threshold | None) -> None:
    """Print or write it, and end with the status that the limit asks for (0 without one)."""
    status = decide(context, exit_status(view, limit) if limit else 0)
    if form == "html" and out is not None:
        click.echo(f"{out} written{_written_page(view, out)}.", err=True)
    elif out is not None:
        _write(out, all_formats()[form](view))
        click.echo(f"{out} written.", err=True)
    elif form == "text":
        show(view, as_json=False)
    else:
        click.echo(all_formats()[form](view), nl=False)
    context.exit(status)


def _written_page(view: RunView, out: Path) -> str:
    """What lies beside it, as the end of a sentence."""
    try:
        beside = write_html(view, out)
    except OSError:
        raise _unwritable(out) from None
    return f", and the evidence of {beside} findings in {out.stem}.evidence beside it" if beside else ""


def _write(out: Path, data: bytes) -> None:
    try:
        write_private(out, data)
    except OSError:
        raise _unwritable(out) from None


def _unwritable(out: Path) -> UsageError:
    return UsageError(f"{out} cannot be written: name a file in a folder that is writable.")
