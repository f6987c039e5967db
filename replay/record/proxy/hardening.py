"""What stands between mitmproxy's defaults and a service in production: mends for its HTTP side, and safe options.

install_hardening()        ->  ("interim-responses", "chunked-trailers", ...)   what holds on this mitmproxy
safe_defaults(options)     ->  {"connection_strategy": "lazy", ...}             what the user did not set himself
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from replay.record.proxy.connection_options import CONNECTION_OPTIONS
from replay.record.proxy.early_answers import EARLY_ANSWERS
from replay.record.proxy.expect_continue import EXPECT_CONTINUE
from replay.record.proxy.interim import INTERIM
from replay.record.proxy.mend import Mend, is_known_version
from replay.record.proxy.trailers import TRAILERS

if TYPE_CHECKING:
    from mitmproxy.optmanager import OptManager

logger = logging.getLogger("replay.recorder")

# In this order: the last one builds on interim responses and on early answers.
MENDS: tuple[Mend, ...] = (INTERIM, TRAILERS, EARLY_ANSWERS, CONNECTION_OPTIONS, EXPECT_CONTINUE)

SAFE_OPTIONS: tuple[tuple[str, str | bool], ...] = (
    ("connection_strategy", "lazy"),  # eager: clients of a dead upstream get a bare end of file instead of 502
    ("keep_host_header", True),  # else the service sees its own address instead of what the client asked for
    ("onboarding", False),  # else `Host: mitm.it` serves mitmproxy's own page
    ("block_global", False),  # else clients with public addresses are refused
    ("http3", False),  # else reverse:https also offers QUIC over UDP
    ("keep_alt_svc_header", True),  # else the service's Alt-Svc is rewritten
)

_installed: dict[str, bool] = {}  # per process, as the replaced methods are; False: tried, and mitmproxy left stock


def install_hardening(mends: tuple[Mend, ...] = MENDS) -> tuple[str, ...]:
    """Put every mend in place that fits and holds; a second call changes nothing. Never raises."""
    for mend in mends:
        if mend.name not in _installed:
            _installed[mend.name] = _install(mend)
            if not _installed[mend.name]:
                logger.warning("replay: %s does not fit this mitmproxy; it stays as it is", mend.name)
    return tuple(mend.name for mend in mends if _installed[mend.name])


def _install(mend: Mend) -> bool:
    from mitmproxy.version import VERSION

    undo = None
    try:
        if not is_known_version(VERSION) or not mend.fits():
            return False
        undo = mend.put()
        holds = mend.holds()
    except Exception:  # noqa: BLE001 - a mitmproxy that changed inside may raise anything; it then stays stock
        holds = False
    if undo is not None and not holds:
        undo()
    return holds


def safe_defaults(options: OptManager) -> dict[str, str | bool]:
    """Option -> value, for the options that this mitmproxy has and that nobody has set."""
    return {name: value for name, value in SAFE_OPTIONS if name in options and not _is_set(options, name)}


def _is_set(options: Any, name: str) -> bool:
    """mitmproxy tells "set to its default" from "not set" only inside."""
    from mitmproxy import optmanager

    try:
        return options._options[name].value is not optmanager.unset  # noqa: SLF001 - see above
    except (AttributeError, KeyError):
        return bool(getattr(options, name) != options.default(name))
