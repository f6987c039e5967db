"""In CI a test that does not run is a failure, unless its reason is listed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from architecture.source_tree import ROOT

SUITES = {
    "a silent skip": ("import pytest\ndef test_a():\n    pytest.skip('no database today')\n", 1),
    "a marked skip": ("import pytest\n@pytest.mark.skip(reason='later')\ndef test_a(): pass\n", 1),
    "a whole file": ("import pytest\npytest.importorskip('no_such_module_here', reason='absent')\n", 1),
    "an accepted reason": ("import pytest\ndef test_a():\n    pytest.skip('needs mitmproxy 12')\n", 0),
    "no skip": ("def test_a(): pass\n", 0),
}


@pytest.mark.parametrize("name", SUITES)
def test_ci_refuses_silent_skips(tmp_path: Path, name: str) -> None:
    """CI=true and an unlisted skip: exit status 1 and the reason at the end. Without CI a skip is a skip."""
    text, status = SUITES[name]
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_toy.py").write_text(text + "\ndef test_b(): pass\n" if "importorskip" not in text else text)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    for ci, expected in (("true", status), ("", 5 if "importorskip" in text else 0)):
        environment = {**os.environ, "CI": ci}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout
        assert ("skipped without an accepted reason" in done.stdout) is (expected == 1)
