"""The one host that requests go to: named by the user, resolved once, pinned, and never the capture's origin."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from replay.model.errors import TargetError, UsageError
from replay.model.origin import is_origin


@dataclass(frozen=True, slots=True)
class Target:
    """`address` is the IP that `host` had when the run began; a later change of DNS changes nothing."""

    scheme: str
    host: str
    port: int
    address: str

    @property
    def url(self) -> str:
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        default = {"http": 80, "https": 443}[self.scheme]
        return _bracketed(self.host) + ("" if self.port == default else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback


def resolve_target(url: str) -> Target:
    """The target of `--target URL`. Raises UsageError for a bad URL, TargetError when the name does not resolve."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port:
        raise UsageError("--target takes a URL such as http://127.0.0.1:8080 (http or https, a host, a valid port).")
    if parts.path not in {"", "/"} or parts.query or parts.username:
        raise UsageError("--target takes scheme, host and port only: no path, query or user.")
    try:
        address = str(socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0][4][0])
    except OSError:
        raise TargetError(f"The target {parts.hostname} has no address: check the name, or DNS.") from None
    return Target(parts.scheme, parts.hostname, port, address)


def refuse_origin(target: Target, origins: tuple[str, ...], capture_id: str) -> None:
    """Raise TargetError when the target is where the capture was recorded (by name or by address)."""
    names = {target.host, target.address}
    if target.is_loopback:
        names |= {"localhost", "127.0.0.1", "::1"}
    if any(is_origin(name, target.port, origins, capture_id) for name in names):
        raise TargetError(
            f"{target.url} is where this capture was recorded. Name a QA target, or say --allow-origin if you mean it."
        )


async def require_reachable(target: Target, timeout: float = 5.0) -> None:
    """Raise TargetError when nothing accepts a connection there."""
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(target.address, target.port)
    except (OSError, TimeoutError):
        raise TargetError(f"Nothing answers at {target.url}: start the target, or correct --target.") from None
    writer.close()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
