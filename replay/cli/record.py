"""`replay record`: a proxy that records redacted sessions into a capture."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import click

from replay.cli.key_option import require_key_source
from replay.model.errors import RecordError, ReplayError
from replay.record.journal import Journal
from replay.record.options import OPTIONS, RecordOption
from replay.record.proxy.plan import plan_proxy
from replay.record.recording import plan_recording, raw_warning
from replay.record.supervisor import SupervisorPlan, supervise


def _print_addon_path(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from replay.record.addon import addon_path

        click.echo(addon_path())
        context.exit()


def _flag(option: RecordOption) -> Callable[[Any], Any]:
    """One recorder option as a flag; what is not said stays empty, as under mitmproxy."""
    if option.kind is bool:
        return click.option(option.flag, option.name, is_flag=True, help=option.text)
    is_list = option.kind not in (str, int)
    kind = int if option.kind is int else str
    return click.option(
        option.flag,
        option.name,
        type=click.IntRange(min=1) if kind is int else str,
        multiple=is_list,
        default=None if kind is int else () if is_list else "",
        required=option.name == "capture",
        metavar=option.metavar,
        help=option.text,
    )


def _recorder_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(OPTIONS):
        command = _flag(option)(command)
    return command


@click.command("record")
@click.option("--upstream", default="", metavar="URL", help="The service to record; requests are forwarded to it.")
@click.option("--mode", "modes", multiple=True, metavar="SPEC", help="Instead: regular, upstream:URL, transparent …")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT", help="Port 0: a free one.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes on the one port.")
@click.option("--cert", "certs", multiple=True, metavar="[DOMAIN=]FILE", help="Certificate with key, for TLS clients.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="An option of mitmproxy. Repeatable.")
@_recorder_flags
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="On stderr.")
@click.option(
    "--exit-with-stdin", is_flag=True, help="End as with SIGTERM when standard input closes (a parent's end)."
)
@click.option(
    "--print-addon-path",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_addon_path,
    help='Print the addon\'s path and exit: mitmdump -s "$(replay record --print-addon-path)"',
)
def record_command(log_format: str, exit_with_stdin: bool, **words: Any) -> None:
    """Record traffic into a capture, redacted before it reaches the disk.

    Ends at Ctrl-C or SIGTERM: what is in flight finishes, the capture is closed, one line says what is in it.
    """
    journal = Journal(_say, time.time, as_json=log_format == "json")  # noqa: TID251 - the rim: flows carry this clock
    try:
        plan = _plan(words, time.time())  # noqa: TID251 - likewise
        if plan.record.settings.raw_hosts:
            journal.warn("raw", raw_warning(plan.record.settings.raw_hosts))
        if exit_with_stdin:
            threading.Thread(target=_end_with_stdin, daemon=True).start()
        summary = supervise(plan, journal)
    except ReplayError as error:
        if log_format == "text":
            raise
        journal.fail("failed", str(error))
        click.get_current_context().exit(2)
    journal.info(
        "finished",
        f"{words['capture']}: {summary.sentence()}",
        seen=summary.seen,
        captured=summary.captured,
        refused=summary.refused,
        skipped=dict(summary.skipped),
        dropped=dict(summary.dropped),
        complete=summary.is_complete,
    )


def _plan(words: dict[str, Any], now: float) -> SupervisorPlan:
    """Raises ReplayError when the words cannot be meant, or mitmproxy is missing."""
    values = {option.name: words[option.name] or option.unsaid for option in OPTIONS}
    require_key_source(words["key"])
    if not _has_mitmproxy():
        raise RecordError("replay record needs mitmproxy: pip install mitmproxy")
    workers = words["workers"]
    proxy = plan_proxy(words["upstream"], words["modes"], words["listen"], words["certs"], words["settings"], workers)
    return SupervisorPlan(plan_recording(values, now), proxy, workers)


def _has_mitmproxy() -> bool:
    try:
        return importlib.util.find_spec("mitmproxy") is not None
    except ValueError:  # somebody has put something odd in its place
        return False


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _say(line: str) -> None:
    with suppress(OSError, ValueError):  # the log's disk is full, its reader is gone: no reason to end the traffic
        print(line, file=sys.stderr, flush=True)
