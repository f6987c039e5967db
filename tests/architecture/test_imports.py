"""Who may import whom: the contracts of pyproject.toml, and a house that stands without mitmproxy."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from architecture.source_tree import ROOT, modules

LINTER = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINTER, "--no-cache", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_contracts_hold() -> None:
    """Layers downward, no cycles at any depth, pure rooms pure, one speaker for each library."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts") :] + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("model/x.py", "import replay.store.x", "Layers point downward"),
        ("diff/x.py", "import replay.redact.x", "Layers point downward"),
        ("mutate/x.py", "import socket", "The pure rooms"),
        ("oracle/x.py", "import time", "The pure rooms"),
        ("cli/x.py", "import sqlite3", "SQL is spoken"),
        ("probe/x.py", "import aiohttp", "aiohttp is spoken"),
        ("engine/x.py", "import mitmproxy.http", "mitmproxy is spoken"),
        ("compose/x.py", "import click", "click is spoken"),
        ("novel/x.py", "", "every room has its place"),
        ("cli/x.py", "import replay.cli.y", "No cycles"),
    ],
)
def test_the_contracts_bite(tmp_path: Path, module: str, line: str, contract: str) -> None:
    """Each rule is broken once in a toy house, and is seen to be broken."""
    text = (ROOT / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(text[text.index("[tool.importlinter]") :])
    rooms = {part.strip() for layer in _layers() for part in layer.split("|")} | {module.partition("/")[0]}
    for room in rooms:
        (tmp_path / "replay" / room).mkdir(parents=True, exist_ok=True)
        (tmp_path / "replay" / room / "__init__.py").touch()
        (tmp_path / "replay" / room / "x.py").touch()
    (tmp_path / "replay/__init__.py").touch()
    (tmp_path / "replay/__main__.py").touch()
    (tmp_path / "replay/cli/y.py").write_text("import replay.cli.x\n")
    (tmp_path / "replay" / module).write_text(line + "\n")
    done = lint(tmp_path)
    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")] or done.stdout.splitlines()[-8:]
    assert done.returncode == 1
    assert any(contract in row for row in broken), done.stdout[done.stdout.find("Contracts") :]


def _layers() -> list[str]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(contract["layers"] for contract in contracts if contract["type"] == "layers")


def test_every_folder_of_the_package_is_a_room() -> None:
    """A room has an `__init__.py`: without one it would be outside of every contract."""
    folders = {Path(module.path).parent for module in modules() if module.path.startswith("replay/")}
    assert [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_nothing_shadows_a_module_in_the_addon_folder() -> None:
    """mitmproxy leaves the script's folder at sys.path[0]: a file there must not take a library's name."""
    assert [path.name for path in sorted((ROOT / "addons").glob("*.py"))] == ["recorder.py"]


WITHOUT_MITMPROXY = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"mitmproxy", "mitmproxy_rs"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
from replay.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize("words", [["--help"], ["fuzz", "--help"], ["record", "--help"], ["report", "--help"]])
def test_a_runner_without_mitmproxy_works(words: list[str]) -> None:
    """Replaying machines need no mitmproxy: nothing imports it before `replay record` really starts."""
    command = [sys.executable, "-c", WITHOUT_MITMPROXY, *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "Usage: replay" in done.stdout


def test_heavy_libraries_load_late() -> None:
    """Who writes a mutator or an oracle pays for no client, differ, database or terminal library."""
    heavy = {"aiohttp", "deepdiff", "sqlalchemy", "mitmproxy", "rich"}
    code = f"import sys, replay.mutate.builtin, replay.oracle.builtin; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
