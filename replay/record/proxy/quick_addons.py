"""mitmproxy's addon manager with the hooks of an event found once.

What an addon sees does not change: same order, same arguments, an exception of one addon is logged and costs that
addon's hook only, `AddonHalt` ends the event.

    chain: [core, [parent, child], recorder]   "response" -> ((parent.response, child.response), (recorder.response,))

Rule: start, configuration and end go the stock way; adding or removing an addon forgets what was found.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from mitmproxy.addonmanager import AddonManager, safecall
from mitmproxy.exceptions import AddonHalt
from mitmproxy.flow import Flow
from mitmproxy.hooks import UpdateHook

Group = tuple[Callable[..., Any], ...]  # the hooks of one addon and its children: an exception ends the group


class QuickAddons(AddonManager):
    """An `AddonManager` becomes one by taking this class, with `found` empty."""

    found: dict[str, tuple[Group, ...]]

    def register(self, addon: Any) -> Any:
        """Also called by addons that bring in others while they run."""
        registered = super().register(addon)  # type: ignore[no-untyped-call] # the parent has no annotations
        self.found = {}
        return registered

    def add(self, *addons: Any) -> None:
        super().add(*addons)  # type: ignore[no-untyped-call] # the parent has no annotations
        self.found = {}

    def remove(self, addon: Any) -> None:
        super().remove(addon)  # type: ignore[no-untyped-call] # the parent has no annotations
        self.found = {}

    def clear(self) -> None:
        super().clear()  # type: ignore[no-untyped-call] # the parent has no annotations
        self.found = {}

    async def handle_lifecycle(self, event: Any) -> None:
        """The event of a flow or connection, then `update` for flows if somebody listens to it."""
        groups = self.found.get(event.name)
        if groups is None:
            groups = self._find(event)
        (message,) = event.args()
        if groups:
            await _call(groups, message)
        if isinstance(message, Flow) and self._has_update_listeners():
            await self.trigger_event(UpdateHook([message]))

    def _find(self, event: Any) -> tuple[Group, ...]:
        every = (tuple(hook for _, hook in self._iter_hooks(addon, event)) for addon in self.chain)
        groups = self.found[event.name] = tuple(group for group in every if group)
        return groups

    def _has_update_listeners(self) -> bool:
        groups = self.found.get("update")
        return bool(self._find(UpdateHook([])) if groups is None else groups)


async def _call(groups: tuple[Group, ...], message: Any) -> None:
    for group in groups:
        try:
            for hook in group:
                answer = hook(message)
                if answer is not None and inspect.isawaitable(answer):
                    await answer
        except AddonHalt:
            return
        except Exception:  # contained and logged by mitmproxy's own means
            with safecall():
                raise
