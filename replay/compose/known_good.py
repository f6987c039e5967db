"""The known-good build beside the target: a second way out, under the same guard, to a build that is right.

Rule: it is as much a target as the target: the same checks, the same budget, no other host. What is made there is not
cleaned up, so a run that cleans up does not take one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

from replay.compose.guarding import Keeper, is_reads_only
from replay.model.errors import UsageError
from replay.wire.guard import GuardedClient
from replay.wire.handshake import shake_hands
from replay.wire.target import Target, require_reachable, resolve_target

MakeClient = Callable[[Target], GuardedClient]


async def opened_known_good(
    url: str, allow: Callable[[Target], None], keeper: Keeper, make: MakeClient, stack: AsyncExitStack
) -> GuardedClient | None:
    """A client of it, closed with the stack; None when none was asked for. Raises UsageError, TargetError."""
    if not url:
        return None
    build = resolve_target(url)
    _require_fit(build, keeper)
    allow(build)
    await require_reachable(build)
    client = make(build)
    await stack.enter_async_context(client)
    if keeper.safety.handshake:
        await shake_hands(client, build, keeper.safety.handshake_token)
    return client


def _require_fit(build: Target, keeper: Keeper) -> None:
    safety = keeper.safety
    if build.url == keeper.target.url:
        raise UsageError("--known-good names the target itself: name the build that it is compared with.")
    if safety.cleanup.is_wanted:
        raise UsageError("--known-good cannot be cleaned up: leave it out, or leave [cleanup] out.")
    if is_reads_only(safety, build) != is_reads_only(safety, keeper.target):
        raise UsageError(
            "--known-good and --target must both allow writes, or neither: else they play different things."
        )
