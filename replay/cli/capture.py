"""`replay capture`: what one does with capture files: list, verify, sign, merge, split, prune, import, export."""

from __future__ import annotations

import click

from replay.cli.capture_look import ls_command
from replay.cli.capture_make import merge_command, prune_command, split_command
from replay.cli.capture_move import export_command, import_command
from replay.cli.capture_sign import sign_command
from replay.cli.capture_verify import verify_command


@click.group("capture")
def capture_command() -> None:
    """Work with captures: list, verify, sign, merge, split, prune, import, export.

    Whatever takes a CAPTURE takes the manifest of a rotated one, too. Nothing is ever overwritten.
    """


for _command in (
    ls_command,
    verify_command,
    sign_command,
    merge_command,
    split_command,
    prune_command,
    import_command,
    export_command,
):
    capture_command.add_command(_command)
