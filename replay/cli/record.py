"""`replay record`: a reverse proxy that records redacted sessions into a capture."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

import click

from replay.model.errors import RecordError, UsageError

_FILE = click.Path(path_type=Path, dir_okay=False)


def _print_addon_path(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from replay.record.addon import addon_path

        click.echo(addon_path())
        context.exit()


@click.command("record")
@click.option("--upstream", required=True, metavar="URL", help="The service to record; requests are forwarded to it.")
@click.option("--capture", required=True, type=_FILE, metavar="FILE", help="Capture to write; must not exist.")
@click.option("--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT", help="Port 0: a free one.")
@click.option("--config", type=_FILE, metavar="FILE", help="replay.toml with [redact] keep and [record].")
@click.option("--key", default="", metavar="SOURCE", help="Redaction key: env:NAME or file:PATH [default: random].")
@click.option("--append", is_flag=True, help="Go on with the capture if it exists (same key and rules).")
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
def record_command(
    upstream: str,
    capture: Path,
    listen: str,
    config: Path | None,
    key: str,
    append: bool,
    exit_with_stdin: bool,
) -> None:
    """Record traffic to URL into a capture, redacted before it reaches the disk.

    Ends at Ctrl-C or SIGTERM: what is in flight finishes, the capture is closed, one line says what is in it.
    """
    if key and not key.startswith(("env:", "file:")):
        raise UsageError("--key takes env:NAME or file:PATH, never the key itself")
    if exit_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        from replay.record.proxy import plan_proxy, record

        options: dict[str, str | int | bool] = {
            "replay_capture": str(capture),
            "replay_key": key,
            "replay_config": str(config or ""),
            "replay_append": append,
        }
        summary = record(plan_proxy(upstream, listen, str(capture), options), _say)
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("mitmproxy"):
            raise
        raise RecordError("replay record needs mitmproxy: pip install mitmproxy") from None
    _say(f"{capture}: {summary.sentence()}")


def _end_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
