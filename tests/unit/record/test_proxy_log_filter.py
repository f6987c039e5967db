"""What mitmproxy logs about traffic stays out of its log, whatever the verbosity."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from replay.record.proxy.log_filter import NoQuotes, keep_traffic_out_of_the_log

SECRET = "Qx7Kd93Lm2Zp81Vt"
NAMES = ("mitmproxy.proxy", "hpack", "h2", "hyperframe", "wsproto", "mitmproxy.master")


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """Everything that is logged at debug; the loggers are as they were afterwards."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(logging.Formatter().format(record))
    root, before = logging.getLogger(), {name: logging.getLogger(name).level for name in NAMES}
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield said
    root.removeHandler(handler)
    root.setLevel(level)
    for name, one in before.items():
        logging.getLogger(name).setLevel(one)
        logging.getLogger(name).filters.clear()


def test_no_logger_of_the_proxy_quotes_at_debug(lines: list[str]) -> None:
    """Its own, those of its libraries, and those below them; of an unhandled error the type is told, once a time."""
    keep_traffic_out_of_the_log()
    keep_traffic_out_of_the_log()
    for name in ("mitmproxy.proxy", "mitmproxy.proxy.server", "hpack.hpack", "h2.connection", "wsproto"):
        logging.getLogger(name).debug("Adding %s", SECRET)
        logging.getLogger(name).error("bad line %s", SECRET)
    assert lines == []
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        logging.getLogger("mitmproxy.master").error(f"Unhandled asyncio error: {error}", exc_info=True)
    logging.getLogger("mitmproxy.master").error(f"Unhandled asyncio error: {SECRET}")
    assert [line.rpartition("(")[2] for line in lines] == ["ValueError)", "ERROR)"]
    assert SECRET not in "".join(lines)
    assert sum(isinstance(one, NoQuotes) for one in logging.getLogger("mitmproxy.master").filters) == 1
