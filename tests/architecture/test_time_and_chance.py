"""Time and chance are arguments: who may read a clock or draw a secret stands here, with the reason."""

from __future__ import annotations

import pytest

from architecture.source_tree import calls, module_of, modules, uses

CLOCKS = {
    *(f"time.{name}" for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")),
    *(f"time.{name}" for name in ("process_time", "thread_time", "localtime", "gmtime", "sleep")),
    *(f"datetime.datetime.{name}" for name in ("now", "utcnow", "today")),
    "datetime.date.today",
}
CHANCE = {"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "random.SystemRandom", "secrets"}

MAY_READ_A_CLOCK = {
    "replay/engine/clock.py": "the one clock",
    "replay/demo/shop/clock.py": "the shop is a target: a program of its own",
    "replay/record/pump.py": "process rim: back-off and deadline of a real child process",
    "replay/record/writing.py": "process rim: when a batch is committed",
    "replay/record/child.py": "process rim: how long a child may take to say something",
    "replay/record/writer_process.py": "process rim: how long a child may take to end",
    "replay/record/recording.py": "process rim: how long the end may take",
    "replay/record/live_hearing.py": "process rim: how long the end may take",
    "replay/record/supervisor.py": "process rim: the age of what waits, for metrics",
    "replay/record/importing.py": "process rim: how long a locked capture is waited for",
    "replay/probe/postgres.py": "process rim: how long a server may take to show what it has committed",
    "replay/store/audit_log.py": "process rim: how long somebody else's line is waited for",
    "replay/canary/tree.py": "process rim: how long a recorder may take to start and to end",
    "replay/cli/record.py": "process rim: when a recording began; flows carry mitmproxy's own clock",
    "addons/recorder.py": "process rim: mitmproxy calls it without a clock",
}
MAY_DRAW = {
    "replay/compose/runs.py": "a run's own id",
    "replay/record/capture_start.py": "a capture's own id",
    "replay/compose/live_values.py": "a run's own key, for what its target answers",
    "replay/cli/repro.py": "the seed of a script's own values, which the script names",
    "replay/probe/postgres_slot.py": "the name of a temporary slot, of which a server has each once",
    "replay/store/run_seal.py": "the key and nonces of answers that wait beside a run file",
    "replay/record/hearing.py": "a key that lives as long as traffic is listened to",
    "replay/record/supervisor.py": "a token for the recorder's own processes",
    "replay/store/sealing.py": "data keys of an encrypted capture",
    "replay/store/key_files.py": "new keys",
    "replay/record/derived.py": "a capture's own id",
    "replay/demo/qa_database.py": "the name of a scratch database",
    "replay/demo/shop/": "passwords, tokens and keys of the shop",
}
MAY_PRINT = {
    "replay/cli/": "the command line",
    "replay/demo/": "the shop and its children are programs of their own",
    "replay/record/writer.py": "a program of its own: stderr carries its type names",
    "replay/record/worker.py": "a program of its own: stderr carries its type names",
    "replay/record/listening.py": "a program of its own: stderr carries its type names",
}


def _allowed(path: str, places: dict[str, str]) -> bool:
    return any(path == place or (place.endswith("/") and path.startswith(place)) for place in places)


def test_the_clock_is_read_in_listed_places_only() -> None:
    """Only a call reads a clock; handing `time.monotonic` over as an argument is what the rule asks for."""
    found = [
        f"{module.path}:{line} {name}"
        for module in modules()
        if not _allowed(module.path, MAY_READ_A_CLOCK)
        for name, line in calls(module)
        if name in CLOCKS
    ]
    assert found == []


def test_secrets_are_drawn_in_listed_places_only() -> None:
    """The same seed gives the same run: nothing else draws without one."""
    found = [
        f"{module.path}:{line} {name}"
        for module in modules()
        if not _allowed(module.path, MAY_DRAW)
        for name, line in calls(module)
        if name in CHANCE or name.startswith("secrets.")
    ]
    assert found == []


def test_chance_has_a_seed() -> None:
    """No function of the module `random`, and no `Random()` without an argument."""
    found = []
    for module in modules():
        seeded = {name for name, _ in uses(module) if name.startswith("random.") and name != "random.Random"}
        found += [f"{module.path}: {name}" for name in sorted(seeded)]
        found += [f"{module.path}:{line} Random()" for line in _unseeded(module.text, module.path)]
    assert found == []


def _unseeded(text: str, path: str) -> list[int]:
    import ast

    return [
        node.lineno
        for node in ast.walk(ast.parse(text, path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).split(".")[-1] == "Random"
        and not node.args
        and not node.keywords
    ]


def test_listed_places_exist_and_need_their_place() -> None:
    """A list kept by hand rots: an entry that is no longer needed goes."""
    stale = []
    for allowed, banned in ((MAY_READ_A_CLOCK, CLOCKS), (MAY_DRAW, CHANCE), (MAY_PRINT, {"print"})):
        for place in allowed:
            names = {name for module in modules() if _allowed(module.path, {place: ""}) for name, _ in uses(module)}
            if not any(name in banned or name.startswith("secrets.") or name == "click.echo" for name in names):
                stale.append(place)
    assert stale == []


def test_no_task_is_left_alone() -> None:
    """A task nobody awaits hides its error: TaskGroup instead of create_task, ensure_future or gather-and-forget."""
    banned = {"asyncio.create_task", "asyncio.ensure_future", "asyncio.get_event_loop"}
    found = [f"{module.path}:{line} {name}" for module in modules() for name, line in calls(module) if name in banned]
    found += [
        f"{module.path}:{line} {name}"
        for module in modules()
        for name, line in calls(module)
        if name.endswith(("loop.create_task", "loop().create_task"))
    ]
    assert found == []


def test_printing_is_for_programs() -> None:
    """Rooms return values and emit events; only programs print."""
    found = [
        f"{module.path}:{line}"
        for module in modules()
        if not _allowed(module.path, MAY_PRINT)
        for name, line in calls(module)
        if name in {"print", "sys.stdout.write", "sys.stderr.write", "click.echo", "breakpoint", "input"}
    ]
    assert found == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import time\ntime.time()", "time.time"),
        ("import time as t\nt.monotonic()", "time.monotonic"),
        ("from time import time\ntime()", "time.time"),
        ("from datetime import datetime as d\nd.now()", "datetime.datetime.now"),
        ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
        ("import random\nrandom.choice([1])", "random.choice"),
        ("from random import choice\nchoice([1])", "random.choice"),
        ("import asyncio\nasyncio.create_task(x)", "asyncio.create_task"),
    ],
)
def test_the_reader_of_calls_sees_through_imports(text: str, name: str) -> None:
    """The rules above rest on this."""
    assert name in {found for found, _ in calls(module_of("x.py", text))}
