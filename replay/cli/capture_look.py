"""`replay capture ls`: which captures there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from replay.cli.options import json_option
from replay.cli.tables import print_table
from replay.model.errors import FileFormatError
from replay.report.terminal import printable
from replay.store.capture_reader import CaptureReader
from replay.store.manifest import SUFFIX, read_manifest

_DATABASES = (".db", ".sqlite", ".sqlite3", ".capture")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list. Times: seconds, UTC; 0 without exchanges. `problem` instead of the rest, or empty."""

    file: str
    created: float = 0.0
    first: float = 0.0
    last: float = 0.0
    sessions: int = 0
    exchanges: int = 0
    bytes: int = 0
    lost: int = 0  # dropped and refused exchanges
    skipped: int = 0
    key_id: str = ""
    expires: float | None = None  # None: never
    encrypted: bool = False
    problem: str = ""


@click.command("ls")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@json_option
def ls_command(paths: tuple[Path, ...], as_json: bool) -> None:
    """List captures: files, manifests of rotated ones, or all in a folder [default: this folder].

    \b
    --json prints a list of objects; times are seconds, UTC:
      {file, created, first, last, sessions, exchanges, bytes, lost, skipped, key_id, expires, encrypted, problem}
      expires null: never
    """
    found = [_listed(path) for path in _captures(paths or (Path(),))]
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=2))
        return
    if not found:
        click.echo("no capture here")
        return
    heads = ("File", "From", "To", "Exchanges", "Sessions", "MB", "Lost", "Skipped", "Key")
    rows = [
        (
            one.file,
            _when(one.first),
            _when(one.last),
            one.exchanges,
            one.sessions,
            f"{one.bytes / 1e6:.1f}",
            one.lost,
            one.skipped,
            one.key_id,
        )
        for one in found
        if not one.problem
    ]
    print_table(heads, rows)
    for one in found:
        if one.problem:
            click.echo(printable(one.problem))


def _captures(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Files as named; of a folder what looks like a capture, and segments under their manifest's name only."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        names = sorted(one for one in path.iterdir() if one.is_file())
        manifests = [one for one in names if one.name.endswith(SUFFIX)]
        under = {name for one in manifests for name in _files_of(one)}
        yield from manifests
        yield from (one for one in names if one.suffix in _DATABASES and one.name not in under)


def _files_of(manifest: Path) -> set[str]:
    try:
        found = read_manifest(manifest)
    except FileFormatError:
        return set()
    return {found.active, *(entry.file for entry in found.segments)}


def _listed(path: Path) -> Listed:
    try:
        with CaptureReader.open(path) as reader:
            info, contents, losses = reader.info(), reader.contents(), reader.losses()
            files = [path] if not path.name.endswith(SUFFIX) else [path.with_name(name) for name in _files_of(path)]
            return Listed(
                file=str(path),
                created=info.created,
                first=contents.first,
                last=contents.last,
                sessions=contents.sessions,
                exchanges=contents.exchanges,
                bytes=sum(file.stat().st_size for file in files if file.is_file()),
                lost=sum(one.count for one in losses if one.kind != "skipped"),
                skipped=sum(one.count for one in losses if one.kind == "skipped"),
                key_id=info.key_id,
                expires=reader.expires() if info.lifetime else None,
                encrypted=bool(info.recipient),
            )
    except FileFormatError as error:
        return Listed(str(path), problem=str(error))


def _when(seconds: float) -> str:
    if not seconds:
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "impossible"
