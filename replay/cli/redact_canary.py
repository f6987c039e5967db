"""`replay redact canary`: plant secrets in front of a real recorder, and look for them in everything that it wrote."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from replay.canary.against import AgainstPlan, run_against
from replay.canary.endings import ENDINGS, chosen_endings
from replay.canary.live import NAME as LIVE
from replay.canary.matrix import Matrix
from replay.canary.matrix_text import lines
from replay.canary.report_signature import opened_report, signed_report
from replay.canary.run import CanaryPlan, run_canary
from replay.canary.suite import chosen
from replay.cli.closed_pipe import decide
from replay.cli.options import FILE, SEED, finite, json_option, quiet_option
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.redact.lexicon import Level
from replay.report.terminal import printable
from replay.store.expiry import day_of
from replay.store.key_files import read_signer, read_signing_key
from replay.store.signed_text import MOST_BYTES

_FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)  # strace works in a folder of its own
_SEARCHED = click.Path(path_type=Path, file_okay=False, exists=True)
_NAMES = ", ".join((*(ending.name for ending in ENDINGS), LIVE))


@click.command("canary")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Same seed, same secrets.")
@click.option("--cases", multiple=True, metavar="PATTERN", help="C0*, WS, REQ-BODY … Repeatable. [default: all]")
@click.option("--endings", metavar="LIST", help=f"With commas, of: {_NAMES}. [default: all]")
@click.option(
    "--level",
    type=click.Choice([level.value for level in Level]),
    default=Level.STRICT.value,
    show_default=True,
    help="Of redaction.",
)
@click.option(
    "--fuzz", "flows", type=click.IntRange(0), default=0, metavar="N", help="N exchanges of random nesting as well."
)
@click.option("--minutes", type=click.FloatRange(0), default=0.0, callback=finite, help="Fuzz for so long.")
@click.option(
    "--keep-artifacts", "keep", type=_FOLDER, help="Keep all files there, in a fresh folder. For this run only."
)
@click.option("--against", metavar="URL", help="Send the traffic through a recorder that runs already at URL.")
@click.option(
    "--upstream-listen", default="127.0.0.1:0", show_default=True, metavar="HOST:PORT", help="With --against."
)
@click.option("--artifacts", multiple=True, type=_SEARCHED, metavar="DIR", help="With --against: search these folders.")
@click.option("--sign", type=FILE, metavar="KEY", help="Print the report as JSON signed with this key (Ed25519, PEM).")
@click.option("--check", type=FILE, metavar="FILE", help="Run nothing: check a signed report. Needs --signer.")
@click.option("--signer", type=FILE, metavar="FILE", help="With --check: the public key that must have signed it.")
@json_option
@quiet_option
@click.pass_context
def canary_command(
    context: click.Context,
    seed: int,
    cases: tuple[str, ...],
    endings: str | None,
    level: str,
    flows: int,
    minutes: float,
    keep: Path | None,
    against: str | None,
    upstream_listen: str,
    artifacts: tuple[Path, ...],
    sign: Path | None,
    check: Path | None,
    signer: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Plant secrets in front of a real recorder, end it in every way, and look for them in all that it wrote.

    Each case plants made-up secrets of its own at one place of an exchange. A real `replay record` stands before a
    planned upstream, both on 127.0.0.1. Then every file that any of its processes opened, what it printed, each cell
    of the capture, and all that can be decoded from these is searched for every writing of every secret. A case whose
    record is missing fails as well.

    With --against, a recorder of yours takes the traffic: it must forward to the upstream that is printed.

    Exit status: 0 clean; 1 a secret was found, a record is missing, or the detector is blind.
    """
    if check or signer:
        context.exit(decide(context, _checked(check, signer)))
    private = read_signing_key(sign) if sign else None  # before minutes of work
    clock = SystemClock()

    def tell(sentence: str) -> None:
        if not quiet:
            click.echo(printable(sentence), err=True)

    if against:
        if not artifacts:
            raise UsageError("--against needs --artifacts DIR: the folders into which that recorder writes")
        plan = AgainstPlan(against, _listen(upstream_listen), artifacts, chosen(cases), seed)
        matrix = run_against(plan, clock, tell, time.sleep)
    else:
        wanted = tuple(filter(None, (endings or "").split(",")))
        endings_of_recorder = tuple(name for name in wanted if name != LIVE)
        ended = chosen_endings(endings_of_recorder) if endings_of_recorder or not wanted else ()
        is_live = not wanted or LIVE in wanted
        local = CanaryPlan(chosen(cases), ended, seed, Level(level), flows, minutes * 60, keep, is_live=is_live)
        matrix = run_canary(local, clock, tell)
    status = decide(context, 0 if matrix.is_clean else 1)
    if private is not None:
        click.echo(signed_report(matrix, private, clock.wall()).decode(), nl=False)
    else:
        _show(matrix, as_json=as_json)
    context.exit(status)


def _checked(report: Path | None, signer: Path | None) -> int:
    if report is None or signer is None:
        raise UsageError("--check and --signer go together: the report, and the key that must have signed it")
    if report.stat().st_size > MOST_BYTES:
        raise UsageError(f"{report} is larger than any report")
    statement = opened_report(report.read_bytes(), str(report), read_signer(signer))
    is_clean = statement["report"]["clean"]
    verdict = "clean" if is_clean else "NOT clean"
    day = day_of(statement["signed"])
    click.echo(printable(f"{report}: {verdict}, signed on {day}, of replay {statement['tool_version']!s:.40}"))
    return 0 if is_clean else 1


def _show(matrix: Matrix, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(matrix.as_json(), indent=2))
        return
    for line in lines(matrix):
        click.echo(printable(line))


def _listen(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UsageError("--upstream-listen must be HOST:PORT")
    return host, int(port)
