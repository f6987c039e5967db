"""A stand-in of the recording is shown beside the id that QA gave: the rows hold that one."""

from __future__ import annotations

import pytest

from replay.model.evidence import Role
from replay.oracle.subject import plural, tenants_in_qa
from unit.oracle.evidence_make import trace


@pytest.mark.parametrize(
    ("renamed", "lines", "remark"),
    [
        ((("acme", "ten_9"), ("bolt", "ten_8")), [("acme", "ten_9"), ("bolt", "ten_8")], "both, each once"),
        ((("bolt", "ten_8"), ("note-1", "7")), [("bolt", "ten_8")], "what is known"),
        ((), [], "nothing is known: no proof"),
    ],
)
def test_each_tenant_has_its_name_in_qa(renamed, lines, remark):
    proofs = tenants_in_qa(trace(Role.MUTATED, 1, renamed=renamed), "acme", "bolt", "acme", "")
    shown = [(line["tenant"], line["in QA"]) for proof in proofs for line in proof.data]
    assert shown == lines, remark
    assert [proof.label for proof in proofs] == ["tenants"][: len(lines)]


def test_words_follow_their_number():
    assert (plural(1, "marker"), plural(6, "marker")) == ("1 marker", "6 markers")
