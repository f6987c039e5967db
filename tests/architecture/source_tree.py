"""The project's source as the architecture tests read it: files, syntax trees, calls with their full names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    path: str  # relative to the checkout, with forward slashes
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        return self.text.count("\n")


@lru_cache(maxsize=1)
def modules() -> tuple[Module, ...]:
    """Every Python file of the product: replay/ and addons/."""
    files = sorted([*ROOT.glob("replay/**/*.py"), *ROOT.glob("addons/**/*.py")])
    return tuple(module_of(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in files)


def module_of(path: str, text: str) -> Module:
    return Module(path, text, ast.parse(text, path))


def functions(module: Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the last one; decorators do not count."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def imported_names(module: Module) -> dict[str, str]:
    """What each imported name of a module stands for: `now` -> `datetime.datetime.now` needs this."""
    names: dict[str, str] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def uses(module: Module) -> Iterator[tuple[str, int]]:
    """Every dotted name that is used, imports resolved, with its line: ("time.time", 21)."""
    names = imported_names(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node)
            first, _, rest = dotted.partition(".")
            if first in names:
                yield (f"{names[first]}.{rest}" if rest else names[first]), node.lineno
            elif dotted:
                yield dotted, node.lineno


def calls(module: Module) -> Iterator[tuple[str, int]]:
    """Every call by its full name, with its line."""
    names = imported_names(module)
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            dotted = _dotted(node.func)
            first, _, rest = dotted.partition(".")
            known = names.get(first, first)
            yield (f"{known}.{rest}" if rest else known), node.lineno


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return "." + ".".join(reversed(parts)) if parts else ""
    parts.append(node.id)
    return ".".join(reversed(parts))
