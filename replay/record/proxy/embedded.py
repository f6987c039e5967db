"""The embedded proxy: a tuned, hardened mitmproxy with the recorder's addon in place before the port opens.

attach -> listen -> … traffic … -> stop: no new connections, finish what is in flight -> flush -> summary
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import logging
import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError
from replay.record.addon import addon_path
from replay.record.private_memory import keep_memory_private
from replay.record.proxy.authority import NONE, Authority
from replay.record.proxy.drain import drain
from replay.record.proxy.hardening import MENDS, install_hardening
from replay.record.proxy.master import StartCheck, make_master
from replay.record.proxy.quick_headers import QUICK_HEADERS
from replay.record.proxy.quiet import Say, only_our_sentences
from replay.record.proxy.sharing import check_port, install_listening
from replay.record.proxy.tls_trouble import TlsTrouble

if TYPE_CHECKING:
    from replay.record.proxy.plan import ProxyPlan
    from replay.record.recording import Recording, RecordSummary

logger = logging.getLogger("replay.recorder")

_KEY_LOGS = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")

Listening = Callable[[str, int], None]
Arm = Callable[[Any, Any], None]  # (addon, master): from here on the addon records


async def run_proxy(
    plan: ProxyPlan,
    attach: Callable[[], Recording],
    say: Say,
    on_listening: Listening,
    stop: asyncio.Event,
    hurry: asyncio.Event | None = None,
    authority: int = NONE,
) -> RecordSummary:
    """Pass traffic on and record it until `stop` is set; `hurry` cuts the wait for what is in flight short.

    `on_listening(host, port)` is called once, when clients may connect. `authority`: the certificate authority shared
    with other workers, of `open_authority`. Raises ReplayError when it cannot start.
    """

    def arm(addon: Any, _master: Any) -> None:
        addon.recording = attach()

    return await serve(plan, arm, say, on_listening, stop, hurry, authority)


async def serve(
    plan: ProxyPlan,
    arm: Arm,
    say: Say,
    on_listening: Listening,
    stop: asyncio.Event,
    hurry: asyncio.Event | None,
    authority: int = NONE,
) -> RecordSummary:
    """`run_proxy` with the recording attached by `arm`, after the addon's options exist and before the port opens."""
    _refuse_key_logs()
    keep_memory_private()
    if not plan.shares_port and plan.port:
        check_port(plan.host, plan.port)
    with ExitStack() as open_things:
        open_things.enter_context(only_our_sentences(say))
        ours = Authority(authority)
        open_things.callback(ours.remove)
        install_hardening((*MENDS, QUICK_HEADERS))
        open_things.callback(_listen_as_planned(plan))
        addon, check = load_addon(), StartCheck()
        open_things.callback(check.finish)
        others = (check, addon, TlsTrouble(), _Announcer(plan, on_listening, ours))
        with ours.in_turn():
            master = make_master(plan, str(ours.folder), others)
        arm(addon, master)
        try:
            await _run(master, stop, hurry, addon.recording.drain_seconds)
        except SystemExit:
            why = check.failure or "mitmproxy gave no reason"
            raise RecordError(f"the proxy cannot start on {plan.host}:{plan.port}: {why}") from None
        finally:
            ended = addon.done()  # does nothing when the master has done it
            if inspect.isawaitable(ended):
                await ended
    summary: RecordSummary = addon.summary
    return summary


async def _run(master: Any, stop: asyncio.Event, hurry: asyncio.Event | None, drain_seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_shut_down(master, stop, hurry, drain_seconds))
        await master.run()
        watch.cancel()


async def _shut_down(master: Any, stop: asyncio.Event, hurry: asyncio.Event | None, seconds: float) -> None:
    await stop.wait()
    try:
        await drain(master.addons.get("proxyserver"), lambda: hurry is not None and hurry.is_set(), seconds)
    except Exception as error:  # noqa: BLE001 - a mitmproxy that changed inside; the end must come all the same
        logger.warning("replay: requests in flight are cut (%s)", type(error).__name__)
    finally:
        master.shutdown()


class _Announcer:
    """An addon that tells where clients may connect, as soon as they may."""

    name = "replay-announcer"

    def __init__(self, plan: ProxyPlan, on_listening: Listening, authority: Authority) -> None:
        self._plan, self._on_listening, self._authority = plan, on_listening, authority

    def running(self) -> None:
        from mitmproxy import ctx

        self._authority.remove()  # mitmproxy's own addons come before this one, and read it here once more
        addons: Any = ctx.master.addons
        addresses = addons.get("proxyserver").listen_addrs()
        host, port = addresses[0][:2] if addresses else (self._plan.host, self._plan.port)
        self._on_listening(host, port)


def load_addon() -> Any:
    """The recorder of `addons/recorder.py`, fresh."""
    spec = importlib.util.spec_from_file_location("replay_recorder_addon", addon_path())
    if spec is None or spec.loader is None:
        raise RecordError("the addon recorder.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.addons[0]


def _refuse_key_logs() -> None:
    leaking = next((name for name in _KEY_LOGS if os.environ.get(name)), "")
    if leaking:
        raise RecordError(f"{leaking} is set: it would write the TLS keys of recorded traffic to disk; unset it")


def _listen_as_planned(plan: ProxyPlan) -> Callable[[], None]:
    undo = install_listening(shares_port=plan.shares_port)
    if undo is None and plan.shares_port:
        raise RecordError("this mitmproxy cannot share a port between workers: use --workers 1")
    return undo or (lambda: None)
