"""What `replay redact learn` and `preview` have in common: their files, their settings, and an end by Ctrl-C."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.cli.options import finite
from replay.model.errors import RecordError, UsageError
from replay.record.hearing import HearingSummary
from replay.record.live_hearing import hear_live
from replay.record.proxy.plan import plan_proxy
from replay.record.settings import RecordSettings, load_settings
from replay.record.sources.builtin import SOURCES
from replay.report.terminal import printable

Command = TypeVar("Command", bound=Callable[..., Any])
FORMATS = [source.name for source in SOURCES]


def hearing_settings(config: Path | None) -> RecordSettings:
    """Of the file, or the defaults. Raises ConfigError."""
    return load_settings(config) if config else RecordSettings()


def live_options(command: Command) -> Command:
    """Where to listen, instead of files."""
    options = (
        click.option("--upstream", default="", metavar="URL", help="Instead of files: stand in front of this service."),
        click.option(
            "--listen", default="127.0.0.1:8080", show_default=True, metavar="HOST:PORT", help="Port 0: a free one."
        ),
        click.option(
            "--minutes",
            default=60.0,
            show_default=True,
            type=click.FloatRange(0, 10_080, min_open=True),
            callback=finite,
            help="How long to listen; Ctrl-C ends it earlier.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def listened(
    upstream: str, listen: str, minutes: float, order: dict[str, Any], settings: RecordSettings
) -> tuple[dict[str, Any], HearingSummary]:
    """What a listening process counted. Raises UsageError, RecordError."""
    if importlib.util.find_spec("mitmproxy") is None:
        raise RecordError("listening to live traffic needs mitmproxy: pip install mitmproxy")
    proxy = plan_proxy(upstream, (), listen, (), ())
    result = hear_live(proxy, order, settings, 60 * minutes, lambda text: click.echo(printable(text), err=True))
    return result, HearingSummary.from_json(result["heard"])


def require_one_source(files: tuple[Path, ...], upstream: str) -> None:
    """Raises UsageError."""
    if bool(files) == bool(upstream):
        raise UsageError("say what to look at: files (a HAR file, mitmproxy's flows ...), or --upstream URL, not both")
