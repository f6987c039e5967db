"""`replay baseline bisect`: the first bad one of several saved releases."""

from __future__ import annotations

import json
from pathlib import Path

import click

from replay.baseline.bisect import first_bad
from replay.baseline.compare import LEVEL
from replay.cli.options import json_option
from replay.cli.options_baseline import baselines_option
from replay.cli.tables import print_table
from replay.compose.baselines import load_baselines
from replay.model.errors import UsageError
from replay.report.baseline_figures import delta_tree, figure
from replay.report.terminal import printable


@click.command("bisect")
@click.argument("names", metavar="[NAME...]", nargs=-1)
@baselines_option
@click.option("--metric", type=click.Choice(["p50", "p95", "error_rate", "rows", "bytes"]), help="This one only.")
@click.option("--endpoint", metavar="ENDPOINT", help="This one only, as reports name it: GET /path/{id}.")
@json_option
@click.pass_context
def bisect_command(
    context: click.Context,
    names: tuple[str, ...],
    baselines: Path,
    metric: str | None,
    endpoint: str | None,
    as_json: bool,
) -> None:
    """Name the release since which something is worse than in the first one, and has stayed so.

    NAME... in order, the good one first; all saved baselines in the order of saving when none are named.
    """
    known = load_baselines(baselines)
    releases = [known.named(name) for name in names] if names else list(known.releases)
    if len(releases) < 2:
        raise UsageError("bisect takes two baselines or more: save the runs of each release under a name.")
    found = [
        one for one in first_bad(releases, LEVEL) if metric in (None, one.metric) and endpoint in (None, one.endpoint)
    ]
    if as_json:
        rows = [{"release": one.release, "last_good": one.last_good, "change": delta_tree(one.delta)} for one in found]
        click.echo(json.dumps({"releases": [one.name for one in releases], "first_bad": rows}, indent=2))
    elif not found:
        click.echo(printable(f"nothing is worse in {releases[-1].name} than in {releases[0].name}"))
    else:
        heads = ("First bad", "Last good", "Endpoint", "Metric", "Before", "After")
        print_table(
            heads,
            [
                (
                    one.release,
                    one.last_good,
                    one.endpoint,
                    one.metric,
                    figure(one.metric, one.delta.before),
                    figure(one.metric, one.delta.after),
                )
                for one in found
            ],
        )
    context.exit(int(bool(found)))
