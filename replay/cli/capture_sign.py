"""`replay capture sign`: says which bytes a capture had, and who says so."""

from __future__ import annotations

from pathlib import Path

import click

from replay.cli.options import FILE, capture_argument
from replay.engine.clock import SystemClock
from replay.store.key_files import read_signing_key
from replay.store.signature import sign_capture


@click.command("sign")
@capture_argument
@click.option("--key", "key_file", required=True, type=FILE, metavar="FILE", help="Ed25519 private key, PEM, 0400.")
def sign_command(capture: Path, key_file: Path) -> None:
    """Sign a finished CAPTURE (of a rotated one, its manifest): writes CAPTURE.sig beside it.

    `replay redact key new FILE --for signing` makes a pair. `replay capture verify --signer FILE.pub` checks it, and
    `replay run --require-signature FILE.pub` replays nothing else.
    """
    out = sign_capture(capture, read_signing_key(key_file), SystemClock().wall())
    click.echo(f"{out}: signed")
