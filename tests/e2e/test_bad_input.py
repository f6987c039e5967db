"""Bad input gets one clear sentence on stderr and exit status 2; nothing is half-written."""

import socket
import sqlite3
import subprocess
import sys

import pytest

from replay.store.capture_schema import APPLICATION_ID

REPLAY = [sys.executable, "-m", "replay"]


def replay(folder, *arguments):
    return subprocess.run([*REPLAY, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def expect_sentence(done, *words):
    assert done.returncode == 2, done.stderr
    said = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(said) == 1, done.stderr
    assert said[0].startswith("replay: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in said[0], said[0]


@pytest.fixture
def capture(tmp_path):
    """A real, small capture, made by the same writer as production uses."""
    from make_capture import write_capture

    return write_capture(tmp_path / "capture.db")


@pytest.fixture
def foreign(tmp_path):
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    return tmp_path / "foreign.db"


@pytest.mark.parametrize("command", [["inspect"], ["run", "--target", "http://127.0.0.1:9", "--out", "r.db"]])
def test_a_missing_capture(tmp_path, command):
    expect_sentence(replay(tmp_path, command[0], "nowhere.db", *command[1:]), "nowhere.db")
    assert not (tmp_path / "r.db").exists()


@pytest.mark.parametrize("command", ["judge", "report"])
def test_a_missing_run_file(tmp_path, command):
    expect_sentence(replay(tmp_path, command, "nowhere.db"), "nowhere.db")


def test_a_file_that_is_not_sqlite(tmp_path):
    (tmp_path / "text.db").write_text("just some text, long enough to hold a header of a hundred bytes " * 4)
    expect_sentence(replay(tmp_path, "inspect", "text.db"), "text.db")


def test_somebody_elses_sqlite_file(tmp_path, foreign):
    expect_sentence(replay(tmp_path, "inspect", foreign.name), foreign.name)
    expect_sentence(replay(tmp_path, "report", foreign.name), foreign.name)


def test_a_capture_is_not_a_run_file(tmp_path, capture):
    expect_sentence(replay(tmp_path, "report", capture.name), capture.name)


def test_a_newer_format_version(tmp_path, capture):
    with sqlite3.connect(capture) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    expect_sentence(replay(tmp_path, "inspect", capture.name), capture.name, "99")


def test_an_empty_capture(tmp_path):
    from make_capture import write_capture

    write_capture(tmp_path / "empty.db", exchanges=())
    done = replay(tmp_path, "run", "empty.db", "--target", "http://127.0.0.1:9", "--out", "r.db")
    expect_sentence(done, "empty.db", "empty capture")
    assert not (tmp_path / "r.db").exists()


def test_an_unreachable_target(tmp_path, capture):
    done = replay(tmp_path, "run", capture.name, "--target", "http://127.0.0.1:9", "--out", "r.db")
    expect_sentence(done, "Nothing answers at http://127.0.0.1:9")
    assert not (tmp_path / "r.db").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_origin_as_target(tmp_path, host):
    from make_capture import write_capture

    write_capture(tmp_path / "capture.db", origin=("127.0.0.1", 8099))
    done = replay(tmp_path, "run", "capture.db", "--target", f"http://{host}:8099", "--out", "r.db")
    expect_sentence(done, "where this capture was recorded", "--allow-origin")
    assert not (tmp_path / "r.db").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[mutators.duplciate]\ncopies = 3\n",
            ["duplciate", "duplicate, idempotency-key, inflate, race, retry, swap-tenant"],
        ),
        ("[mutators.duplicate]\ncopys = 3\n", ["copys", "copies"]),
        ("[mutators.duplicate]\ncopies = 'many'\n", ["copies", "a whole number"]),
        ("[oracles.nothing]\n", ["nothing", "duplicate-rows"]),
        ("[run]\nspeeed = 3\n", ["speeed", "concurrency"]),
        ("[run]\nconcurrency = -1\n", ["concurrency", "whole number"]),
        ("[rnu]\n", ["rnu", "run, mutators"]),
        ("not toml at all [", ["replay.toml", "TOML"]),
    ],
)
def test_a_wrong_configuration_names_the_valid_choices(tmp_path, capture, text, words):
    (tmp_path / "replay.toml").write_text(text)
    done = replay(tmp_path, "fuzz", capture.name, "--target", "http://127.0.0.1:9", "--out", "r.db")
    expect_sentence(done, *words)
    assert not (tmp_path / "r.db").exists()


def test_an_unknown_mutator(tmp_path, capture):
    done = replay(tmp_path, "fuzz", capture.name, "--target", "http://127.0.0.1:9", "--out", "r.db", "--mutate", "rase")
    expect_sentence(done, "rase", "duplicate, idempotency-key, inflate, race, retry, swap-tenant")


def test_an_unknown_database(tmp_path, capture):
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = f"http://127.0.0.1:{server.getsockname()[1]}"
        done = replay(
            tmp_path, "fuzz", capture.name, "--target", target, "--out", "r.db", "--db", "oracle://scott:tiger@x/y"
        )
    expect_sentence(done, "sqlite", "postgresql")
    assert "tiger" not in done.stderr
    assert not (tmp_path / "r.db").exists()


def test_a_busy_port(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = replay(
            tmp_path, "record", "--upstream", "http://127.0.0.1:9", "--listen", f"127.0.0.1:{port}", "--capture", "c.db"
        )
    expect_sentence(done, str(port))
    assert not (tmp_path / "c.db").exists(), "nothing half-written"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("a file where a folder should be")
    expect_sentence(
        replay(
            tmp_path, "record", "--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--capture", "file/c.db"
        ),
        "file",
    )
    expect_sentence(replay(tmp_path, "demo", "--out", "file/there"), "file/there")


@pytest.mark.parametrize(
    "arguments",
    [["run"], ["fuzz", "x.db"], ["report", "x.db", "--format", "pdf"], ["nonsense"], ["run", "x", "--speed"]],
)
def test_wrong_usage(tmp_path, arguments):
    """A command line that makes no sense ends in one sentence, never in a traceback."""
    expect_sentence(replay(tmp_path, *arguments))


def test_the_application_id_is_ours():
    assert APPLICATION_ID
