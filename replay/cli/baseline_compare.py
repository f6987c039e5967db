"""`replay baseline compare`: a release against a saved one; gates decide the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import click

from replay.baseline.compare import LEVEL, Comparison, Verdict, compare
from replay.baseline.gates import Answer, Gate, State, answers, unmatched
from replay.baseline.measure import Release
from replay.cli.options import FILE, config_option, configuration, json_option
from replay.cli.options_baseline import baselines_option
from replay.cli.tables import print_table
from replay.compose.baselines import load_baselines, release_of
from replay.model.errors import UsageError
from replay.report.baseline_figures import comparison_tree, delta_rows, gate_rows
from replay.report.terminal import printable

# Not `bytes`: an answer that grew is told, but nobody's build should fail for it unless a gate says so.
_FAILING = frozenset({"p50", "p95", "error_rate", "rows"})


@click.command("compare")
@click.argument("name")
@click.argument("run_files", metavar="[RUN.db...]", nargs=-1, type=FILE)
@baselines_option
@click.option("--with", "other", metavar="NAME", help="Compare with this saved baseline instead of run files.")
@click.option(
    "--level",
    type=click.FloatRange(1e-9, 0.2),
    default=LEVEL,
    show_default=True,
    help="How often two equal releases may be told apart, for all tests together.",
)
@config_option
@json_option
@click.pass_context
def compare_command(
    context: click.Context,
    name: str,
    run_files: tuple[Path, ...],
    baselines: Path,
    other: str | None,
    level: float,
    config_path: Path | None,
    as_json: bool,
) -> None:
    """Compare the runs RUN.db... with the baseline NAME, endpoint by endpoint.

    With [gates] in replay.toml they alone decide: exit status 1 when one is broken, 3 when too few requests stand
    against one. Without gates it is 1 when latency, errors or rows got worse.
    """
    known = load_baselines(baselines)
    before = known.named(name)
    if bool(run_files) == bool(other):
        raise UsageError("compare takes run files, or --with and the name of another baseline.")
    after = known.named(other) if other else release_of("this release", run_files)
    gates = configuration(config_path).gates
    comparison = compare(before, after, level)
    judged = answers(gates, comparison, after)
    lost = unmatched(gates, after)
    if as_json:
        click.echo(json.dumps(comparison_tree(comparison, judged, lost), indent=2))
    else:
        _show(comparison, judged, lost, before, after)
    context.exit(_status(comparison, gates, judged, lost))


def _status(comparison: Comparison, gates: tuple[Gate, ...], judged: tuple[Answer, ...], lost: tuple[Gate, ...]) -> int:
    if not gates:
        return int(any(one.metric in _FAILING for one in comparison.worse))
    if any(one.state is State.BROKEN for one in judged):
        return 1
    return 3 if lost or any(one.state is State.OPEN for one in judged) else 0


def _show(
    comparison: Comparison, judged: tuple[Answer, ...], lost: tuple[Gate, ...], before: Release, after: Release
) -> None:
    click.echo(printable(f"{comparison.after} against {comparison.before}, level {comparison.level:g}"))
    changed = [one for one in comparison.deltas if one.verdict in {Verdict.WORSE, Verdict.BETTER}]
    few = {one.endpoint for one in comparison.deltas if one.verdict is Verdict.TOO_FEW and one.metric == "p50"}
    same = {one.endpoint for one in comparison.deltas} - {one.endpoint for one in changed} - few
    click.echo(f"{len(same)} endpoints unchanged, {len(few)} with too few requests to tell")
    for text, names in (("gone", comparison.only_before), ("new", comparison.only_after)):
        if names:
            click.echo(printable(f"{text}: {', '.join(names)}"))
    if len(before.runs) == 1:
        click.echo("the baseline is one run: save several, and what runs differ by themselves counts as well")
    if before.captures != after.captures:
        click.echo("the two were made from different captures: other requests may be all that differs")
    if changed:
        click.echo()
        print_table(("Endpoint", "Metric", "Before", "After", "Change", "Verdict", "Chance"), delta_rows(changed))
    if judged or lost:
        click.echo()
        print_table(("Gate", "Endpoint", "Measured", "State"), gate_rows(judged, lost))
