"""The embedded mitmproxy of `replay record`: a reverse proxy with the addon in place before the port opens.

    SIGTERM or SIGINT: stop accepting -> let what is in flight finish (10 s at most) -> flush the capture -> end

Rule: mitmproxy is imported inside functions only, so that everything else of `replay` works without it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from replay.model.errors import RecordError, UsageError
from replay.record.addon import addon_path
from replay.record.private_memory import keep_memory_private
from replay.record.recording import RecordSummary

DRAIN_SECONDS = 10.0  # well under Kubernetes' 30 s
_PROBE_SECONDS = 2.0
_KEY_LOGS = ("SSLKEYLOGFILE", "MITMPROXY_SSLKEYLOGFILE")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """Where to listen, where to forward, and the addon's options (`replay_*`) as `--set` would give them."""

    upstream: str
    host: str
    port: int
    options: tuple[tuple[str, str | int | bool], ...]
    capture: str


def plan_proxy(upstream: str, listen: str, capture: str, options: dict[str, str | int | bool]) -> ProxyPlan:
    """Raises UsageError on an upstream or address that cannot be meant."""
    parts = urlsplit(upstream)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.username:
        raise UsageError("--upstream must be http://HOST[:PORT] or https://HOST[:PORT], without a path")
    host, mark, port = listen.rpartition(":")
    if not mark or not port.isdecimal() or int(port) > 65535:
        raise UsageError("--listen must be HOST:PORT, for example 127.0.0.1:8080; port 0 takes a free one")
    origin = f"{parts.scheme}://{parts.netloc}"
    return ProxyPlan(origin, host.strip("[]") or "127.0.0.1", int(port), tuple(options.items()), capture)


def record(plan: ProxyPlan, say: Say) -> RecordSummary:
    """Record until a signal ends it. Raises ReplayError when it cannot start."""
    leaking = next((name for name in _KEY_LOGS if os.environ.get(name)), "")
    if leaking:
        raise RecordError(f"{leaking} is set: it would write the TLS keys of recorded traffic to disk; unset it")
    _check_port(plan)
    keep_memory_private()
    with tempfile.TemporaryDirectory(prefix="replay-confdir-") as confdir:  # no CA key stays on disk
        try:
            return asyncio.run(_serve(plan, confdir, say))
        except SystemExit:
            raise RecordError(f"the proxy cannot start on {plan.host}:{plan.port}; see the lines above") from None


async def _serve(plan: ProxyPlan, confdir: str, say: Say) -> RecordSummary:
    from mitmproxy.options import Options
    from mitmproxy.tools.dump import DumpMaster

    _quiet(say)
    master = DumpMaster(Options(), with_termlog=False, with_dumper=False)
    addon = _load_addon()
    master.addons.add(addon, _Announcer(master, plan, say))  # type: ignore[no-untyped-call]
    master.options.update(  # type: ignore[no-untyped-call]
        mode=[f"reverse:{plan.upstream}"],
        listen_host=plan.host,
        listen_port=plan.port,
        confdir=confdir,
        connection_strategy="lazy",  # eager: clients of a dead upstream get a bare end of file instead of 502
        keep_host_header=True,
        onboarding=False,  # else `Host: mitm.it` serves mitmproxy's own page
        block_global=False,  # else clients with public addresses are refused
        http3=False,  # else reverse:https also binds UDP
        **dict(plan.options),
    )
    addon.open()
    try:
        await _run(master, addon)
    finally:
        addon.done()  # does nothing when the master has done it
    summary: RecordSummary = addon.summary
    return summary


async def _run(master: Any, addon: Any) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(_shut_down(stop, master, addon))
        await master.run()
        watch.cancel()


class _Announcer:
    """An addon that says one line as soon as the port is open: tools that start us wait for it."""

    def __init__(self, master: Any, plan: ProxyPlan, say: Say) -> None:
        self._master, self._plan, self._say = master, plan, say

    async def running(self) -> None:
        host, port = self._master.addons.get("proxyserver").listen_addrs()[0][:2]
        shown = f"[{host}]" if ":" in host else host
        self._say(f"recording http://{shown}:{port} -> {self._plan.upstream} into {self._plan.capture}")
        await _check_upstream(self._plan, self._say)


async def _check_upstream(plan: ProxyPlan, say: Say) -> None:
    parts = urlsplit(plan.upstream)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            _, writer = await asyncio.open_connection(parts.hostname, port)
        writer.close()
    except (OSError, TimeoutError):
        say(f"warning: {plan.upstream} does not accept connections yet; clients get 502 until it does")


async def _shut_down(stop: asyncio.Event, master: Any, addon: Any) -> None:
    await stop.wait()
    stop.clear()
    await master.addons.get("proxyserver").servers.update([])  # closes the listeners, keeps the connections
    clock = asyncio.get_running_loop().time
    deadline = clock() + DRAIN_SECONDS
    while addon.in_flight and not stop.is_set() and clock() < deadline:  # noqa: ASYNC110 - hooks stay free of events
        await asyncio.sleep(0.02)
    master.shutdown()


def _load_addon() -> Any:
    spec = importlib.util.spec_from_file_location("replay_recorder_addon", addon_path())
    if spec is None or spec.loader is None:
        raise RecordError("the addon recorder.py cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.addons[0]


def _check_port(plan: ProxyPlan) -> None:
    """mitmproxy would log a busy port and exit; this says it in one sentence."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(plan.host, plan.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "the address is not known here"
        raise RecordError(f"cannot listen on {plan.host}:{plan.port}: {reason}") from None


def _quiet(say: Say) -> None:
    """mitmproxy's own log lines quote requests: no handler prints them (no termlog); only our sentences are shown."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    handler = _Saying(say)
    ours = logging.getLogger("replay.recorder")
    ours.addHandler(handler)
    ours.setLevel(logging.WARNING)


class _Saying(logging.Handler):
    def __init__(self, say: Say) -> None:
        super().__init__(logging.WARNING)
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say(record.getMessage())
