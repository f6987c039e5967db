"""What a source is: it reads one kind of file as snapshots, and counts what it cannot use.

Rule: a source holds one record at a time. A bad record is `Skipped` with a fixed word; a bad file raises
FileFormatError, after everything before the damage was yielded. Neither holds a word of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from replay.record.snapshot import Snapshot

LONGEST_RECORD_BYTES = 64 << 20  # a longer one is skipped without being held

OnBytes = Callable[[int], None]
"""Told how many bytes of the file (as it lies on disk) were read so far."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that is no exchange, or cannot be read as one. `reason`: a fixed word, counted in the capture."""

    reason: str


Found = Snapshot | Skipped


class Source(Protocol):
    """One format. Its `suffixes` decide only when the content does not."""

    @property
    def name(self) -> str: ...

    @property
    def suffixes(self) -> tuple[str, ...]: ...

    def is_own(self, head: bytes) -> bool:
        """True when a file that begins with `head` (uncompressed) is of this format."""

    def snapshots(self, path: Path, on_bytes: OnBytes = ...) -> Iterator[Found]:
        """Every record in the order of the file. Raises FileFormatError for a file that is foreign or damaged."""


def keep_quiet(_: int) -> None:
    """Nobody wants to know how far the file is read."""
