"""Regular expressions of a policy: google-re2's alone, for they run on hostile text in linear time.

Rule: the recorder starts without google-re2; a policy that has a regular expression does not.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType
from typing import Any, Protocol

from replay.model.errors import ConfigError

_MOST_MEMORY = 8 << 20  # bytes for one compiled pattern, RE2's own default
_LONGEST = 1000  # characters of a pattern
_WHOLE_TEXT = ("\\A", "\\z", "(?-m")


class Pattern(Protocol):
    def search(self, text: str) -> Any: ...


class PatternSet(Protocol):
    """`re2.Set`: which of many patterns stand in a text."""

    def Add(self, pattern: str) -> int: ...  # noqa: N802 (its name)
    def Compile(self) -> None: ...  # noqa: N802 (its name)
    def Match(self, text: str) -> list[int]: ...  # noqa: N802 (its name)


@lru_cache(maxsize=1)
def _re2() -> ModuleType:
    try:
        return importlib.import_module("re2")
    except ImportError:
        raise ConfigError(
            "The redaction policy holds regular expressions, which need google-re2: pip install 'replay-proxy[redact]'."
        ) from None


def _options() -> Any:
    options = _re2().Options()
    options.log_errors = False  # it would print the pattern
    options.max_mem = _MOST_MEMORY
    return options


def compiled(text: str) -> Pattern:
    """^ and $ hold at lines. Raises ValueError with the second half of a sentence; ConfigError without google-re2."""
    if not text or len(text) > _LONGEST:
        raise ValueError(f"has a regular expression that is empty or longer than {_LONGEST} characters")
    if any(mark in text for mark in _WHOLE_TEXT):
        raise ValueError(r"has a regular expression with \A, \z or (?-m): write ^ and $")
    library = _re2()
    try:
        pattern: Pattern = library.compile(f"(?m){text}", options=_options())
    except library.error:
        raise ValueError("has a regular expression that RE2 rejects: no look-around, no back-references") from None
    if pattern.search("") is not None:
        raise ValueError("has a regular expression that matches the empty text")
    return pattern


def pattern_set(texts: list[str]) -> PatternSet:
    """All of them, searched for at once; they have been `compiled` before."""
    found: PatternSet = _re2().Set.SearchSet(_options())
    for text in texts:
        found.Add(f"(?m){text}")
    found.Compile()
    return found
