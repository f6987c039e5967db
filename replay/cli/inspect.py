"""`replay inspect`: what is in a capture, and what is not."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from replay.model.capture import CaptureInfo, Loss
from replay.report.terminal import printable
from replay.store.capture_contents import CaptureContents
from replay.store.capture_reader import CaptureReader

_PIPED_COLUMNS = 240  # nobody looks at a pipe: do not wrap


@click.command("inspect")
@click.argument("capture", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def inspect_command(capture: Path, as_json: bool) -> None:
    """Show what is in a CAPTURE: sessions, endpoints, actors, tenants, statuses, losses, redaction coverage.

    A capture that is being recorded can be inspected, too.

    \b
    --json prints one object; times are seconds, UTC:
      capture    {id, format_version, created, key_id, policy_digest, origins, tool_version}
      counts     {sessions, exchanges, endpoints, actors, tenants, first, last}
      endpoints  [{endpoint, exchanges, statuses: {STATUS or FAULT: count}}]
      actors     [{tenant, principal, sessions, exchanges}]   principal null: never authenticated
      statuses   {STATUS or FAULT: count}
      dropped    {REASON: exchanges}       seen = counts.exchanges + all dropped + all refused
      refused    {REASON: exchanges}
      bodies_left_out  {REASON: bodies}    the exchanges themselves are in
      redaction  [{class, action, values}]
    """
    with CaptureReader.open(capture) as reader:
        info, contents = reader.info(), reader.contents()
        losses, bodies = reader.losses(), reader.body_losses()
    if as_json:
        click.echo(json.dumps(_document(info, contents, losses, bodies), indent=2))
    else:
        _show(capture, info, contents, (*losses, *bodies))


def _document(
    info: CaptureInfo, contents: CaptureContents, losses: Sequence[Loss], bodies: Sequence[Loss]
) -> dict[str, Any]:
    known = [one for one in contents.actors if one.actor]
    return {
        "capture": {
            "id": info.id,
            "format_version": info.format_version,
            "created": info.created,
            "key_id": info.key_id,
            "policy_digest": info.policy_digest,
            "origins": list(info.origins),
            "tool_version": info.tool_version,
        },
        "counts": {
            "sessions": contents.sessions,
            "exchanges": contents.exchanges,
            "endpoints": len(contents.endpoints),
            "actors": len(known),
            "tenants": len(_tenants(contents)),
            "first": contents.first,
            "last": contents.last,
        },
        "endpoints": [
            {"endpoint": one.endpoint, "exchanges": one.exchanges, "statuses": dict(one.statuses)}
            for one in contents.endpoints
        ],
        "actors": [
            {
                "tenant": one.actor.tenant if one.actor else None,
                "principal": one.actor.principal if one.actor else None,
                "sessions": one.sessions,
                "exchanges": one.exchanges,
            }
            for one in contents.actors
        ],
        "statuses": dict(contents.statuses),
        "dropped": {loss.reason: loss.count for loss in losses if loss.kind == "dropped"},
        "refused": {loss.reason: loss.count for loss in losses if loss.kind == "refused"},
        "bodies_left_out": {loss.reason: loss.count for loss in bodies},
        "redaction": [{"class": name, "action": action, "values": count} for name, action, count in contents.coverage],
    }


def _show(path: Path, info: CaptureInfo, contents: CaptureContents, losses: Sequence[Loss]) -> None:
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if is_terminal else _PIPED_COLUMNS
    console = Console(file=sys.stdout, width=width, highlight=False)
    click.echo(printable(f"{path}: recorded {_when(info.created)} by replay {info.tool_version}"))
    click.echo(printable(f"capture {info.id}, redaction key {info.key_id}, rules {info.policy_digest}"))
    click.echo(
        f"{contents.exchanges} exchanges in {contents.sessions} sessions of"
        f" {sum(1 for one in contents.actors if one.actor)} actors in {len(_tenants(contents))} tenants"
        + (f", {_when(contents.first)} to {_when(contents.last)}" if contents.exchanges else "")
    )
    tables = (
        (
            ("Endpoint", "Exchanges", "Statuses"),
            [(one.endpoint, one.exchanges, _spelled(one.statuses)) for one in contents.endpoints],
        ),
        (
            ("Tenant", "Principal", "Sessions", "Exchanges"),
            [
                (one.actor.tenant or "(unknown)", one.actor.principal, one.sessions, one.exchanges)
                if one.actor
                else ("-", "(anonymous)", one.sessions, one.exchanges)
                for one in contents.actors
            ],
        ),
        (("Not in it", "Reason", "Count"), [(_KINDS.get(one.kind, one.kind), one.reason, one.count) for one in losses]),
        (("Redacted class", "Action", "Values"), list(contents.coverage)),
    )
    for heads, rows in tables:
        if rows:
            click.echo()
            console.print(_table(heads, rows))
    if not losses:
        click.echo("\nNothing was dropped or refused.")


_KINDS = {"dropped": "dropped exchanges", "refused": "refused exchanges", "body": "bodies left out"}


def _table(heads: Sequence[str], rows: Sequence[Sequence[str | int]]) -> Table:
    """Cells are `Text` of cleaned strings: what a capture holds is never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, head in enumerate(heads):
        is_number = all(isinstance(row[i], int) for row in rows)
        table.add_column(head, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(str(cell))) for cell in row))
    return table


def _spelled(statuses: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{count} x {status}" for status, count in statuses)


def _tenants(contents: CaptureContents) -> set[str]:
    return {one.actor.tenant for one in contents.actors if one.actor and one.actor.tenant}


def _when(seconds: float) -> str:
    """A time as people write it; a forged one is no reason to fail."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return "at an impossible time"
