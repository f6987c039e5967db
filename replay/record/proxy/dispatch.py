"""Hooks found once per event instead of once per event and addon: half of a plain mitmproxy's time goes there.

Stock, for each of four events per request: walk all addons, look the method up by name, enter a context manager, and do
it again for `update`. Quick: the methods of an event are looked up when it first comes, and `update` goes out only when
somebody listens.

Rule: only a manager that looks as the one we know is made quick; any other stays stock, and slower.
"""

from __future__ import annotations

from typing import Any

from replay.record.proxy.mend import is_known_version

_NEEDED = ("chain", "register", "remove", "clear", "handle_lifecycle", "trigger_event", "_iter_hooks")


def quicken(addons: Any) -> bool:
    """Let mitmproxy's addon manager find hooks once; False: it is of another make and was left alone."""
    from mitmproxy import addonmanager
    from mitmproxy.version import VERSION

    is_fit = type(addons) is addonmanager.AddonManager and all(hasattr(addons, name) for name in _NEEDED)
    if not is_fit or not is_known_version(VERSION):
        return False
    try:
        from replay.record.proxy.quick_addons import QuickAddons
    except ImportError:
        return False
    addons.__class__ = QuickAddons
    addons.found = {}
    return True
