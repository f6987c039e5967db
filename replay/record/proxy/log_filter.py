"""Keeps what mitmproxy and its libraries log about traffic out of mitmdump's log, at every verbosity.

mitmproxy.proxy                request lines, hosts, what it cannot parse; at debug each event    silent
hpack, h2, hyperframe, wsproto at debug each header field of HTTP/2, each frame                   silent
mitmproxy.master               an unhandled error, with the repr of whatever met it               told without it
"""

from __future__ import annotations

import logging

_SILENT = ("mitmproxy.proxy", "hpack", "h2", "hyperframe", "wsproto")
_QUOTING = "mitmproxy.master"
_INSTEAD = "replay: an error inside mitmproxy is not shown, for it may quote traffic (%s)"


class NoQuotes(logging.Filter):
    """Of an error only its type is told."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[0] if record.exc_info else None
        record.msg, record.args = _INSTEAD, (error.__name__ if error else record.levelname,)
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def keep_traffic_out_of_the_log() -> None:
    """For this process; a second call changes nothing."""
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    quoting = logging.getLogger(_QUOTING)
    if not any(isinstance(one, NoQuotes) for one in quoting.filters):
        quoting.addFilter(NoQuotes())
