"""`replay noise show`: each place that is not compared exactly, why, and what is still enforced."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE, json_option
from replay.compose.noise_file import read_noise
from replay.compose.verdicts import coverage_in, noise_of
from replay.diff.experience import Experience, KnownRule
from replay.diff.explaining import enforced, explain
from replay.model.codec import dump_json
from replay.model.difference import Coverage
from replay.model.errors import UsageError
from replay.model.tree import Tree
from replay.report.terminal import printable


@click.command("show")
@click.argument("run_file", metavar="[RUN.db]", required=False, type=FILE)
@click.option("--noise", "noise_path", type=FILE, metavar="FILE", help="A noise file, in the run's stead.")
@json_option
def show_command(run_file: Path | None, noise_path: Path | None, as_json: bool) -> None:
    """Show the noise of RUN.db, or the rules of a noise file, and how closely each endpoint is compared."""
    if (run_file is None) == (noise_path is None):
        raise UsageError("Name one of the two: a run file, or a noise file with --noise.")
    known = read_noise(noise_path) if noise_path else Experience()
    coverage: tuple[Coverage, ...] = ()
    if run_file is not None:
        noise, _ = noise_of(run_file)
        known, coverage = Experience(0, tuple(map(KnownRule, noise.noisy()))), coverage_in(run_file)
    if as_json:
        rules: list[Tree] = [_tree(one) for one in known.rules]
        covered: list[Tree] = [_covered(one) for one in coverage]
        click.echo(dump_json({"version": known.version, "rules": rules, "coverage": covered}).decode())
        return
    for one in known.rules:
        mark = "accepted" if one.is_accepted else "measured"
        click.echo(printable(f"{mark}  {one.rule.endpoint}  {one.rule.place}  [{one.rule.relation}]"))
        click.echo(f"          {explain(one.rule)}")
    for share in coverage:
        click.echo(printable(f"compared  {share.endpoint}: {share.told}"))
    if not known.rules:
        click.echo("No place differs between clean replays.")


def _tree(known: KnownRule) -> Tree:
    rule = known.rule
    held: list[Tree] = list(enforced(rule))
    return {
        "endpoint": rule.endpoint, "place": rule.place, "relation": str(rule.relation), "pairs": rule.pairs,
        "differing": rule.differing, "enforced": held, "runs": known.runs, "equal_runs": known.equal_runs,
        "origin": str(known.origin), "accepted": known.is_accepted, "reason": known.reason,
    }  # fmt: skip


def _covered(one: Coverage) -> Tree:
    return {
        "endpoint": one.endpoint, "answers": one.answers, "leaves": one.leaves,
        "equal": one.equal, "weaker": one.weaker, "unchecked": one.unchecked,
    }  # fmt: skip
