"""The command line: the only click. One command a file; every message is one sentence."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from replay import __version__
from replay.cli.closed_pipe import Decided, leave_quietly
from replay.cli.shelf import Shelf
from replay.model.errors import ReplayError, StoppedError

COMMANDS = (
    "demo", "record", "inspect", "doctor", "capture", "redact", "run", "fuzz", "merge", "judge", "report", "repro",
    "baseline", "noise", "init",
)  # fmt: skip


@click.group(commands=Shelf(COMMANDS), context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="replay")
def replay() -> None:
    """Record real sessions, replay them with mutations against QA, and prove what broke in QA's own database.

    Exit status: 0 no findings, 1 findings, 2 wrong usage, file or configuration, 3 something could not be judged.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit. What goes wrong is one sentence on stderr, never a traceback.

    A traceback would quote values of the traffic; REPLAY_DEBUG=1 shows it to whoever mends replay.
    """
    decided = Decided()
    try:
        status = replay.main(args=arguments, prog_name="replay", standalone_mode=False, obj=decided)
        decided.status = status if isinstance(status, int) else 0
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # click exits by itself for a broken pipe, and for nothing else
        leave_quietly(decided)
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get("REPLAY_DEBUG"):
            raise
        _leave(error)
    sys.exit(decided.status)


def _leave(error: BaseException) -> NoReturn:
    match error:
        case click.exceptions.Exit():
            sys.exit(error.exit_code)
        case StoppedError():
            sentence, status = str(error), 130
        case click.Abort() | KeyboardInterrupt():
            sentence, status = "stopped.", 130
        case ReplayError():
            sentence, status = str(error), 2
        case click.UsageError() if error.message.startswith("Got unexpected extra argument"):
            command = error.ctx.command_path if error.ctx else "replay"
            sentence, status = f"too many arguments (they are not repeated here): {command} --help shows its usage.", 2
        case click.ClickException():
            sentence, status = error.format_message(), 2
        case OSError():
            sentence, status = f"the system refused: {error.strerror or type(error).__name__}.", 2
        case _:
            sentence, status = f"a bug in replay ({type(error).__name__}); REPLAY_DEBUG=1 shows where.", 70
    click.echo(f"replay: {sentence}", err=True)
    sys.exit(status)
