"""How the command line names load shapes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from replay.model.errors import UsageError
from replay.play.shapes import MOST_COPIES, Shapes

_SHAPE = re.compile(r"(burst|hot|pages)=(\d{1,6})")
_MOST = {"burst": 1000, "hot": 10_000, "pages": 10_000}


def shapes_for(amplify: int, start: str, weights: Sequence[str], shapes: Sequence[str]) -> Shapes:
    """What `--amplify N`, `--amplify-start`, `--weight TENANT=N` and `--shape NAME=N` ask for. Raises UsageError."""
    if amplify > 1 and any(True for _ in weights):
        raise UsageError("--amplify makes all tenants heavier, --weight one of them: give one of them.")
    if start == "together" and amplify == 1 and not weights:
        raise UsageError("--amplify-start says when copies begin: give --amplify or --weight, too.")
    counts: dict[str, int] = {}
    for text in shapes:
        match = _SHAPE.fullmatch(text)
        if not match or match[1] in counts or not 1 <= int(match[2]) <= _MOST[match[1]]:
            bounds = ", ".join(f"{name} up to {most}" for name, most in _MOST.items())
            raise UsageError(f"--shape takes `burst=N`, `hot=N` or `pages=N`, each once ({bounds}).")
        counts[match[1]] = int(match[2])
    return Shapes(
        amplify,
        start == "together",
        tuple(map(_weight, weights)),
        counts.get("burst", 0),
        counts.get("hot", 0),
        counts.get("pages", 0),
    )


def _weight(text: str) -> tuple[str, int]:
    tenant, _, times = text.rpartition("=")
    if not tenant or not times.isascii() or not times.isdigit() or not 2 <= int(times) <= MOST_COPIES:
        raise UsageError(f"--weight takes a tenant of the capture and a number, 2 to {MOST_COPIES}, as in `t-4f1=5`.")
    return tenant, int(times)
