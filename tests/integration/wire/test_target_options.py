"""[target] of replay.toml and the options of the command line: one set of words, checked before anything is sent."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from replay.cli.options_wire import wire_of, wire_options
from replay.compose.config import parse_config
from replay.model.errors import ConfigError
from replay.wire.options import Connections, Lane, WireOptions

FILE = Path("replay.toml")


def of_file(text):
    return parse_config(b"[target]\n" + text.encode(), FILE).target


def test_every_key_of_the_table_is_taken():
    """As the client has it."""
    text = (
        'connections = "recorded"\npool = 8\nlane = "general"\nconnect_timeout_seconds = 2\n'
        'first_byte_timeout_seconds = 0.5\nca = "ca.pem"\nclient_cert = "c.pem"\nclient_key = "k.pem"\n'
        'sni = "shop.example"\ninsecure = true\n'
    )
    assert of_file(text) == WireOptions(
        Connections.RECORDED, 8, Lane.GENERAL, 2.0, 0.5, Path("ca.pem"), Path("c.pem"), Path("k.pem"),
        "shop.example", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ports = 1", "ports is unknown. There are: connections"),
        ('connections = "one"', 'takes "pool" or "recorded"'),
        ("connections = 1", 'takes "pool" or "recorded"'),
        ("pool = -1", "takes a whole number"),
        ("pool = true", "takes a whole number"),
        ("connect_timeout_seconds = 0", "takes a number of seconds above 0"),
        ("connect_timeout_seconds = nan", "takes a number of seconds above 0"),
        ('insecure = "no"', "takes true or false"),
        ("ca = 1", "takes a file"),
        ('sni = ""', "takes a host name"),
        ('client_key = "k.pem"', "client_cert, which is missing"),
    ],
)
def test_a_wrong_table_is_one_sentence(text, sentence):
    """Which file, which key, what it takes."""
    with pytest.raises(ConfigError, match=r"replay.toml: \[target\] .*" + sentence):
        of_file(text)


def chosen(*words, file=WireOptions()):  # noqa: B008 - frozen
    """What the command line makes of the file's options, and what it says on the terminal."""
    taken = []

    @click.command()
    @wire_options
    def command(**options):
        taken.append(wire_of(file, options))

    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    return taken[0], result.output


def test_the_command_line_wins_key_by_key():
    """What is not said there is the file's."""
    file = WireOptions(connections=Connections.RECORDED, pool=3, ca=Path("a.pem"))
    assert chosen(file=file)[0] == file
    assert chosen("--pool", "9", "--ca", "b.pem", file=file)[0] == WireOptions(
        connections=Connections.RECORDED, pool=9, ca=Path("b.pem")
    )
    assert chosen("--connections", "pool", file=file)[0].connections is Connections.POOL


def test_a_certificate_may_name_its_key(tmp_path):
    """FILE:KEY; a file with a colon in its name is that file; another certificate does not inherit the file's key."""
    file = WireOptions(client_cert=Path("old.pem"), client_key=Path("old.key"))
    taken = chosen("--client-cert", "new.pem:new.key", file=file)[0]
    assert (taken.client_cert, taken.client_key) == (Path("new.pem"), Path("new.key"))
    assert chosen("--client-cert", "new.pem", file=file)[0].client_key is None
    odd = tmp_path / "a:b.pem"
    odd.write_text("")
    assert chosen("--client-cert", str(odd))[0].client_cert == odd


def test_a_run_that_trusts_anybody_says_so():
    """Wherever it was asked for."""
    assert "WARNING" in chosen("--insecure")[1]
    assert "WARNING" in chosen(file=WireOptions(insecure=True))[1]
    assert "WARNING" not in chosen("--pool", "1")[1]
