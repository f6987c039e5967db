"""What fails a build, and what the configuration file may say."""

from dataclasses import replace
from pathlib import Path

import pytest

from replay.compose.config import load_config, parse_config
from replay.compose.verdicts import Threshold, exit_status
from replay.engine.settings import RunSettings
from replay.model.errors import ConfigError
from replay.model.finding import Finding, Level, NotJudged, Severity
from replay.model.run import RunInfo
from replay.report.view import RunView

FOUND = Finding("f", "o", "m", Severity.MEDIUM, Level.CONFIRMED, "/", "GET", "t", "e", "o", "")
RUN = RunInfo("r", "run", "c", "http://127.0.0.1:1", 0, 0.0, (), (), "", "0", 1.0, True)
UNSURE = NotJudged("control-drifted", "", "", "")
LEFT_OUT = NotJudged("websocket", "1 exchange not sent", "", "none")


@pytest.mark.parametrize(
    ("findings", "not_judged", "threshold", "finished", "status", "remark"),
    [
        ((), (), Threshold(), True, 0, "clean"),
        ((FOUND,), (), Threshold(), True, 1, "a confirmed finding"),
        ((FOUND,), (UNSURE,), Threshold(), True, 1, "a finding outweighs what could not be judged"),
        ((), (UNSURE,), Threshold(), True, 3, "never silently green"),
        ((), (LEFT_OUT,), Threshold(), True, 0, "no run can send a WebSocket: told, and no reason for 3"),
        ((), (LEFT_OUT, UNSURE), Threshold(), True, 3, "what can be played still counts"),
        ((), (LEFT_OUT,), Threshold(), False, 3, "stopped early all the same"),
        ((), (), Threshold(), False, 3, "stopped early: not everything was judged"),
        ((FOUND,), (), Threshold(Severity.HIGH), True, 0, "below the threshold"),
        ((FOUND,), (), Threshold(Severity.MEDIUM), True, 1, "at the threshold"),
        ((FOUND,), (), Threshold(None), True, 0, "--fail-on never"),
        ((replace(FOUND, level=Level.PROBABLE),), (), Threshold(), True, 0, "only confirmed ones fail by default"),
        ((replace(FOUND, level=Level.PROBABLE),), (), Threshold(probable=True), True, 1, "unless asked for"),
        ((replace(FOUND, level=Level.INFO),), (), Threshold(probable=True), True, 0, "info never fails"),
    ],
)
def test_exit_status(findings, not_judged, threshold, finished, status, remark):
    """0 clean, 1 findings, 3 something could not be judged."""
    view = RunView(replace(RUN, finished=finished), findings=findings, not_judged=not_judged)
    assert exit_status(view, threshold) == status, remark


def configured(text):
    return parse_config(text.encode() if isinstance(text, str) else text, Path("replay.toml"))


def test_no_file_means_defaults():
    assert load_config(None, Path("/nowhere")).settings() == RunSettings()


def test_the_command_line_beats_the_file_and_the_file_beats_the_defaults():
    config = configured("[run]\nconcurrency = 4\nquiet_seconds = 1\n")
    settings = config.settings(concurrency=2, seed=None)
    assert (settings.concurrency, settings.quiet_seconds, settings.seed) == (2, 1, 0)


def test_tables_of_other_rooms_pass_by():
    assert configured("[redact]\nkeep = []\n[record]\nbody_kb = 4\n").run == {}


@pytest.mark.parametrize(
    "text", ["[run]\nseed = 'x'\n", "[run]\nconcurrency = true\n", "[run]\nseed = 1.5\n", "run = 3\n", "[a", b"\xff"]
)
def test_a_bad_file_is_one_sentence(text):
    with pytest.raises(ConfigError) as raised:
        configured(text)
    assert "\n" not in str(raised.value)
    assert "replay.toml" in str(raised.value)


def test_a_named_file_must_exist():
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Path("/nowhere/at/all.toml"), Path("/"))
