"""`replay capture merge`, `split` and `prune`: new captures out of others."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import click

from replay.cli.options import FILE, capture_argument, quiet_option, unlock_option
from replay.engine.clock import SystemClock
from replay.model.errors import UsageError
from replay.record.derived import Derived
from replay.record.merging import merge_captures
from replay.record.pruning import Pruning, prune_capture
from replay.record.splitting import PartOf, by_day, by_tenant, into, split_capture
from replay.report.counting import CountingProgress
from replay.store import audit_log
from replay.store.capture_reader import CaptureReader
from replay.store.expiry import day_of
from replay.store.removal import remove_capture
from replay.store.sealing import Unlock

_AGE = re.compile(r"(\d{1,6})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

out_option = click.option("--out", required=True, type=FILE, metavar="FILE", help="Capture to write; must not exist.")


@click.command("merge")
@click.argument("captures", nargs=-1, required=True, type=FILE)
@out_option
@click.option("--apart", is_flag=True, help="Captures of different keys: put their sessions side by side.")
@unlock_option
@quiet_option
def merge_command(captures: tuple[Path, ...], out: Path, apart: bool, unlock: Unlock | None, quiet: bool) -> None:
    """Make one capture of many, such as those of several sidecars.

    Recorded with the same key, a session that went through several of them becomes one again.
    """
    with _progress("merged", quiet=quiet) as progress:
        done = merge_captures(captures, out, SystemClock().wall(), apart=apart, tell=progress.tell, unlock=unlock)
    click.echo(f"{out}: {_counted(done)}, from {len(captures)} captures")


@click.command("split")
@capture_argument
@click.option("--by", required=True, metavar="tenant|day|N", help="A part per tenant, per day (UTC), or N equal ones.")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Where parts go."
)
@unlock_option
@quiet_option
def split_command(capture: Path, by: str, out: Path, unlock: Unlock | None, quiet: bool) -> None:
    """Make several captures of one; sessions stay whole.

    The account of what was dropped stays with the original: nobody knows which part it would have been in.
    """
    part_of = _part_of(by)
    with _progress("split", quiet=quiet) as progress:
        parts = split_capture(capture, out, part_of, SystemClock().wall(), progress.tell, unlock)
    for path, done in parts.items():
        click.echo(f"{path}: {_counted(done)}")


@click.command("prune")
@click.argument("captures", nargs=-1, required=True, type=FILE, metavar="CAPTURE")
@click.option("--out", type=FILE, metavar="FILE", help="Capture to write; must not exist.")
@click.option("--expired", is_flag=True, help="Remove the captures themselves, those that have expired. No --out.")
@click.option("--older-than", metavar="AGE", help="Leave out sessions that ended longer ago: 7d, 12h, 30m.")
@click.option("--newer-than", metavar="AGE", help="Leave out sessions that began since.")
@click.option("--tenant", "tenants", multiple=True, metavar="STAND-IN", help="Leave out this tenant. Repeatable.")
@click.option("--only-tenant", "only", multiple=True, metavar="STAND-IN", help="Keep this tenant only. Repeatable.")
@click.option("--endpoint", "endpoints", multiple=True, metavar='"GET /a/{id}"', help="Leave it out. Repeatable.")
@unlock_option
@quiet_option
def prune_command(
    captures: tuple[Path, ...],
    out: Path | None,
    expired: bool,
    older_than: str | None,
    newer_than: str | None,
    tenants: tuple[str, ...],
    only: tuple[str, ...],
    endpoints: tuple[str, ...],
    unlock: Unlock | None,
    quiet: bool,
) -> None:
    """Make a capture without some sessions or endpoints. What is left out is counted there as skipped (pruned).

    With --expired instead: remove each CAPTURE that has expired, whole, with its signature; its audit log stays.
    """
    now = SystemClock().wall()
    if expired:
        if out or older_than or newer_than or tenants or only or endpoints:
            raise UsageError("--expired removes whole captures: say it alone")
        for one in captures:
            click.echo(_removed_if_expired(one, now))
        return
    if out is None or len(captures) != 1:
        raise UsageError("name one CAPTURE, and with --out the capture to write")
    (capture,) = captures
    pruning = Pruning(
        ended_before=now - _age(older_than, "--older-than") if older_than else 0.0,
        begun_after=now - _age(newer_than, "--newer-than") if newer_than else float("inf"),
        tenants=frozenset(tenants),
        only_tenants=frozenset(only),
        endpoints=frozenset(endpoints),
    )
    with _progress("pruned", quiet=quiet) as progress:
        done = prune_capture(capture, out, pruning, now, progress.tell, unlock)
    click.echo(f"{out}: {_counted(done)}; {done.left_out} exchanges left out")


def _removed_if_expired(capture: Path, now: float) -> str:
    with CaptureReader.open(capture) as reader:
        expires, exchanges = reader.expires(), reader.contents().exchanges
    if now < expires:
        return f"{capture}: stays, " + ("it never expires" if math.isinf(expires) else f"expires on {day_of(expires)}")
    files = remove_capture(capture)
    audit_log.append(capture, "expired", at=now, files=files, exchanges=exchanges)
    return f"{capture}: removed, it expired on {day_of(expires)}"


def _part_of(by: str) -> PartOf:
    if by == "tenant":
        return by_tenant
    if by == "day":
        return by_day
    if not by.isdecimal():
        raise UsageError("--by takes tenant, day, or a number of parts")
    return into(int(by))


def _age(text: str, option: str) -> float:
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{option} takes an age such as 7d, 12h or 30m")
    return float(int(found[1]) * _SECONDS[found[2]])


def _progress(label: str, *, quiet: bool) -> CountingProgress:
    return CountingProgress(sys.stderr, SystemClock().now, label, quiet=quiet)


def _counted(done: Derived) -> str:
    return f"{done.copied} exchanges in {done.sessions} sessions"
