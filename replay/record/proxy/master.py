"""The tuned master: mitmproxy with the few addons that passing traffic on needs, in mitmproxy's own order.

Of some thirty default addons five do the work. Another comes in when the user sets an option of it: `--set
upstream_auth=...` brings the addon that knows `upstream_auth`. If mitmproxy's list looks different, it is kept whole.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError, UsageError
from replay.record.proxy.dispatch import quicken
from replay.record.proxy.hardening import safe_defaults

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mitmproxy.master import Master

    from replay.record.proxy.plan import ProxyPlan

_ESSENTIAL = frozenset({"Core", "DisableH2C", "Proxyserver", "NextLayer", "TlsConfig"})
# Each makes mitmproxy read its authority, or make one in its default folder: they are set together, before all others.
_AUTHORITY = ("key_size", "cert_passphrase", "confdir")


def make_master(plan: ProxyPlan, confdir: str, others: Sequence[Any]) -> Master:
    """A master with `others` as its last addons, set up as the plan says; call it inside the running loop.

    Raises UsageError on an option that mitmproxy does not know or refuses, RecordError on a certificate it cannot use.
    """
    from mitmproxy.master import Master
    from mitmproxy.options import Options

    master = Master(Options())
    quicken(master.addons)
    wanted = {name for name, _ in plan.settings}
    master.addons.add(*_chosen(wanted), *others)
    _apply_settings(master, plan, confdir)
    _require_authority(master)
    _apply_plan(master, plan)
    return master


def _chosen(wanted: set[str]) -> list[Any]:
    from mitmproxy.addons import default_addons

    every: list[Any] = default_addons()
    if not {type(addon).__name__ for addon in every} >= _ESSENTIAL:
        return every
    return [addon for addon in every if type(addon).__name__ in _ESSENTIAL or _option_names(addon) & wanted]


class _OptionNames:
    """Stands in for mitmproxy's Loader to learn which options an addon brings."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def add_option(self, name: str, *_rest: object, **_named: object) -> None:
        self.names.add(name)

    def add_command(self, *_rest: object) -> None:
        """Commands do not matter here."""


def _option_names(addon: Any) -> set[str]:
    loader = _OptionNames()
    if hasattr(addon, "load"):
        addon.load(loader)
    return loader.names


def _apply_settings(master: Master, plan: ProxyPlan, confdir: str) -> None:
    """Values may be secrets (upstream_auth), so no sentence repeats one."""
    from mitmproxy.exceptions import OptionsError

    unknown = next((name for name, _ in plan.settings if name not in master.options), "")
    if unknown:
        raise UsageError(f"--set {unknown}: mitmproxy has no such option here; `mitmdump --options` lists them")
    first: list[str] = [] if "confdir" in dict(plan.settings) else [f"confdir={confdir}"]
    by_name: dict[str, list[str]] = {"confdir": first}
    for name, value in plan.settings:
        by_name.setdefault("confdir" if name in _AUTHORITY else name, []).append(f"{name}={value}")
    for name, specs in by_name.items():
        try:
            master.options.set(*specs)
        except OptionsError:
            said = next((one for one in _AUTHORITY if one in dict(plan.settings)), name) if name == "confdir" else name
            raise UsageError(f"--set {said}: mitmproxy does not take this value; see `mitmdump --options`") from None


def _require_authority(master: Any) -> None:
    """mitmproxy only logs what went wrong, and would then end with a sentence about its own insides."""
    tls = master.addons.get("tlsconfig")
    if getattr(tls, "certstore", True) is None:
        raise UsageError("--set confdir: mitmproxy can neither read nor make its certificate authority in that folder")


def _apply_plan(master: Master, plan: ProxyPlan) -> None:
    from mitmproxy.exceptions import OptionsError

    values: dict[str, Any] = dict(safe_defaults(master.options))
    values |= {"mode": list(plan.modes), "listen_host": plan.host, "listen_port": plan.port, "certs": list(plan.certs)}
    try:
        master.options.update(**values)
    except OptionsError as error:
        if plan.certs and "certificate" in str(error).lower():
            raise RecordError("--cert: mitmproxy cannot use it; it needs a PEM file with certificate and key") from None
        raise UsageError(f"mitmproxy refuses this set-up: {error}") from None


class StartCheck:
    """Stands in for mitmproxy's addon of this name: an error logged during the start ends it, as one sentence."""

    name = "errorcheck"

    def __init__(self) -> None:
        self.failure = ""
        self._listener = _ErrorListener(self)
        logging.getLogger().addHandler(self._listener)

    async def shutdown_if_errored(self) -> None:
        """mitmproxy's master asks at three points of the start."""
        if self.failure:
            raise SystemExit(1)

    def finish(self) -> None:
        """The start is over: errors are no longer fatal."""
        logging.getLogger().removeHandler(self._listener)


class _ErrorListener(logging.Handler):
    def __init__(self, check: StartCheck) -> None:
        super().__init__(logging.ERROR)
        self._check = check

    def emit(self, record: logging.LogRecord) -> None:
        is_about_ports = record.name == "mitmproxy.addons.proxyserver"  # others might quote what they choked on
        text = record.getMessage().partition("\n")[0] if is_about_ports else ""
        self._check.failure = self._check.failure or text or f"mitmproxy logged an error in {record.name}"
