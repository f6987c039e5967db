"""What tells good code from bad in many projects is the tail: long files, long functions, drawers without a name."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess

import pytest

from architecture.source_tree import ROOT, functions, length, modules

MOST_LINES_OF_A_FILE = 350
MOST_LINES_OF_A_FUNCTION = 60
AIMS = {"file": 300, "function": 40}  # nine of ten keep them
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager", "managers", "shared", "stuff"}
TOP_LEVEL = {"pyproject.toml", "replay", "addons", "tests", "docs", "README.md", "LICENSE", "uv.lock"}


def tracked() -> list[str]:
    """Files that are in git, or would be: what a fresh clone gets."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:  # an unpacked source distribution
        return [p.relative_to(ROOT).as_posix() for top in TOP_LEVEL for p in (ROOT / top).rglob("*") if p.is_file()]
    return done.stdout.splitlines()


def test_no_file_is_too_long() -> None:
    """350 lines at most, and nine of ten below 300: split by concept."""
    long = {module.path: module.lines for module in modules() if module.lines > MOST_LINES_OF_A_FILE}
    assert long == {}
    lines = sorted(module.lines for module in modules())
    assert lines[len(lines) * 9 // 10] < AIMS["file"]
    assert statistics.median(lines) < 150


def test_no_function_is_too_long() -> None:
    """60 lines at most, nine of ten below 40, and half of them about ten."""
    sizes = {
        f"{module.path}:{function.name}": length(function) for module in modules() for function in functions(module)
    }
    assert {name: size for name, size in sizes.items() if size > MOST_LINES_OF_A_FUNCTION} == {}
    ordered = sorted(sizes.values())
    assert ordered[len(ordered) * 9 // 10] < AIMS["function"]
    assert statistics.median(ordered) <= 12


def test_no_drawers() -> None:
    """A file or folder is named after a concept, never utils, helpers, common, misc, base or manager."""
    drawers = [
        path
        for path in tracked()
        if path.endswith(".py")
        for part in path.removesuffix(".py").split("/")
        if DRAWERS & set(part.strip("_").split("_"))
    ]
    assert drawers == []


def test_every_module_says_what_it_is() -> None:
    """The first statement is a docstring whose first line is one sentence."""
    silent = []
    for module in modules():
        first = (ast.get_docstring(module.tree) or "").split("\n")[0]
        if len(first.split()) < 3 or first[-1] not in ".:!?":
            silent.append(f"{module.path}: {first!r}")
    assert silent == []


def test_every_test_says_what_it_promises() -> None:
    """A test module has a docstring; a test has one, too, or a name of three words or more."""
    silent = []
    for path in sorted(ROOT.glob("tests/**/test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree):
            silent.append(path.relative_to(ROOT).as_posix())
        for node in tree.body:
            is_test = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
            if is_test and not ast.get_docstring(node) and node.name.count("_") < 3:
                silent.append(f"{path.relative_to(ROOT).as_posix()}:{node.lineno} {node.name}")
    assert silent == []


def test_test_files_have_names_of_their_own() -> None:
    """Import mode importlib: two files of one name in different folders are hard to tell apart in a report."""
    names = [path.name for path in ROOT.glob("tests/**/*.py") if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []
    assert list(ROOT.glob("tests/**/__init__.py")) == []


def test_the_top_level_is_fixed() -> None:
    """A newcomer finds what they know: nothing else lies at the top but dot files."""
    tops = {path.partition("/")[0] for path in tracked()}
    assert sorted(top for top in tops if top not in TOP_LEVEL and not top.startswith(".")) == []


MACHINE_PATHS = re.compile(r"(?<![\w/.{])/(?:home|root|Users|work)/\w")


def test_no_path_of_a_machine() -> None:
    """Nothing points into somebody's home."""
    found = []
    for path in tracked():
        if path.startswith("tests/architecture/") or not (ROOT / path).is_file():
            continue
        for number, line in enumerate((ROOT / path).read_text("utf-8", "replace").splitlines(), 1):
            if MACHINE_PATHS.search(line):
                found.append(f"{path}:{number}")
    assert found == []


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "NotImplemented" + "Error"])
def test_nothing_is_left_for_later(word: str) -> None:
    """What is not needed yet is absent; what is there works."""
    patterns = ("replay/**/*.py", "addons/*.py", "tests/**/*.py", "docs/**/*.md", "README.md")
    whole = re.compile(rf"\b{word}\b")
    places = sorted(path for pattern in patterns for path in ROOT.glob(pattern))
    assert [path.relative_to(ROOT).as_posix() for path in places if whole.search(path.read_text("utf-8"))] == []


def test_nothing_is_empty_but_where_it_must_be() -> None:
    """No stub files: an empty module promises what it does not keep."""
    empty = [module.path for module in modules() if not module.text.strip()]
    assert empty == []


def test_suppressions_give_a_reason() -> None:
    """`noqa` and `type: ignore` name their rule; a broad `except` says why."""
    bare = re.compile(r"#\s*(?:noqa(?!:\s*[A-Z])|type:\s*ignore(?!\[))")
    blind = re.compile(r"#\s*noqa:[^#]*BLE001[\sA-Z0-9,]*$")
    found = []
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            if bare.search(line) or blind.search(line):
                found.append(f"{module.path}:{number}")
    assert found == []
