"""The [pace] table: checked when it is read, and replaced as a whole by a plan on the command line."""

from pathlib import Path

import pytest

from replay.compose.config import parse_config
from replay.compose.config_pace import with_chosen
from replay.model.errors import ConfigError
from replay.pace.builtin import PaceWords

FILE = Path("replay.toml")


def test_the_table_speaks_the_options_words():
    config = parse_config(b'[pace]\nrate = "200/s"\ncatch_up = "stretch"\n', FILE)
    assert config.pace == PaceWords(rate="200/s", catch_up="stretch")
    assert parse_config(b"[pace]\nsessions = 8\n", FILE).pace == PaceWords(sessions=8)


WRONG = [
    (b'[pace]\nspede = "2x"\n', "spede is unknown. There are: speed, rate"),
    (b"[pace]\nspeed = 2\n", "speed takes a text"),
    (b"[pace]\nsessions = 0\n", "sessions takes a whole number above 0"),
    (b"[pace]\nsessions = true\n", "sessions takes a whole number above 0"),
    (b'[pace]\nrate = "5/s"\nspeed = "2x"\n', "two plans"),
    (b'[pace]\nrate = "many"\n', "--rate takes requests per time"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_table_that_makes_no_plan_is_one_sentence(text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        parse_config(text, FILE)
    assert str(caught.value).startswith("replay.toml: [pace] ")


def test_a_plan_on_the_command_line_replaces_the_files():
    """Nothing of the file's plan is left, so no two halves contradict each other."""
    file = PaceWords(rate="200/s", catch_up="stretch")
    assert with_chosen(file, PaceWords()) == file
    assert with_chosen(file, PaceWords(speed="max")) == PaceWords(speed="max")
    assert with_chosen(file, PaceWords(catch_up="skip")) == PaceWords(rate="200/s", catch_up="skip")
