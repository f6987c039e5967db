"""Every source by name, and which of them reads a given file.

Rule: the content decides, since names lie; the suffix decides only where the content says nothing.
"""

from __future__ import annotations

from pathlib import Path

from replay.model.errors import UsageError
from replay.record.sources.byte_stream import head_of
from replay.record.sources.contract import Source
from replay.record.sources.envoy import EnvoyTap
from replay.record.sources.flows import Flows
from replay.record.sources.gor import Gor
from replay.record.sources.har import Har
from replay.record.sources.taps import Taps

SOURCES: tuple[Source, ...] = (Flows(), Gor(), EnvoyTap(), Har(), Taps())  # asked in this order


def source_of(path: Path, format_name: str = "") -> Source:
    """The source that is named, or that knows the file. Raises UsageError; FileFormatError for an unreadable file."""
    names = ", ".join(source.name for source in SOURCES)
    head = head_of(path)
    if format_name:
        named = next((source for source in SOURCES if source.name == format_name), None)
        if named is None:
            raise UsageError(f"there is no format {format_name!r} to import; valid: {names}")
        return named
    known = next((source for source in SOURCES if source.is_own(head)), None)
    known = known or next((source for source in SOURCES if path.name.lower().endswith(source.suffixes)), None)
    if known is None:
        raise UsageError(f"{path} is of no format that can be told from its content; say which it is: {names}")
    return known
