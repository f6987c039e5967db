"""Generated pages are current: help and schemas stand in the documents as they stand in the code."""

from __future__ import annotations

import click
import pytest

from docs import generate


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_current(page: str) -> None:
    """Otherwise: python tests/docs/generate.py --write."""
    assert (generate.ROOT / page).read_text("utf-8") == generate.PAGES[page]()


def test_every_command_and_option_explains_itself() -> None:
    """A command without a sentence, or an option without help, fails."""
    silent = []
    for path, command in generate.commands(generate.group()):
        if not (command.help or "").strip():
            silent.append(" ".join(path))
        for option in command.params:
            if isinstance(option, click.Option) and not option.hidden and not (option.help or "").strip():
                silent.append(f"{' '.join(path)} {option.opts[0]}")
    assert silent == []


def test_every_table_and_column_is_in_the_page() -> None:
    """The page is the schema itself: nothing is left out."""
    page = (generate.ROOT / "docs/schema.md").read_text("utf-8")
    for table in ("exchange", "session", "actor", "body", "finding", "not_judged"):
        assert f"CREATE TABLE {table} " in page
