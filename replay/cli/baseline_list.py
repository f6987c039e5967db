"""`replay baseline list`: which releases are saved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from replay.cli.options import json_option
from replay.cli.options_baseline import baselines_option
from replay.cli.tables import print_table
from replay.compose.baselines import load_baselines


@click.command("list")
@baselines_option
@json_option
def list_command(baselines: Path, as_json: bool) -> None:
    """List the saved baselines, oldest first."""
    rows: list[dict[str, str | int]] = [
        {
            "name": one.name,
            "saved": datetime.fromtimestamp(one.saved, UTC).isoformat(timespec="seconds"),
            "runs": len(one.runs),
            "endpoints": len(one.endpoints),
            "requests": sum(endpoint.requests for endpoint in one.endpoints.values()),
        }
        for one in load_baselines(baselines).releases
    ]
    if as_json:
        click.echo(json.dumps({"baselines": rows}, indent=2))
    elif not rows:
        click.echo(f"{baselines}: no baseline; save one with: replay baseline save NAME RUN.db")
    else:
        print_table(("Name", "Saved", "Runs", "Endpoints", "Requests"), [tuple(row.values()) for row in rows])
