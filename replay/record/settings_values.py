"""One reader per key of `[record]`: a value as written in the file or said as an option -> fields of the settings.

Rule: a wrong value raises ValueError with the second half of a sentence ("must be ..."), never with the value itself
(someone may have pasted a key there).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from replay.record.identify import parse_sources
from replay.record.routes import RouteRule, parse_pattern
from replay.redact.keys import SCOPES
from replay.store.expiry import DAY_SECONDS

MOST = 1_000_000  # MB, KB, minutes or days: beyond it somebody mistook the unit
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,39}")
Fields = dict[str, Any]
Reader = Callable[[Any], Fields]


def read_share(value: Any) -> float:
    """`0.1`, `"0.1"` or `"10%"`."""
    text = str(value).strip() if isinstance(value, str) else ""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1) if text else value
    except ValueError:
        number = None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 1:
        raise ValueError("must be a share from 0 to 1, such as 0.1")
    return float(number)


def _whole(field: str, unit: int, least: int) -> Reader:
    return lambda value: {field: _counted(value, least) * unit}


def _counted(value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
        raise ValueError("must be a whole number above 0" if least else "must be a whole number, 0 for none")
    return value


def _span(field: str, unit: float, *, may_be_none: bool = True) -> Reader:
    """A length of time; whole or not."""

    def read(value: Any) -> Fields:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not 0 <= value <= MOST or (value == 0 and not may_be_none):
            raise ValueError("must be a number, 0 for none" if may_be_none else "must be a number above 0")
        return {field: float(value * unit)}

    return read


def _bodies(value: Any) -> Fields:
    size_bytes = _counted(value, 1) << 10
    return {"request_body_bytes": size_bytes, "response_body_bytes": size_bytes}


def _text(field: str) -> Reader:
    def read(value: Any) -> Fields:
        if not isinstance(value, str):
            raise ValueError("must be a text")  # noqa: TRY004 - a user's mistake, told in one way
        return {field: value}

    return read


def _truth(field: str) -> Reader:
    def read(value: Any) -> Fields:
        if not isinstance(value, bool):
            raise ValueError("must be true or false")  # noqa: TRY004 - as above
        return {field: value}

    return read


def read_texts(value: Any) -> tuple[str, ...]:
    """A list of texts; one text alone is a list of one."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str) and item.strip() for item in items):
        raise ValueError("must be a list of texts")
    return tuple(item.strip() for item in items)


def _read_scope(value: Any) -> str:
    if value not in SCOPES:
        raise ValueError(f"must be {' or '.join(SCOPES)}")
    return str(value)


def _number(value: Any) -> Any:
    """As an option it is a text: there 0 means that nothing was said."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return None


def _routes(field: str, *, is_included: bool) -> Reader:
    def read(value: Any) -> Fields:
        texts = read_texts(value)
        for text in texts:
            parse_pattern(text)
        return {field: tuple(RouteRule(text, is_included) for text in texts)}

    return read


def _sources(field: str) -> Reader:
    def read(value: Any) -> Fields:
        texts = read_texts(value)
        parse_sources(field, texts)
        return {field: texts}

    return read


def _raw_hosts(value: Any) -> Fields:
    """`a.test,b.test`: whole names, so that nobody opens more than was meant."""
    hosts = tuple(one.strip().lower() for one in str(value).split(",") if one.strip())
    if not hosts or not all(map(_HOST.fullmatch, hosts)):
        raise ValueError("must be names or addresses of upstream hosts, with commas between them, and no patterns")
    return {"raw_hosts": hosts}


RAW = "i_accept_raw_personal_data"

READERS: Mapping[str, Reader] = {
    "capture": _text("capture"),
    "key": _text("key"),
    "key_scope": lambda value: {"key_scope": _read_scope(value)},
    "key_per_tenant": _truth("key_per_tenant"),
    "encrypt_to": _text("encrypt_to"),
    "expires_days": lambda value: _span("lifetime", DAY_SECONDS)(_number(value)),
    "append": _truth("append"),
    "queue_mb": _whole("queue_bytes", 1 << 20, 1),
    "body_kb": _bodies,  # before the two that are more exact
    "request_body_kb": _whole("request_body_bytes", 1 << 10, 1),
    "response_body_kb": _whole("response_body_bytes", 1 << 10, 1),
    "sample": lambda value: {"sample": read_share(value)},
    "include": _routes("include", is_included=True),
    "exclude": _routes("exclude", is_included=False),
    "rotate_mb": _whole("rotate_bytes", 1 << 20, 0),
    "rotate_minutes": _span("rotate_seconds", 60.0),
    "keep_days": _span("keep_seconds", 86400.0),
    "keep_mb": _whole("keep_bytes", 1 << 20, 0),
    "metrics": _text("metrics"),
    "drain_seconds": _whole("drain_seconds", 1, 1),
    RAW: _raw_hosts,
}
"""The keys that a file and the options share, in the order in which they take effect."""

FILE_READERS: Mapping[str, Reader] = {
    **{name: reader for name, reader in READERS.items() if name != RAW},  # said each time, never written down
    "session_gap_minutes": _span("gap_seconds", 60.0, may_be_none=False),
    "tenant": _sources("tenant"),
    "principal": _sources("principal"),
    "session": _sources("session"),
}
