"""`replay capture verify`: whether captures are whole, and what of them could not be looked at."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from replay.cli.closed_pipe import decide
from replay.cli.options import FILE, json_option, unlock_option
from replay.model.errors import FileFormatError
from replay.report.terminal import printable
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.expiry import day_of
from replay.store.key_files import read_signer
from replay.store.sealing import Unlock
from replay.store.signature import check_signature, signature_path

_SEALED = ("bodies", "messages", "headers", "paths and queries", "packing dictionaries")


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found out about one capture. `signed`: a day, empty without; `is_known_signer`: --signer asked for it.

    `unseen`: what is encrypted and was not looked at, neither with its key nor through a signature.
    """

    capture: str
    problems: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    signed: str = ""
    signer: str = ""
    is_known_signer: bool = False

    @property
    def verdict(self) -> str:
        return "damaged" if self.problems else "not verified" if self.unseen else "whole"


@click.command("verify")
@click.argument("captures", nargs=-1, required=True, type=FILE)
@click.option("--signer", type=FILE, metavar="FILE", help="Public key that must have signed them (Ed25519, PEM).")
@unlock_option
@json_option
@click.pass_context
def verify_command(
    context: click.Context, captures: tuple[Path, ...], signer: Path | None, unlock: Unlock | None, as_json: bool
) -> None:
    """Look at every page, row, digest and count of captures; of a manifest, at all its segments.

    The audit log's chain is checked, too, and the signature where there is one, or a --signer is named.

    What an encrypted capture holds is looked at with --unlock only. Without it, a signature of the named --signer
    speaks for every byte; without that, the capture is not verified.

    \b
    --json prints a list of objects:
      {capture, verdict: whole | damaged | not verified, problems: [sentence], unseen: [what], signed, signer,
       is_known_signer}

    Exit status: 0 all whole, 1 something is wrong (one line each says what and where), 3 nothing is wrong as far as
    can be seen, and something encrypted was not looked at.
    """
    public = read_signer(signer) if signer else ""
    found = [_verified(capture, unlock, public) for capture in captures]
    verdicts = {one.verdict for one in found}
    status = decide(context, 1 if "damaged" in verdicts else 3 if "not verified" in verdicts else 0)
    if as_json:
        click.echo(json.dumps([{**asdict(one), "verdict": one.verdict} for one in found], indent=2))
    else:
        for one in found:
            for sentence in _sentences(one):
                click.echo(printable(sentence))
    context.exit(status)


def _verified(capture: Path, unlock: Unlock | None, public: str) -> Verified:
    problems = [str(problem) for problem in verify(capture, unlock)]
    signed = None
    if public or signature_path(capture).exists():
        signed, changes = check_signature(capture, public)
        problems += changes
    return Verified(
        str(capture),
        problems,
        [] if problems or (public and signed) else _unseen(capture, unlock),
        day_of(signed.at) if signed else "",
        signed.signer[:16] if signed else "",
        bool(public and signed),
    )


def _sentences(one: Verified) -> list[str]:
    if one.problems:
        return one.problems
    remark = f", signed on {one.signed} by {one.signer}" if one.signed else ""
    if one.signed and not one.is_known_signer:
        remark += " (whose key that is was not checked: say --signer)"
    if one.unseen:
        what = ", ".join(one.unseen)
        return [f"{one.capture}: not verified: {what} are encrypted; the rest is whole{remark}; say --unlock"]
    return [f"{one.capture}: whole{remark}"]


def _unseen(capture: Path, unlock: Unlock | None) -> list[str]:
    try:
        with CaptureReader.open(capture, unlock) as reader:
            return list(_SEALED) if reader.is_locked() else []
    except FileFormatError:
        return []  # said before
