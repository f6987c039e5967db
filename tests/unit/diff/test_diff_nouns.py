"""Which noun a place names, and that numbers of two nouns are never taken for names of one sort."""

from __future__ import annotations

import pytest

from replay.diff.nouns import noun_of
from replay.diff.renaming import Renaming
from replay.diff.sorts import joined


@pytest.mark.parametrize(
    ("endpoint", "place", "noun"),
    [
        ("GET /api/invoices", "body.items[*].enrolment_id", "enrolment"),
        ("GET /api/invoices", "body.items[*].id", "invoice"),
        ("GET /api/invoices/{id}", "body.id", "invoice"),
        ("POST /api/courses/{id}/enrolments", "body.id", "enrolment"),
        ("POST /api/courses/{id}/enrolments", "body.invoice_id", "invoice"),
        ("GET /orders", "body.data[*].attributes.customerId", "customer"),
        ("GET /orders", "body.customer.id", "customer"),
        ("GET /categories", "body[*].id", "category"),
        ("GET /", "body.id", ""),
    ],
)
def test_the_noun_of_a_place(endpoint: str, place: str, noun: str) -> None:
    assert noun_of(endpoint, place) == noun


def test_numbers_that_are_counted_in_step_are_two_sorts() -> None:
    """An enrolment and its invoice: renamed alike in every pair, and still two things. Their own places are one."""
    sites = {
        ("POST /enrolments", "body.id"),
        ("POST /enrolments", "body.invoice_id"),
        ("GET /invoices", "body.items[*].id"),
        ("GET /invoices", "body.items[*].enrolment_id"),
    }
    renaming = Renaming()
    for n in range(8):
        for endpoint, place in sites:
            renaming.see((endpoint, place), 100 + n, 124 + n, (f"e{n}", endpoint, place))
    assert set(joined([renaming], sites)) == {
        frozenset({("POST /enrolments", "body.id"), ("GET /invoices", "body.items[*].enrolment_id")}),
        frozenset({("POST /enrolments", "body.invoice_id"), ("GET /invoices", "body.items[*].id")}),
    }


def test_words_that_are_renamed_alike_are_one_sort() -> None:
    sites = {("GET /orders", "body.reference"), ("GET /parcels", "body.order")}
    renaming = Renaming()
    for n in range(4):
        for endpoint, place in sites:
            renaming.see((endpoint, place), f"RX-{n}", f"KL-{n * n}", (f"e{n}", endpoint, place))
    assert set(joined([renaming], sites)) == {frozenset(sites)}
