"""One door to disk: only the policy makes a `RedactedExchange`, and only the writer's room takes one."""

from __future__ import annotations

import ast

from architecture.source_tree import calls, modules, uses

MAKER = "replay/redact/policy.py"
NAME = "replay.model.exchange.RedactedExchange"


def test_only_the_policy_makes_a_redacted_exchange() -> None:
    """No other module calls RedactedExchange, casts to it, or silences mypy about it."""
    found = []
    for module in modules():
        if module.path == MAKER:
            continue
        found += [f"{module.path}:{line}" for name, line in calls(module) if name == NAME]
        for node in ast.walk(module.tree):
            is_cast = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("cast")
            if is_cast and "RedactedExchange" in ast.unparse(node):
                found.append(f"{module.path}: cast")
    assert found == []


def test_the_policy_makes_it_in_one_place() -> None:
    """One call, after the second look."""
    made = [line for module in modules() if module.path == MAKER for name, line in calls(module) if name == NAME]
    assert len(made) == 1


def test_the_writer_takes_nothing_else() -> None:
    """The capture writer names RedactedExchange as its argument and does not know the plain Exchange."""
    (writer,) = [module for module in modules() if module.path == "replay/store/capture_writer.py"]
    names = {name for name, _ in uses(writer)}
    assert NAME in names
    takes = [
        ast.unparse(argument.annotation)
        for node in ast.walk(writer.tree)
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        for argument in node.args.args
        if argument.annotation is not None
    ]
    assert [one for one in takes if one in {"Exchange", "exchange.Exchange"}] == []
