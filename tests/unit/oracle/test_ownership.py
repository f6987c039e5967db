"""Ownership: which texts are markers, where they are found, and whose they are."""

from __future__ import annotations

import pytest

import make
from replay.model.body import Body
from replay.model.evidence import Role
from replay.oracle.ownership import (
    is_own,
    is_swapped,
    markers_answered,
    markers_in,
    markers_sent,
    ownership_of,
    places_of,
)
from unit.oracle.evidence_make import evidence, sent, trace


@pytest.mark.parametrize(
    ("text", "found", "remark"),
    [
        ("qabcdefgh2", {"qabcdefgh2"}, "alone"),
        ("Title qabcdefgh2, text", {"qabcdefgh2"}, "in a sentence"),
        ("xqabcdefgh2y", {"qabcdefgh2"}, "without a border"),
        ("qqabcdefgh2", {"qqabcdefgh", "qabcdefgh2"}, "overlapping: both may be one"),
        ("QABCDEFGH2", {"qabcdefgh2"}, "upper case"),
        ("qabcdefgh", set(), "too short"),
        ("qabcdefg10", set(), "0 and 1 are not in the alphabet"),
        ("<U1@D2.example>", {"u1@d2.example"}, "an address, in lower case"),
    ],
)
def test_markers_in_text(text, found, remark):
    assert markers_in(text) == found, remark


@pytest.mark.parametrize(
    ("answer", "remark"),
    [
        (make.response(answer={"a": "qabcdefgh2"}), "JSON"),
        (make.response(body=Body(b'{"a":"\\u0071abcdefgh2"}', "application/json")), "an escaped character"),
        (make.response(body=Body(b"\xff<p>qabcdefgh2", "text/html")), "no JSON, not even UTF-8"),
        (make.response(302, headers={"Location": "/n/%71abcdefgh2"}), "in a header, percent-encoded"),
    ],
)
def test_markers_are_found_wherever_an_answer_holds_them(answer, remark):
    assert "qabcdefgh2" in markers_answered(answer), remark
    assert places_of(answer, frozenset({"qabcdefgh2"}))


def test_markers_sent_in_path_query_header_and_body():
    headers = {"X": "qdddddddd2"}
    request = make.request("POST", "/a/qaaaaaaaa2?x=%71bbbbbbbb2", json={"t": "qcccccccc2"}, headers=headers)
    assert {"qaaaaaaaa2", "qbbbbbbbb2", "qcccccccc2", "qdddddddd2"} <= markers_sent(request)


def test_a_marker_of_two_tenants_belongs_to_neither_alone():
    """One person in two tenants has one address: it is foreign to neither."""
    here = trace(Role.CLEAN, 1, planted=(("u@d.example", "acme"), ("u@d.example", "bolt")))
    ownership = ownership_of(evidence(None, here), here)
    assert ownership.of_tenant("acme", {"u@d.example"}) == frozenset()
    assert ownership.foreign_to("bolt", {"u@d.example"}, is_fresh=True) == frozenset()
    assert ownership.foreign_to("cork", {"u@d.example"}, is_fresh=True) == {"u@d.example"}


def test_a_marker_without_a_tenant_belongs_to_nobody():
    here = trace(Role.CLEAN, 1, planted=(("qabcdefgh2", ""),))
    assert ownership_of(evidence(None, here), here).foreign_to("bolt", {"qabcdefgh2"}, is_fresh=True) == frozenset()


@pytest.mark.parametrize(
    ("tenant", "by", "own", "swapped", "remark"),
    [
        ("acme", "acme", True, False, "its own"),
        ("acme", "bolt", False, True, "another tenant's credentials"),
        ("", "bolt", False, False, "nobody knows whose request it is"),
        ("acme", "nobody", False, False, "no credentials"),
    ],
)
def test_who_carries_an_attempt(tenant, by, own, swapped, remark):
    attempt = sent("e", "GET", "/x", tenant=tenant, by=by)
    assert (is_own(attempt), is_swapped(attempt)) == (own, swapped), remark
