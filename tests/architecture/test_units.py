"""A new unit is one file, one line in its room's `builtin.py`, and one test."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from architecture.source_tree import ROOT

ROOMS = {"mutate": "mutators", "oracle": "oracles", "redact": "redactors", "probe": "probes", "report": "reporters"}


def units(room: str) -> list[Any]:
    """What a room offers, as instances; nothing for a room that chooses its units otherwise (a probe by its URL)."""
    builtin = ROOT / "replay" / room / "builtin.py"
    if not builtin.exists():
        return []
    tuple_ = getattr(importlib.import_module(f"replay.{room}.builtin"), "BUILTIN", ())
    return [one() if isinstance(one, type) else one for one in tuple_]


ALL = [pytest.param(room, unit, id=f"{room}-{unit.name}") for room in ROOMS for unit in units(room)]


def test_rooms_offer_their_units_in_a_tuple_that_can_be_read() -> None:
    """Order is a tuple, not an import side effect; mutators, oracles and redactors are never empty."""
    assert [room for room in ("mutate", "oracle", "redact") if not units(room)] == []


@pytest.mark.parametrize(("room", "unit"), ALL)
def test_a_unit_is_one_file_one_class_one_name(room: str, unit: Any) -> None:
    """duplicate_rows.py, DuplicateRows, "duplicate-rows"; a frozen dataclass whose fields are its configuration."""
    kind = type(unit)
    file = Path(inspect.getfile(kind)).relative_to(ROOT).as_posix()
    snake = unit.name.replace("-", "_")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", unit.name)
    assert file == f"replay/{room}/{snake}.py"
    assert kind.__name__ == "".join(part.capitalize() for part in unit.name.split("-"))
    assert inspect.getdoc(kind), "a unit says what it is"
    if room in {"mutate", "oracle"}:
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen


@pytest.mark.parametrize(("room", "unit"), ALL)
def test_a_unit_has_a_test(room: str, unit: Any) -> None:
    """Some test file speaks of it by its class, its module or its name."""
    words = (type(unit).__name__, f"{room}.{unit.name.replace('-', '_')}", f'"{unit.name}"')
    texts = [path.read_text("utf-8") for path in ROOT.glob("tests/**/test_*.py") if "architecture" not in path.parts]
    assert [word for word in words if any(word in text for text in texts)], f"no test speaks of {unit.name}"


@pytest.mark.parametrize(("room", "unit"), ALL)
def test_a_unit_is_registered_in_one_line(room: str, unit: Any) -> None:
    """Besides the builtin tuple, no module of the product imports the unit: it is asked through its contract."""
    module, name = f"replay.{room}.{unit.name.replace('-', '_')}", type(unit).__name__
    imports = re.compile(rf"^\s*from {module} import .*\b{name}\b", re.MULTILINE)
    knowing = [path for path in ROOT.glob("replay/**/*.py") if imports.search(path.read_text("utf-8"))]
    assert [path.relative_to(ROOT).as_posix() for path in knowing] == [f"replay/{room}/builtin.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_names_are_unique(room: str) -> None:
    """A name means one unit."""
    names = [unit.name for unit in units(room)]
    assert sorted(names) == sorted(set(names))


TOY = '''"""A toy that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Site, Step, clean_steps
from replay.model.session import Session


@dataclass(frozen=True, slots=True)
class Toy:
    """Sends the session as it was."""

    copies: int = 2

    name: ClassVar[str] = "toy"
    expectation: ClassVar[Expectation] = Expectation.SAME

    def sites(self, session: Session) -> Iterable[Site]:
        return ()

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        return clean_steps(session)
'''
OFFERED = (
    "from replay.compose.units import all_mutators\n"
    "offered = {unit.name: unit for unit in all_mutators({'toy': {'copies': 5}})}\n"
    "assert offered['toy'].copies == 5\n"
    "print(sorted(offered))\n"
)


def offered(folder: Path, *roots: Path) -> str:
    path = ":".join(str(root) for root in roots)
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {path.split(':')!r} + {sys.path!r}\n{OFFERED}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_new_mutator_is_one_file_and_one_line(tmp_path: Path) -> None:
    """In a copy of the tree: the file, one line in the tuple (and its import), and it is offered and configurable."""
    shutil.copytree(ROOT / "replay", tmp_path / "replay", ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (tmp_path / "replay/mutate/toy.py").write_text(TOY)
    builtin = tmp_path / "replay/mutate/builtin.py"
    head, mark, entries = builtin.read_text().rstrip().partition("\nBUILTIN")
    line = "    Toy(),\n" if "()," in entries else "    Toy,\n"
    builtin.write_text(f"{head}from replay.mutate.toy import Toy\n{mark}{entries[:-1]}{line})\n")
    assert "'toy'" in offered(tmp_path, tmp_path)


def test_a_third_party_mutator_needs_an_entry_point_only(tmp_path: Path) -> None:
    """A distribution of somebody else: its module and its entry point, and it is offered and configurable."""
    (tmp_path / "toy_package.py").write_text(TOY)
    info = tmp_path / "toy_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[replay.mutators]\ntoy = toy_package:Toy\n")
    assert "'toy'" in offered(tmp_path, ROOT, tmp_path)
