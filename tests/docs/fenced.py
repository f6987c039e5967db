"""Fenced blocks of the pages, and the README's commands: `python tests/docs/fenced.py` prints those one per line.

`.ci/run` runs exactly what this prints.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    language: str
    text: str


def blocks(page: str) -> tuple[Block, ...]:
    """Every fenced block of a page (path from the checkout's root), in order."""
    return tuple(Block(*found) for found in _FENCE.findall((ROOT / page).read_text("utf-8")))


def readme_commands() -> tuple[str, ...]:
    """The README's set-up commands: its `sh` blocks, one line each."""
    return tuple(block.text.strip() for block in blocks("README.md") if block.language == "sh")


def console_lines(page: str) -> tuple[str, ...]:
    """What a reader types: the lines after `$ ` in `console` blocks."""
    lines = (line for block in blocks(page) if block.language == "console" for line in block.text.splitlines())
    return tuple(line[2:] for line in lines if line.startswith("$ "))


if __name__ == "__main__":
    sys.stdout.write("".join(f"{command}\n" for command in readme_commands()))
