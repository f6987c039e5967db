"""Options about the connections to the target and their TLS."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from replay.compose.config_target import with_chosen
from replay.wire.options import Connections, WireOptions

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, dir_okay=False)


def wire_options(command: Command) -> Command:
    """replay.toml knows the same under [target]."""
    options = (
        click.option(
            "--connections",
            type=click.Choice([str(one) for one in Connections]),
            help="Any free connection, or one for each recorded client connection [default: pool].",
        ),
        click.option("--pool", type=click.IntRange(0, 65_535), help="Connections at most [default: as needed]."),
        click.option("--ca", type=_FILE, help="PEM file of authorities to trust instead of the system's."),
        click.option(
            "--client-cert",
            metavar="FILE[:KEY]",
            callback=_certificate,
            help="PEM certificate to show to the target, and its key if that is in another file.",
        ),
        click.option("--sni", metavar="NAME", help="Name to ask for and to check in TLS, if not the target's host."),
        click.option("--insecure", is_flag=True, help="Take any certificate. Only where nobody can listen in."),
        click.option("--websockets", is_flag=True, help="Play recorded WebSockets too; they are left out otherwise."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def wire_of(file: WireOptions, options: dict[str, Any]) -> WireOptions:
    """What the file says, and what the command line says instead. A run without checks says so, loudly."""
    certificate, key = options["client_cert"] or (None, None)
    chosen = {
        "connections": Connections(options["connections"]) if options["connections"] else None,
        "pool": options["pool"],
        "ca": options["ca"],
        "client_cert": certificate,
        "sni": options["sni"],
        "insecure": options["insecure"] or None,
        "websockets": options["websockets"] or None,
    }
    if key is not None:
        chosen["client_key"] = key
    taken = with_chosen(file, chosen)
    if taken.insecure:
        click.echo("WARNING: --insecure: whoever answers is taken for the target; credentials go to them.", err=True)
    return taken


def _certificate(_: click.Context, __: click.Parameter, value: str | None) -> tuple[Path, Path | None] | None:
    """A file that exists is the file, colons or not; else what stands behind the last colon is the key."""
    if not value:
        return None
    file, colon, key = value.rpartition(":")
    if not colon or Path(value).is_file() or not file or not key:
        return Path(value), None
    return Path(file), Path(key)
