"""Writes docs/cli.md from the commands and docs/schema.md from the schemas: `python tests/docs/generate.py --write`.

Without `--write` it says which pages are out of date and exits with status 1. A test does the same.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).parents[2]
NOTE = "<!-- Generated: python tests/docs/generate.py --write -->"
WIDTH = 100  # columns of help text
EXIT_STATUS = """\
Exit status: 0 no findings at or above `--fail-on`; 1 findings; 2 wrong usage, file or configuration; 3 something could
not be judged; 130 stopped by Ctrl-C before there was anything to keep."""


def group() -> click.Group:
    """The command group that `replay.cli:main` runs."""
    cli = importlib.import_module("replay.cli")
    return next(thing for thing in vars(cli).values() if isinstance(thing, click.Group) and thing.name == "replay")


Named = tuple[tuple[str, ...], click.Command]


def commands(command: click.Command, path: tuple[str, ...] = ("replay",)) -> Iterator[Named]:
    """Every command with the words that call it, groups before what is in them."""
    yield path, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, (*path, name))


def help_of(path: tuple[str, ...], command: click.Command) -> str:
    context: click.Context | None = None
    for word in path[:-1]:
        context = click.Context(click.Group(word), parent=context, info_name=word, terminal_width=WIDTH)
    own = click.Context(command, parent=context, info_name=path[-1], terminal_width=WIDTH, max_content_width=WIDTH)
    own.help_option_names = ["-h", "--help"]
    command._help_option = None  # click keeps the one that it made first, maybe in another test without -h
    return command.get_help(own).rstrip()


def cli_page() -> str:
    """One section a command: its own help text, as it is."""
    parts = [
        "# Command line",
        NOTE,
        "The same words everywhere: [glossary](glossary.md).",
        EXIT_STATUS,
    ]
    for path, command in commands(group()):
        parts.append(f"## {' '.join(path)}\n\n```text\n{help_of(path, command)}\n```")
    return "\n\n".join(parts) + "\n"


def schema_page() -> str:
    """The commented SQL of every file that replay writes."""
    parts = ["# File formats", NOTE, "Captures and run files are SQLite databases: open them with any tool for SQLite."]
    for module in ("capture_schema", "run_schema"):
        schema = importlib.import_module(f"replay.store.{module}")
        title = (schema.__doc__ or "").strip().split("\n")[0]
        version = f"`user_version` {schema.FORMAT_VERSION}, `application_id` 0x{schema.APPLICATION_ID:08X}."
        parts.append(f"## {title.partition(':')[0]}\n\n{title}\n\n{version}\n\n```sql\n{schema.SCHEMA.strip()}\n```")
    return "\n\n".join(parts) + "\n"


PAGES = {"docs/schema.md": schema_page, "docs/cli.md": cli_page}


def main(words: list[str]) -> int:
    stale = []
    for name, make in PAGES.items():
        path = ROOT / name
        text = make()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if "--write" in words:
                path.write_text(text, "utf-8")
    for name in stale:
        sys.stdout.write(f"{name} {'written' if '--write' in words else 'is out of date'}\n")
    return 1 if stale and "--write" not in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
