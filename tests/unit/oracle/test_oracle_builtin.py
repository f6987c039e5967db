"""The registry: every oracle states what it judges and needs, and its fields are its configuration."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Role
from replay.oracle.builtin import BUILTIN
from unit.oracle.evidence_make import case, evidence, sent, trace


def test_names_are_unique_and_follow_the_file():
    names = {oracle().name for oracle in BUILTIN}
    assert len(names) == len(BUILTIN)
    assert names == {oracle.__module__.rpartition(".")[2].replace("_", "-") for oracle in BUILTIN}


@pytest.mark.parametrize("oracle", BUILTIN)
def test_an_oracle_is_a_frozen_value_with_defaults(oracle):
    """`[oracles.NAME]` sets fields; without a table the defaults hold."""
    made = oracle()
    assert is_dataclass(made)
    assert hash(made) == hash(oracle())
    assert "name" not in {field.name for field in fields(made)}
    assert made.judges <= frozenset(Expectation)
    assert made.needs <= {"rows", "serial"}


@pytest.mark.parametrize("oracle", BUILTIN)
@pytest.mark.parametrize("expectation", list(Expectation))
def test_empty_and_poor_evidence_raises_nothing(oracle, expectation):
    """No traces, no rows, a fault in place of an answer, no actor: an oracle is silent, it does not fail."""
    about = case(expectation, "GET /x")
    lone = trace(Role.MUTATED, 1, sent("e", "GET", "/x", 200, part=Part.JUDGED, tenant=""), rows=None)
    faulty = trace(Role.CONTROL, 2, sent("e", "GET", "/x", part=Part.JUDGED), rows=None)
    for poor in (evidence(about), evidence(None), evidence(about, lone), evidence(about, faulty, faulty, lone)):
        assert list(oracle().judge(poor)) == []
