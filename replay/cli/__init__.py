"""The command line: the only click. One command a file; every message is one sentence."""

from __future__ import annotations

import sys

import click

from replay import __version__
from replay.cli.demo import demo_command
from replay.cli.fuzz import fuzz_command
from replay.cli.inspect import inspect_command
from replay.cli.judge import judge_command
from replay.cli.record import record_command
from replay.cli.report import report_command
from replay.cli.repro import repro_command
from replay.cli.run import run_command
from replay.model.errors import ReplayError, StoppedError

COMMANDS = (
    demo_command,
    record_command,
    inspect_command,
    run_command,
    fuzz_command,
    judge_command,
    report_command,
    repro_command,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="replay")
def replay() -> None:
    """Record real sessions, replay them with mutations against QA, and prove what broke in QA's own database.

    Exit status: 0 no findings, 1 findings, 2 wrong usage, file or configuration, 3 something could not be judged.
    """


for _command in COMMANDS:
    replay.add_command(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line. Errors for the user are one sentence on stderr and exit status 2."""
    try:
        status = replay.main(args=arguments, prog_name="replay", standalone_mode=False)
    except StoppedError as stopped:
        click.echo(f"replay: {stopped}", err=True)
        sys.exit(130)
    except ReplayError as error:
        click.echo(f"replay: {error}", err=True)
        sys.exit(2)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        click.echo(f"replay: {error.format_message()}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("replay: stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    sys.exit(status if isinstance(status, int) else 0)
