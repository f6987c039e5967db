"""A list of records, redacted field by field, comes out as if each record had been redacted alone."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import orjson
import pytest

from replay.redact.contract import Notes, Side
from replay.redact.pseudonyms import Pseudonym
from replay.redact.rewriter import Rewriter

KEY = bytes(range(32))

RECORDS: dict[str, list[Any]] = {
    "one kind a field": [{"id": 70_000 + i, "email": f"a{i}@shop.test", "ok": True, "at": None} for i in range(5)],
    "kinds that change": [{"v": v} for v in ("Ingrid Berg", 12, 123_456_789, 1.5, None, {"v": "Nora"}, ["Nora"], True)],
    "a word that stays among words that go": [{"status": s} for s in ("ACTIVE", "active", "Ingrid Berg", "x9")],
    "keys in two orders": [{"a": "Ann Lee", "b": 70_001}, {"b": 70_002, "a": "Bo Lind"}] * 3,
    "a key that is data": [{"name": "Ann Lee"}, {"name": "Bo Lind", "zq81hx73k2": 1}, {"name": "Cy Holm"}],
    "lists of words": [{"tags": ["Ann Lee", "express"]}, {"tags": []}, {"tags": ["Ann Lee"]}, {"tags": ["Bo", 70_001]}],
    "lists of records": [{"lines": [{"sku": f"sku_{i}7b749ffe", "n": n} for n in range(i)]} for i in range(5)],
    "lists of lists": [{"grid": [[70_001, 70_002], ["Ann Lee"], []]} for _ in range(4)],
    "secrets": [{"password": p} for p in ("hunter2", 4711, "", None, "hunter2")],
    "numbers that stay and numbers that go": [{"n": n, "phone": n} for n in (1, 2, 70_001, 9_007_199_254_740_993)],
    "whole and broken numbers": [{"n": n} for n in (1.0, 70_001.0, 0.123456789, 1e300)],
    "under an error": [{"error": {"code": c}} for c in ("E-77", "E-78", "ingrid.berg")],
}


def redacted(documents: list[Any], pseudonym: Pseudonym) -> tuple[list[Any], Notes]:
    """Each document at the place of a list's element, on one clipboard."""
    notes = Notes()
    desk = Rewriter(pseudonym, notes, Side.RESPONSE)
    return [desk.tree(orjson.loads(orjson.dumps([one])), "body")[0] for one in documents], notes


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("is_known", [False, True])
def test_records_together_are_redacted_as_alone(name: str, is_known: bool):
    """Values and notes, also when a part of the values has been seen before."""
    records = RECORDS[name]
    pseudonym = Pseudonym(KEY)
    if is_known:
        redacted(records[::2], pseudonym)
    notes = Notes()
    together = Rewriter(pseudonym, notes, Side.RESPONSE).tree(orjson.loads(orjson.dumps(records)), "body")
    alone, each = redacted(records, Pseudonym(KEY))
    assert together == alone
    assert (notes.originals, notes.words) == (each.originals, each.words)
    assert Counter(notes.counts) == Counter(each.counts)


def test_random_records_together_are_redacted_as_alone():
    """Shapes and values by chance, three times over with one memory."""
    rng = Random("columns")
    values = [v for some in RECORDS.values() for record in some for v in record.values()]
    records = [{rng.choice("abcde"): rng.choice(values) for _ in range(rng.randrange(4))} for _ in range(120)]
    alone, each = redacted(records, Pseudonym(KEY))
    pseudonym = Pseudonym(KEY)
    for _ in range(3):
        notes = Notes()
        assert Rewriter(pseudonym, notes, Side.RESPONSE).tree(orjson.loads(orjson.dumps(records)), "body") == alone
        assert (notes.originals, notes.words, notes.counts) == (each.originals, each.words, each.counts)
