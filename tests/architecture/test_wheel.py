"""What is in the wheel, and that it works where nothing else of ours is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from architecture.source_tree import ROOT

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that the checkout stays clean."""
    source = tmp_path_factory.mktemp("source")
    for name in ("replay", "addons"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (made,) = out.glob("*.whl")
    return made


def test_the_wheel_holds_the_package_and_the_addon(wheel: Path) -> None:
    """Every module, the addon as replay/addons/recorder.py, the type marker and the licence; nothing else."""
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("replay/**/*.py")}
    assert modules - names == set()
    assert "replay/addons/recorder.py" in names
    assert "replay/py.typed" in names
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    strange = [name for name in names if not name.startswith("replay/") and ".dist-info/" not in name]
    strange += [name for name in names if "__pycache__" in name or "_cache" in name or name.startswith("tests/")]
    assert strange == []


def test_the_wheel_works_in_a_clean_environment(wheel: Path, tmp_path: Path) -> None:
    """Installed without extras: the command answers, and the addon's path is a file that mitmdump can load."""
    home = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([home / "bin/pip", "install", "-q", "--disable-pip-version-check", str(wheel)], check=True)
    done = subprocess.run([home / "bin/replay", "--version"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()[:6]) == (0, "replay"), done.stderr
    code = "import replay, pathlib; print(pathlib.Path(replay.__file__).parent / 'addons/recorder.py')"
    path = subprocess.run([home / "bin/python", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    load = [home / "bin/mitmdump", "-q", "-n", "-s", path.stdout.strip(), "--options"]
    shown = subprocess.run(load, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert "Traceback" not in shown.stderr
