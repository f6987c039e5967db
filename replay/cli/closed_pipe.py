"""A reader who has seen enough (`| head`) does not change what a command found out.

Rule: a command that knows its exit status says so before it prints; a pipe that breaks after that ends with it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

import click


@dataclass(slots=True)
class Decided:
    """The exit status, once a command knows it."""

    status: int = 0


def decide(context: click.Context, status: int) -> int:
    """The same status, kept for a pipe that breaks."""
    context.ensure_object(Decided).status = status
    return status


def leave_quietly(decided: Decided) -> None:
    """Exit with what was decided; nothing more is written to standard output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(decided.status)
