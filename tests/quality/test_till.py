"""Once means once: a service with ten planted faults of requests sent more than once, and its right twin.

Everything is real but the recorder: traffic, capture, till, database, `replay fuzz`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quality.till.till_app import FAULTS
from quality.till.till_play import fuzz, record

# Which faults can be planted side by side: each in a run of its own would take too long.
FIRST = frozenset({"key-body", "key-tenant", "overrun", "lost-hit", "if-match", "put-adds", "delete-nothing"})
SECOND = frozenset({"partial", "key-stuck"})
THIRD = frozenset({"double-charge"})
SETTINGS = {
    "abort": {"at": ("mid-body", "waiting-10", "waiting-50")},
    "retry": {"at": ("answered", "mid-body"), "again_seconds": 0.1, "lock_seconds": 0.3},
    "race": {"rounds": 3},
}
FEWER = {**SETTINGS, "abort": {"at": ("waiting-50",)}, "retry": {**SETTINGS["retry"], "at": ("answered",)}}
MUTATORS = {
    FIRST: ("duplicate", "race", "idempotency-key", "delete-then-read"),
    SECOND: ("retry", "abort"),
    THIRD: ("retry",),
}
PAYMENTS, STOCK = "/payments", "/stock/{id}"
FOUND = [
    ("key-body", "idempotency", "POST", PAYMENTS, "payload is acknowledged and dropped"),
    ("key-tenant", "idempotency", "POST", PAYMENTS, "one tenant is given another one's answer"),
    ("overrun", "serial-envelope", "POST", "/coupons/{id}/uses", "coupon.uses moves further"),
    (
        "lost-hit",
        "serial-envelope",
        "POST",
        "/counters/{id}/hits",
        "update is lost among requests at once: counter.hits",
    ),
    ("if-match", "serial-envelope", "PUT", STOCK, "despite If-Match"),
    ("put-adds", "http-semantics", "PUT", "/prices/", "price.cents"),
    ("delete-nothing", "http-semantics", "DELETE", "/memos/{id}", "deletes nothing"),
    ("partial", "partial-failure", "POST", PAYMENTS, "stored in part: booking missing"),
    ("key-stuck", "idempotency", "POST", PAYMENTS, "can never be sent again"),
    ("double-charge", "duplicate-rows", "POST", PAYMENTS, "stored more than once: booking, payment"),
]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[frozenset[str], dict[str, Any]]]:
    """By the faults that were planted. A server says an error for every client that went away."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    yield asyncio.run(_play(tmp_path_factory.mktemp("till")))
    logging.getLogger("aiohttp.server").setLevel(logging.NOTSET)


async def _play(folder: Path) -> dict[frozenset[str], dict[str, Any]]:
    whole, short = await record(folder, "whole"), await record(folder, "short", pays_only=True)
    every = tuple(dict.fromkeys(name for names in MUTATORS.values() for name in names))
    runs = {**MUTATORS, frozenset[str](): every}
    done = await asyncio.gather(
        *(
            fuzz(folder, short if faults in {SECOND, THIRD} else whole, faults, names, SETTINGS if faults else FEWER)
            for faults, names in runs.items()
        )
    )
    return dict(zip(runs, done, strict=True))


def test_every_fault_is_planted_somewhere() -> None:
    assert FIRST | SECOND | THIRD == FAULTS == {name for name, *_ in FOUND}


@pytest.mark.parametrize(("fault", "oracle", "method", "endpoint", "title"), FOUND)
def test_a_planted_fault_is_found_and_confirmed(
    reports: dict[frozenset[str], dict[str, Any]], fault: str, oracle: str, method: str, endpoint: str, title: str
) -> None:
    """With its oracle, at its endpoint, seen again in a fresh world."""
    (report,) = (one for faults, one in reports.items() if fault in faults)
    levels = {
        one["level"]
        for one in report["findings"]
        if (one["oracle"], one["method"]) == (oracle, method)
        and one["endpoint"].startswith(endpoint)
        and title in one["title"]
    }
    assert levels == {"confirmed"}


def test_nothing_else_is_found(reports: dict[frozenset[str], dict[str, Any]]) -> None:
    """Memos that may be made twice, tags made by their name, a journal that grows: silence, and all is judged."""
    for report in reports.values():
        strangers = [
            (one["oracle"], one["endpoint"], one["title"])
            for one in report["findings"]
            if not any(
                one["oracle"] == oracle and one["method"] == method and one["endpoint"].startswith(endpoint)
                for _, oracle, method, endpoint, _ in FOUND
            )
        ]
        assert not strangers
        assert report["not_judged"] == []


def test_the_right_twin_is_silent(reports: dict[frozenset[str], dict[str, Any]]) -> None:
    """After as many cases as the others together, of every mutator: no finding of any level."""
    report = reports[frozenset()]
    assert report["findings"] == []
    assert report["not_judged"] == []
    assert report["summary"]["clean"] == report["summary"]["cases"] > 50
