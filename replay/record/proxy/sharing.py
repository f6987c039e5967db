"""One TCP port for several workers, and a queue of waiting connections that is long enough for a burst.

    supervisor: hold_port(plan) -> bound with SO_REUSEPORT, never listening: stays ours while workers come and go
    worker:     listens on the same address with SO_REUSEPORT; the kernel deals connections out by their four numbers

mitmproxy listens through `asyncio.start_server` with asyncio's queue of 100 and no shared port, and for
`reverse:https` also on UDP. The mend replaces that one method.

Rule: importing this needs no mitmproxy; installing the mend does.
"""

from __future__ import annotations

import asyncio
import os
import socket
from dataclasses import replace as with_fields
from typing import TYPE_CHECKING, Any

from replay.model.errors import RecordError, UsageError
from replay.record.proxy.mend import Undo, replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from replay.record.proxy.plan import ProxyPlan

BACKLOG = 2048  # connections; the kernel lowers it to net.core.somaxconn


def check_port(host: str, port: int) -> None:
    """One sentence instead of mitmproxy's log lines when the port is busy. Raises RecordError."""
    with _bound(host, port, shared=False):
        pass


def hold_port(plan: ProxyPlan) -> tuple[ProxyPlan, socket.socket]:
    """The plan with its port known, and a socket to keep open as long as workers may listen there.

    Raises RecordError when somebody else has the port, UsageError where the system cannot share one.
    """
    if not hasattr(socket, "SO_REUSEPORT"):
        raise UsageError("this system cannot share a port between processes: use --workers 1")
    if plan.port:
        check_port(plan.host, plan.port)  # with SO_REUSEPORT alone, another listener of this user would go unnoticed
    holder = _bound(plan.host, plan.port, shared=True)
    return with_fields(plan, port=holder.getsockname()[1]), holder


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    probe: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        probe = socket.socket(family, kind, protocol)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(address)
        return probe
    except OSError as error:
        if probe is not None:
            probe.close()
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "the address is not known here"
        raise RecordError(f"cannot listen on {host}:{port}: {reason}") from None


def install_listening(*, shares_port: bool) -> Undo | None:
    """Replace how mitmproxy listens; None where this mitmproxy does not look as expected (it then listens stock)."""
    from mitmproxy.proxy import mode_servers

    server = getattr(mode_servers, "AsyncioServerInstance", None)
    if server is None or "listen" not in vars(server) or not hasattr(server, "handle_stream"):
        return None
    return replace(server, "listen", _listening(server.listen, shares_port=shares_port))


def _listening(stock: Callable[..., Any], *, shares_port: bool) -> Callable[..., Any]:
    from mitmproxy import ctx

    async def listen(self: Any, host: str, port: int) -> Any:
        is_quic_wanted = ctx.options.http3 and not shares_port
        if self.mode.transport_protocol == "udp" or (self.mode.transport_protocol == "both" and is_quic_wanted):
            return await stock(self, host, port)
        shared = {"reuse_port": True} if shares_port else {}
        return [await asyncio.start_server(self.handle_stream, host, port, backlog=BACKLOG, **shared)]

    return listen
