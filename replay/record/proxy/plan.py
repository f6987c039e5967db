"""What a proxy is to do: the words of the command line, checked, as a value that crosses to a worker process.

Rule: no mitmproxy here. What only mitmproxy knows (its option table) is checked when the master is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from replay.model.errors import UsageError

_TAKES_SERVER = frozenset({"reverse", "upstream"})
_HAS_PORT = _TAKES_SERVER | {"regular", "transparent", "socks5"}
_ALONE = frozenset({"local", "wireguard", "tun"})  # their traffic does not come through a TCP port of ours
_OWN_FLAGS = {"mode": "--mode", "listen_host": "--listen", "listen_port": "--listen", "certs": "--cert"}
_RAW_TRAFFIC = frozenset({"save_stream_file", "hardump"})
_OTHER_WORK = frozenset({"scripts", "server", "rfile", "client_replay", "server_replay", "intercept"})


@dataclass(frozen=True, slots=True)
class ProxyPlan:
    """`modes` and `settings` are mitmproxy's words; `certs` are `DOMAIN=FILE`; `port` 0 takes a free one."""

    modes: tuple[str, ...]
    host: str
    port: int
    certs: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    shares_port: bool = False

    def to_wire(self) -> dict[str, Any]:
        """Plain data for a JSON line."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_wire(cls, plain: Mapping[str, Any]) -> ProxyPlan:
        """The inverse of `to_wire`, also after JSON has made lists of tuples."""
        return cls(
            tuple(plain["modes"]),
            plain["host"],
            plain["port"],
            tuple(plain["certs"]),
            tuple((name, value) for name, value in plain["settings"]),
            plain["shares_port"],
        )

    def upstream(self) -> tuple[str, int] | None:
        """Host and port that a reverse proxy forwards to; None in modes where clients say where to."""
        for mode in self.modes:
            name, data, _ = _split(mode)
            if name == "reverse":
                parts = urlsplit(data)
                return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        return None


def plan_proxy(
    upstream: str, modes: Sequence[str], listen: str, certs: Sequence[str], settings: Sequence[str], workers: int = 1
) -> ProxyPlan:
    """`upstream` is short for one reverse mode. Raises UsageError with one sentence on words that cannot be meant."""
    if bool(upstream) == bool(modes):
        raise UsageError("say where traffic goes: either --upstream URL or --mode SPEC (such as regular), not both")
    if workers < 1:
        raise UsageError("--workers must be 1 or more")
    chosen = (_reverse(upstream),) if upstream else tuple(_checked_mode(mode) for mode in modes)
    _check_together(chosen, workers)
    host, port = _address(listen)
    return ProxyPlan(
        chosen,
        host,
        port,
        tuple(_cert(cert) for cert in certs),
        tuple(_setting(setting) for setting in settings),
        workers > 1,
    )


def _reverse(upstream: str) -> str:
    if not _is_server(upstream):
        raise UsageError("--upstream must be http://HOST[:PORT] or https://HOST[:PORT], without a path")
    parts = urlsplit(upstream)
    return f"reverse:{parts.scheme}://{parts.netloc}"


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0  # raises on a port that is none
    except ValueError:
        return False
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in url:
        return False
    return has_port and parts.scheme in {"http", "https"} and bool(parts.hostname)


def _split(mode: str) -> tuple[str, str, str]:
    """`reverse:http://shop@8081` -> ("reverse", "http://shop", "8081")"""
    head, mark, listen = mode.rpartition("@")
    name, _, data = (head if mark else mode).partition(":")
    return name, data, listen if mark else ""


def _checked_mode(mode: str) -> str:
    name, data, listen = _split(mode)
    if name not in _HAS_PORT | _ALONE:
        known = ", ".join(sorted(_HAS_PORT | _ALONE))
        raise UsageError(f"--mode must begin with one of {known}; replay records HTTP only")
    if name in _TAKES_SERVER and not _is_server(data):
        raise UsageError(f"--mode {name}: needs http://HOST[:PORT] or https://HOST[:PORT] after the colon")
    if name in _HAS_PORT - _TAKES_SERVER and data:
        raise UsageError(f"--mode {name} takes nothing after the name but @[HOST:]PORT")
    if listen and not _is_port(listen.rpartition(":")[2]):
        raise UsageError(f"--mode {name}: after @ stands [HOST:]PORT, for example @8081")
    return mode


def _check_together(modes: tuple[str, ...], workers: int) -> None:
    split = [_split(mode) for mode in modes]
    if sum(name in _HAS_PORT and not listen for name, _, listen in split) > 1:
        raise UsageError("only one --mode can use the address of --listen: give the others their own with @[HOST:]PORT")
    own = [listen for _, _, listen in split if listen]
    if len(set(own)) != len(own):
        raise UsageError("two --mode name the same port after @: each needs its own")
    alone = next((name for name, _, _ in split if name in _ALONE), "")
    if alone and workers > 1:
        raise UsageError(f"--mode {alone} cannot be shared by workers: use --workers 1")
    if workers > 1 and any(listen.rpartition(":")[2] == "0" for listen in own):
        raise UsageError("workers cannot share port 0 after @: name a port")


def _address(listen: str) -> tuple[str, int]:
    host, mark, port = listen.rpartition(":")
    if not mark or not _is_port(port):
        raise UsageError("--listen must be HOST:PORT, for example 127.0.0.1:8080; port 0 takes a free one")
    return host.strip("[]") or "127.0.0.1", int(port)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= 65535


def _cert(text: str) -> str:
    domain, mark, file = text.partition("=")
    path = Path(file if mark else text).expanduser().absolute()
    if not path.is_file():
        raise UsageError(f"--cert: there is no file {path}; give [DOMAIN=]FILE, a PEM file with certificate and key")
    return f"{domain if mark else '*'}={path}"


def _setting(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise UsageError("--set takes NAME=VALUE, an option of mitmproxy")
    if name in _OWN_FLAGS:
        raise UsageError(f"--set {name}: use {_OWN_FLAGS[name]} instead")
    if name.startswith("replay_"):
        raise UsageError(f"--set {name}: use --{name.removeprefix('replay_').replace('_', '-')} instead")
    if name in _RAW_TRAFFIC or "keylog" in name:
        raise UsageError(f"--set {name}: it would write raw traffic, or the keys to it, to disk; leave it out")
    if name in _OTHER_WORK or name.startswith(("client_replay_", "server_replay_")):
        raise UsageError(f"--set {name}: replay record only passes traffic on; run mitmdump -s with the addon for that")
    return name, value
