"""Deletes what the run made, the newest first, with the credentials of whoever made it; and says what is left.

Rule: only requests that `Creations` proves, or the one request that the user wrote down, are sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from replay.engine.creations import Created, Creations
from replay.model.exchange import Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.remains import Remains

Send = Callable[[Request], Awaitable[Outcome]]
RUN = "{run}"


@dataclass(frozen=True, slots=True, repr=False)
class Cleanup:
    """`path` empty: by binding. Else one request that deletes by the run's tag; `{run}` stands for the run's id."""

    is_wanted: bool = False
    method: str = ""
    path: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def request(self, run_id: str) -> Request:
        fields = ((name, value.replace(RUN, run_id)) for name, value in self.headers)
        return Request(self.method, self.path.replace(RUN, run_id), Headers.of(fields))


async def clean_up(plan: Cleanup, run_id: str, creations: Creations, send: Send) -> tuple[Remains, ...]:
    """What was made, what was deleted again (by the replay itself, too), by endpoint."""
    deleted: Counter[str] = Counter(creations.gone)
    if plan.path:
        outcome = await send(plan.request(run_id))
        if isinstance(outcome, Response) and outcome.is_success:
            deleted.update(one.endpoint for one in creations.made.values())
    elif plan.is_wanted:
        deleted.update(await _undo(creations, send))
    return tuple(
        Remains("answers", endpoint, made, deleted[endpoint], creations.unproven.get(endpoint, 0))
        for endpoint, made in sorted(creations.counted.items())
    )


async def _undo(creations: Creations, send: Send) -> Counter[str]:
    """Twice at most: what a dependent thing held back (409) may go after that."""
    deleted: Counter[str] = Counter()
    pending = list(creations.undoing())
    for _ in range(2):
        held_back: list[tuple[str, Created]] = []
        for path, created in pending:
            outcome = await send(created.undo)
            if not isinstance(outcome, Response):
                continue
            if outcome.is_success or outcome.status == 410:  # a 404 may be the answer of a route that is not there
                deleted[created.endpoint] += 1
            elif outcome.status == 409:
                held_back.append((path, created))
        pending = held_back
    return deleted
