"""A recorder that cannot record says so in one sentence before any traffic, and ends."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.record.addon import addon_path

MITMDUMP = "import sys; from mitmproxy.tools.main import mitmdump; sys.exit(mitmdump())"
RECORD = """
import sys
from replay.cli.record import record_command
from replay.model.errors import ReplayError
try:
    record_command(standalone_mode=False)
except ReplayError as error:
    print(f"replay: {error}", file=sys.stderr)
    sys.exit(2)
"""


def existing(folder: Path) -> dict[str, str]:
    (folder / "c.db").write_text("somebody's")
    return {"capture": str(folder / "c.db")}


def misspelt(folder: Path) -> dict[str, str]:
    (folder / "replay.toml").write_text("[redact]\nkepe = []\n")
    return {"capture": f"{folder}/c.db", "config": str(folder / "replay.toml")}


BAD: list[tuple[str, Callable[[Path], dict[str, str]], str]] = [
    ("file exists", existing, "c.db exists already: choose another name or remove it"),
    ("no folder", lambda folder: {"capture": str(folder / "no" / "c.db")}, "its folder does not exist"),
    ("nobody may write there", lambda _: {"capture": "/proc/c.db"}, "/proc/c.db cannot be written"),
    (
        "empty variable",
        lambda folder: {"capture": f"{folder}/c.db", "key": "env:REPLAY_NO_KEY"},
        "REPLAY_NO_KEY is empty",
    ),
    ("no key file", lambda folder: {"capture": f"{folder}/c.db", "key": f"file:{folder}/k"}, "cannot be read"),
    (
        "no config",
        lambda folder: {"capture": f"{folder}/c.db", "config": "/nowhere.toml"},
        "/nowhere.toml does not exist",
    ),
    ("unknown key", misspelt, "unknown key 'kepe'; valid: level, policy"),
]


@pytest.mark.parametrize(("make", "words"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
@pytest.mark.parametrize("way", ["mitmdump", "record"])
def test_bad_options_are_one_sentence_and_no_traceback(
    tmp_path: Path, free_port: int, way: str, make: Callable[[Path], dict[str, str]], words: str
) -> None:
    options = make(tmp_path)
    if way == "mitmdump":
        settings = [word for name, value in options.items() for word in ("--set", f"replay_{name}={value}")]
        addon = ["-s", str(addon_path()), "--set", f"confdir={tmp_path}"]
        command = [MITMDUMP, "-q", "-p", str(free_port), *addon, *settings]
    else:
        flags = [word for name, value in options.items() for word in (f"--{name}", value)]
        command = [RECORD, "--upstream", "http://127.0.0.1:9", "--listen", f"127.0.0.1:{free_port}", *flags]
    done = subprocess.run([sys.executable, "-c", *command], capture_output=True, text=True, timeout=30, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == (1 if way == "mitmdump" else 2)
    assert said.count("replay:") == 1
    assert words in said
    assert "Traceback" not in said


def record(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", RECORD, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        listen = f"127.0.0.1:{server.getsockname()[1]}"
        done = record("--upstream", "http://127.0.0.1:9", "--listen", listen, "--capture", str(tmp_path / "c.db"))
    assert (done.returncode, done.stderr) == (2, f"replay: cannot listen on {listen}: Address already in use\n")
    assert not (tmp_path / "c.db").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--upstream", "shop:80"], "--upstream must be http", id="no scheme"),
        pytest.param(["--upstream", "http://shop/api"], "without a path", id="a path would be lost"),
        pytest.param(["--upstream", "http://u:p@shop"], "--upstream must be http", id="credentials"),
        pytest.param(["--upstream", "http://shop", "--listen", "8080"], "--listen must be HOST:PORT", id="no host"),
        pytest.param(["--upstream", "http://shop", "--key", "s3cret"], "--key takes env:NAME or file:PATH", id="a key"),
    ],
)
def test_words_that_cannot_be_meant(tmp_path: Path, words: list[str], said: str) -> None:
    done = record("--capture", str(tmp_path / "c.db"), *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "s3cret" not in done.stderr
    assert "u:p" not in done.stderr


def test_tls_key_logging_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    done = record("--upstream", "http://127.0.0.1:9", "--capture", str(tmp_path / "c.db"))
    assert done.returncode == 2
    assert "SSLKEYLOGFILE is set" in done.stderr


def test_the_addon_path_can_be_printed() -> None:
    done = record("--print-addon-path")
    assert done.returncode == 0
    assert Path(done.stdout.strip()).name == "recorder.py"
    assert Path(done.stdout.strip()).is_file()


def test_the_addon_imports_without_mitmproxy() -> None:
    """Importing it needs `replay` only; mitmproxy is there when it runs."""
    program = (
        "import sys, importlib.util; sys.modules['mitmproxy'] = None\n"
        f"spec = importlib.util.spec_from_file_location('recorder', {str(addon_path())!r})\n"
        "module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)\n"
        "print(module.addons[0].name)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "replay-recorder\n", done.stderr
