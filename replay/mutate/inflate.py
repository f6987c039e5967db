"""Too much of everything: unknown and privileged keys, giant strings, deep nesting, long lists, thousands of keys.

Rule: whatever is added starts with a marker, so that an oracle can tell "accepted" from "stored".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar

from replay.model.case import Expectation, Injected, Site, Step, steps_with
from replay.model.codec import UndecodableError, dump_json
from replay.model.errors import ConfigError
from replay.model.exchange import Exchange, Request
from replay.model.message import body_tree, with_values
from replay.model.session import Session
from replay.model.tree import Place, Tree, pattern, replaced
from replay.mutate.free_text import best_free_text, make_letters, make_marker
from replay.mutate.privileges import privileged_fields
from replay.mutate.rebody import with_body, with_members
from replay.mutate.sites import is_id_key, last_key, site_of

_PRIVILEGE = "is_admin"
_PRIVILEGED = "privileged-fields"
_Change = tuple[Request, tuple[Injected, ...]]


@dataclass(frozen=True, slots=True)
class Inflate:
    """Five variants per endpoint with a JSON object as its body, and a sixth where answers show fields of power.

    Sizes are what one request carries.
    """

    string_bytes: int = 1_048_576
    array_items: int = 10_000
    depth: int = 2_000  # levels; beyond 900 our own codec no longer reads the body back
    keys: int = 2_000

    name: ClassVar[str] = "inflate"
    expectation: ClassVar[Expectation] = Expectation.BOUNDED

    def __post_init__(self) -> None:
        if min(self.string_bytes, self.array_items, self.depth, self.keys) < 16:
            raise ConfigError("[mutators.inflate] string_bytes, array_items, depth and keys must be 16 or more.")

    def sites(self, session: Session) -> Iterable[Site]:
        for exchange in session.exchanges:
            response = exchange.response
            if response is None or not response.is_success or exchange.request.is_safe:
                continue
            if _object_of(exchange.request) is not None:
                yield from (site_of(exchange, variant) for variant in _VARIANTS)
                if privileged_fields(session, exchange):
                    yield site_of(exchange, _PRIVILEGED)

    def apply(self, session: Session, site: Site, rng: Random) -> tuple[Step, ...]:
        def change(exchange: Exchange) -> tuple[Step, ...]:
            request, _ = self._change(session, exchange, site.variant, rng)
            return (Step(exchange.id, request, mutated=True),)

        return steps_with(session, site, change)

    def injected(self, session: Session, site: Site, rng: Random) -> tuple[Injected, ...]:
        """One entry per added value that can be told apart; of thousands of equal keys the first."""
        return self._change(session, session.exchanges[session.index_of(site.exchange_id)], site.variant, rng)[1]

    def _change(self, session: Session, exchange: Exchange, variant: str, rng: Random) -> _Change:
        if variant == _PRIVILEGED:
            return _with_privileges(exchange.request, privileged_fields(session, exchange), rng)
        key = f"x_replay_{rng.getrandbits(32):08x}"
        return _VARIANTS[variant](self, exchange.request, key, make_marker(rng), rng)


def _with_privileges(request: Request, names: tuple[str, ...], rng: Random) -> _Change:
    """Fields that answers show and that nobody sends, each with a marker of its own."""
    added = tuple(_injected(name, make_marker(rng)) for name in names)
    return _grown(request, b",".join(_member(one.key, one.value) for one in added)), added


def _unknown_key(_: Inflate, request: Request, key: str, marker: str, __: Random) -> _Change:
    """A key nobody asked for, and a privilege nobody should get by asking."""
    members, added = _member(key, marker), [_injected(key, marker)]
    if _PRIVILEGE not in (_object_of(request) or {}):
        members += b"," + dump_json(_PRIVILEGE) + b":true"
        added.append(_injected(_PRIVILEGE, "true"))
    return _grown(request, members), tuple(added)


def _long_string(size: Inflate, request: Request, key: str, marker: str, rng: Random) -> _Change:
    text = marker + make_letters(rng, size.string_bytes - len(marker))
    best = best_free_text(request)
    if best is None:
        return _grown(request, _member(key, text)), (_injected(key, marker),)
    place = best[0]
    changed = with_values(request, {place: text})
    return with_body(changed, changed.body.data), (Injected(pattern(place), last_key(place), marker),)


def _deep(size: Inflate, request: Request, key: str, marker: str, _: Random) -> _Change:
    inner = size.depth - 1
    value = b"[" + dump_json(marker) + b"," + b"[" * inner + b"]" * inner + b"]"
    return _grown(request, dump_json(key) + b":" + value), (_injected(key, marker),)


def _long_array(size: Inflate, request: Request, key: str, marker: str, _: Random) -> _Change:
    """A list of words that the body already has; else an unknown key with one."""
    items: list[Tree] = [marker, *("a" for _ in range(size.array_items - 1))]
    tree = _object_of(request) or {}
    name = next((name for name, value in tree.items() if _is_word_list(name, value)), None)
    if name is None:
        return _grown(request, dump_json(key) + b":" + dump_json(items)), (_injected(key, marker),)
    place: Place = ("body", name, 0)
    return with_body(request, dump_json(replaced(tree, (name,), items))), (Injected(pattern(place), name, marker),)


def _many_keys(size: Inflate, request: Request, key: str, marker: str, _: Random) -> _Change:
    members = b",".join(_member(f"{key}_{n}", "a" if n else marker) for n in range(size.keys))
    return _grown(request, members), (_injected(f"{key}_0", marker),)


_VARIANTS: dict[str, Callable[[Inflate, Request, str, str, Random], _Change]] = {
    "unknown-key": _unknown_key,
    "long-string": _long_string,
    "deep": _deep,
    "long-array": _long_array,
    "many-keys": _many_keys,
}


def _object_of(request: Request) -> dict[str, Tree] | None:
    try:
        tree = body_tree(request.body)
    except UndecodableError:
        return None
    return tree if isinstance(tree, dict) else None


def _is_word_list(key: str, value: Tree) -> bool:
    return isinstance(value, list) and bool(value) and not is_id_key(key) and all(isinstance(one, str) for one in value)


def _member(key: str, value: str) -> bytes:
    return dump_json(key) + b":" + dump_json(value)


def _grown(request: Request, members: bytes) -> Request:
    return with_body(request, with_members(request.body.data, members))


def _injected(key: str, value: str) -> Injected:
    return Injected(f"body.{key}", key, value)
