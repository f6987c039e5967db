"""The noise file: what is written is read back, byte for byte the same; damage is one sentence; the commands use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as some

from replay.cli import replay
from replay.compose.noise_file import read_noise, write_noise
from replay.diff.experience import Experience, KnownRule, Origin
from replay.model.difference import Coverage, Noise, NoiseRule, Relation
from replay.model.errors import ConfigError
from replay.model.event import NoiseLearned, RunStarted, UnitDone
from replay.model.run import RunInfo
from replay.store.run_reader import RunReader
from replay.store.run_writer import RunWriter

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=20)
RULES = some.builds(
    KnownRule,
    some.builds(
        NoiseRule, TEXTS, TEXTS, some.sampled_from(Relation), some.integers(0, 9), some.integers(0, 9),
        some.floats(0, 1),
    ),
    some.integers(0, 9), some.integers(0, 9), some.sampled_from(Origin), some.booleans(), TEXTS,
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(some.builds(Experience, some.integers(0, 99), some.lists(RULES, max_size=4).map(tuple)))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, known: Experience) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.toml"
    write_noise(path, known)
    assert read_noise(path) == known


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("version = 1\n[[rule]]\n", "rule 1 needs"),
        ("rule = 3", "no noise file"),
        ("version = 1\nother = 2", "no noise file"),
        ("a = [", "not valid TOML"),
        ('version = 1\n[[rule]]\nendpoint = "e"\nplace = "p"\nrelation = "odd"', "a relation is one of"),
        ('version = 1\n[[rule]]\nendpoint = "e"\nplace = "p"\nrelation = "type"\nruns = true', "another type"),
        ('version = 1\n[[rule]]\nendpoint = "e"\nplace = "p"\nrelation = "type"\nvalue = "x"', "no rule has"),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "noise.toml").write_text(text)
    with pytest.raises(ConfigError, match=word):
        read_noise(tmp_path / "noise.toml")


def run_file(path: Path) -> Path:
    """A run that learned two rules, and how closely it compared."""
    info = RunInfo("r1", "run", "c1", "http://t", 0, 0.0, (), (), "", "0")
    noise = Noise(
        (
            NoiseRule("GET /a", "status", Relation.EQUAL, 9, 0),
            NoiseRule("GET /a", "body.at", Relation.TIME, 9, 9),
            NoiseRule("GET /a", "body.score", Relation.TOLERANCE, 9, 9, 2e-9),
        )
    )
    writer = RunWriter.create(path)
    for event in (
        RunStarted(info, 1, 1),
        NoiseLearned(noise, (), (Coverage("GET /a", 3, 20, 4, 1),), "clean/0"),
        UnitDone("clean/0", 2, 2),
    ):
        writer.on_event(event)
    writer.close()
    return path


def call(*words: object) -> Result:
    return CliRunner().invoke(replay, ["noise", *map(str, words)], catch_exceptions=False, standalone_mode=False)


def test_the_run_file_keeps_limits_and_coverage(tmp_path: Path) -> None:
    reader = RunReader(run_file(tmp_path / "run.db"))
    try:
        assert reader.noise().by_place()["GET /a", "body.score"].limit == 2e-9
        assert reader.coverage() == (Coverage("GET /a", 3, 20, 4, 1),)
    finally:
        reader.close()


def test_learn_show_and_accept(tmp_path: Path) -> None:
    """From a run to a file, from the file to a rule that runs take for granted."""
    run, file = run_file(tmp_path / "run.db"), tmp_path / "noise.toml"
    assert "2 rules (2 new, 0 retired, 0 accepted)" in call("learn", run, "--noise", file).output
    shown = call("show", run).output
    assert "differs in 9 of 9 pairs of clean replays; still enforced: presence, format" in shown
    assert "compared  GET /a: 80 % equal, 16 % weaker, 4 % unchecked of 25 values" in shown
    rule = ("--endpoint", "GET /a", "--place", "body.score", "--reason", "a model")
    assert "must keep: tolerance" in call("accept", "--noise", file, *rule).output
    assert "accepted  GET /a  body.score  [tolerance]" in call("show", "--noise", file).output
    assert [one.place for one in read_noise(file).applied().rules] == ["body.score"]
