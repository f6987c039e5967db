"""What the embedded mitmproxy may say: our own sentences, and that an error happened, never what it was about.

mitmproxy's log lines quote requests, so none is printed. An operator still learns that there are errors, and where.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]


@contextmanager
def only_our_sentences(say: Say) -> Iterator[None]:
    """For as long as the proxy runs."""
    added = (
        (logging.getLogger(), logging.NullHandler()),  # else Python prints warnings that nobody handles
        (logging.getLogger("mitmproxy"), _ErrorCounter(say)),
        (logging.getLogger("replay.recorder"), _Saying(say)),
    )
    loop_log = logging.getLogger("asyncio")
    before = loop_log.level
    loop_log.setLevel(logging.CRITICAL)
    for logger, handler in added:
        logger.addHandler(handler)
    try:
        yield
    finally:
        loop_log.setLevel(before)
        for logger, handler in added:
            logger.removeHandler(handler)


class _Saying(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())


class _ErrorCounter(logging.Handler):
    """Says the 1st, 10th, 100th … error of mitmproxy: module and kind of exception, no message."""

    def __init__(self, say: Say) -> None:
        super().__init__(logging.ERROR)
        self._say = say
        self._count = 0
        self._next = 1

    def emit(self, record: logging.LogRecord) -> None:
        self._count += 1
        if self._count < self._next:
            return
        self._next *= 10
        raised = record.exc_info[0] if record.exc_info else None
        kind = f" ({raised.__name__})" if raised else ""
        self._say(f"warning: mitmproxy logged an error in {record.name}{kind}; {self._count} so far")
