"""The one host that requests go to: named by the user, resolved once, pinned, and never the capture's origin."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from replay.model.errors import TargetError, UsageError
from replay.model.origin import is_origin


@dataclass(frozen=True, slots=True)
class Target:
    """`address` is the IP that `host` had when the run began; a later change of DNS changes nothing.

    `aliases`: the other addresses and names under which the same host is known, as far as DNS says.
    """

    scheme: str
    host: str
    port: int
    address: str
    aliases: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return f"{self.scheme}://{_bracketed(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        default = {"http": 80, "https": 443}[self.scheme]
        return _bracketed(self.host) + ("" if self.port == default else f":{self.port}")

    @property
    def is_loopback(self) -> bool:
        return _plain(self.address).is_loopback

    @property
    def is_public(self) -> bool:
        """Reachable from anywhere: neither private, nor of this host or link (IANA's special-purpose registries)."""
        return _plain(self.address).is_global

    def matches(self, allowed: str) -> bool:
        """Whether an entry of an allow-list means this target: a host, `host:port`, or a URL without a path."""
        scheme, mark, rest = allowed.strip().rpartition("//")
        if mark and scheme.rstrip(":").lower() != self.scheme:
            return False
        host, colon, port = rest.rstrip("/").rpartition(":")
        if not colon or not port.isdecimal() or (":" in host and not host.startswith("[")):
            host, port = rest.rstrip("/"), str({"http": 80, "https": 443}[self.scheme]) if mark else ""
        named = host.strip("[]").rstrip(".").lower()
        return named in {self.host.rstrip(".").lower(), self.address} and port in {"", str(self.port)}


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
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM, flags=socket.AI_CANONNAME)
    except (OSError, UnicodeError):
        raise TargetError(f"The target {parts.hostname} has no address: check the name, or DNS.") from None
    addresses = [str(one[4][0]) for one in found]
    canonical = [one[3].rstrip(".").lower() for one in found if one[3]]
    return Target(parts.scheme, parts.hostname, port, addresses[0], tuple(dict.fromkeys(addresses[1:] + canonical)))


def refuse_origin(target: Target, origins: tuple[str, ...], capture_id: str) -> None:
    """Raise TargetError when the target is where the capture was recorded (by name or by address)."""
    if not origins:
        return
    if any(is_origin(name, target.port, origins, capture_id) for name in sorted(_names_of(target))):
        raise TargetError(
            f"{target.url} is where this capture was recorded. Name a QA target, or say --allow-origin if you mean it."
        )


def refuse_unlisted(target: Target, allowed: tuple[str, ...]) -> None:
    """Raise TargetError when there is an allow-list and the target is not on it."""
    if allowed and not any(target.matches(one) for one in allowed):
        raise TargetError(f"{target.url} is not among [safety] targets in replay.toml: add it there, or name another.")


def refuse_public(target: Target) -> None:
    """Raise TargetError for an address that the whole internet can reach."""
    if target.is_public:
        raise TargetError(
            f"{target.url} has a public address ({target.address}). Name a QA target on a private network, or say"
            " --allow-public-target if it is yours."
        )


async def require_reachable(target: Target, timeout: float = 5.0) -> None:
    """Raise TargetError when nothing accepts a connection there."""
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(target.address, target.port)
    except (OSError, TimeoutError):
        raise TargetError(f"Nothing answers at {target.url}: start the target, or correct --target.") from None
    writer.close()


def _names_of(target: Target) -> set[str]:
    """Every name and address that reaches the same host: DNS's aliases, and this machine's own."""
    names = {target.host, target.address, str(_plain(target.address)), *target.aliases}
    with suppress(OSError, UnicodeError):
        name, others, _ = socket.gethostbyaddr(target.address)
        names |= {name, *others}
    if target.is_loopback or _is_of_this_machine(target.address):
        names |= {"localhost", "127.0.0.1", "::1", socket.gethostname()}
        with suppress(OSError, UnicodeError):
            names |= {str(one[4][0]) for one in socket.getaddrinfo(socket.gethostname(), None)}
    return names


def _is_of_this_machine(address: str) -> bool:
    """True when a socket can be bound to it (`0.0.0.0`, too, leads back to this machine)."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address.partition("%")[0], 0))
        except OSError:
            return False
    return True


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address itself; an IPv4 one that is written as IPv6 (`::ffff:127.0.0.1`) as IPv4."""
    found = ipaddress.ip_address(address)
    return getattr(found, "ipv4_mapped", None) or found


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
