"""A network of the test's own: a client behind a gateway that hands its connections to a transparent proxy.

    client 10.231.0.2 ─veth─ 10.231.0.1 gateway: nftables redirects ports 80 and 443 to the proxy
                                                 198.51.100.7 the service (RFC 5737: nobody's address)

Needs Linux, root, and the tools `ip` and `nft`; the machine's own network is not touched.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

SERVICE = "198.51.100.7"
PROXY_PORT = 8080
_CLIENT, _GATEWAY = "10.231.0.2", "10.231.0.1"
_CLONE_NEWNET = 0x40000000
_RULES = f"""
table ip replay {{
    chain in {{
        type nat hook prerouting priority dstnat;
        iifname "inner" tcp dport {{ 80, 443 }} redirect to :{PROXY_PORT}
    }}
}}
"""


class Network:
    """Two network namespaces. `gateway` is the prefix of a command that is to run there."""

    def __init__(self, name: str) -> None:
        self._client, self._gateway = f"{name}-client", f"{name}-gateway"
        self.prefix = ("ip", "netns", "exec", self._gateway)
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        for space in (self._client, self._gateway):
            _run("ip", "netns", "add", space)
            _run("ip", "-n", space, "link", "set", "lo", "up")
        _run("ip", "-n", self._client, "link", "add", "outer", "type", "veth", "peer", "inner", "netns", self._gateway)
        for space, link, address in ((self._client, "outer", _CLIENT), (self._gateway, "inner", _GATEWAY)):
            _run("ip", "-n", space, "addr", "add", f"{address}/30", "dev", link)
            _run("ip", "-n", space, "link", "set", link, "up")
        _run("ip", "-n", self._client, "route", "add", "default", "via", _GATEWAY)
        _run("ip", "-n", self._gateway, "addr", "add", f"{SERVICE}/32", "dev", "lo")
        _run(*self.prefix, "nft", "-f", "-", stdin=_RULES)

    def listen(self, port: int) -> socket.socket:
        """Where the service is."""
        return _within(self._gateway, lambda: socket.create_server((SERVICE, port)))

    def connect(self, port: int) -> socket.socket:
        """From the client to the service, as it believes."""
        return _within(self._client, lambda: socket.create_connection((SERVICE, port), 20))

    def close(self) -> None:
        for space in (self._client, self._gateway):
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


def why_not() -> str:
    """What of the kernel or of our rights forbids such a network; empty when nothing does.

    A tool that is not installed is no reason: then the test fails, so that somebody installs it.
    """
    if sys.platform != "linux":
        return "needs Linux"
    if os.geteuid() != 0:
        return "needs Linux with the rights of root"
    missing = [tool for tool in ("ip", "nft") if not shutil.which(tool)]
    assert not missing, f"install iproute2 and nftables: there is no {missing}"
    try:
        Network(f"replay-try-{os.getpid()}").close()
    except OSError as error:
        return f"needs Linux that lets us make network namespaces: {error}"
    return ""


def _run(*command: str, stdin: str = "") -> None:
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False, timeout=20)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def _within(space: str, make: Callable[[], socket.socket]) -> socket.socket:
    """A socket belongs for ever to the namespace of the thread that made it."""
    made: list[socket.socket | BaseException] = []

    def enter_and_make() -> None:
        try:
            with Path(f"/run/netns/{space}").open() as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"setns {space}")
            made.append(make())
        except BaseException as error:
            made.append(error)

    thread = threading.Thread(target=enter_and_make)
    thread.start()
    thread.join()
    (one,) = made
    if isinstance(one, BaseException):
        raise one
    return one
