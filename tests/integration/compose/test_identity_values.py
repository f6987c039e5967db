"""Secrets from files and commands, and pools from files: real ones."""

import json
import sys
from pathlib import Path

import pytest

from replay.compose.identity_accounts import read_accounts
from replay.compose.identity_values import SecretReader, parse_reference
from replay.model.errors import ConfigError


def read(folder, table, environ=None):
    return SecretReader(environ or {}, folder).read(parse_reference("identity `qa`: token", table))


def test_a_file_is_looked_for_beside_the_configuration(tmp_path):
    (tmp_path / "token.txt").write_text("a-live-token\r\n")
    assert read(tmp_path, {"file": "token.txt"}) == "a-live-token"


def test_a_command_runs_without_a_shell_in_the_folder_of_the_configuration(tmp_path):
    """Its arguments are its own: `$HOME; x` is a text."""
    script = "import sys, os, pathlib; print(sys.argv[1], os.environ['SEEN'], pathlib.Path('here').exists())"
    (tmp_path / "here").touch()
    table = {"command": [sys.executable, "-c", script, "$HOME; x"]}
    assert read(tmp_path, table, {"SEEN": "yes"}) == "$HOME; x yes True"


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"file": "none.txt"}, "file none.txt cannot be read (No such file or directory)"),
        ({"file": "empty.txt"}, "file empty.txt holds nothing"),
        ({"file": "binary.bin"}, "file binary.bin is not UTF-8 text"),
        ({"command": ["no-such-program-here"]}, "the command no-such-program-here cannot be started"),
        ({"command": [sys.executable, "-c", "print('a-live-token'); raise SystemExit(3)"]}, "ended with status 3"),
        ({"command": [sys.executable, "-c", "print('x' * 70000)"]}, "wrote more than 65536 bytes"),
        ({"command": [sys.executable, "-c", "import time; time.sleep(60)"], "timeout": 0.2}, "took longer than 0.2 s"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, table, sentence):
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "binary.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, table)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("identity `qa`: token: ")
    assert "a-live-token" not in str(caught.value)


def accounts(folder: Path, name: str, text: str):
    (folder / name).write_text(text)
    return read_accounts("identity `qa`: `accounts`", {"file": name}, SecretReader({}, folder))


def test_accounts_come_from_csv_and_json_lines(tmp_path):
    """Quoted values, blank lines, and a tenant of QA's."""
    found = accounts(tmp_path, "a.csv", 'user,password,tenant\nann,"p,1",north\nbob,p2,\n')
    assert [(one.values, one.tenant) for one in found] == [
        ({"user": "ann", "password": "p,1"}, "north"),
        ({"user": "bob", "password": "p2"}, ""),
    ]
    lines = "\n".join(["", json.dumps({"user": "ann", "pin": 12}), json.dumps({"user": "bob", "pin": 13}), ""])
    assert [one.values["pin"] for one in accounts(tmp_path, "a.jsonl", lines)] == ["12", "13"]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "", "must name its columns"),
        ("a.csv", "ann@x.test,p1\n", "must name its columns"),
        ("a.csv", "user,password\nann\n", "line 2 of a.csv has not as many values"),
        ("a.csv", "user,password\nann,p,x\n", "line 2 of a.csv has not as many values"),
        ("a.csv", "user,password\n", "a.csv holds no account"),
        ("a.jsonl", '{"user": "ann"}\n[1]\n', "line 2 must hold a JSON object"),
        ("a.jsonl", '{"user": {"deep": 1}}\n', "line 1 must hold a JSON object"),
        ("a.jsonl", '{"user": "ann"}\n{"name": "bob"}\n', "account 2 of a.jsonl has other names"),
    ],
)
def test_a_wrong_pool_is_one_sentence_without_its_rows(tmp_path, name, text, sentence):
    with pytest.raises(ConfigError) as caught:
        accounts(tmp_path, name, text)
    assert sentence in str(caught.value)
    assert "ann" not in str(caught.value)
