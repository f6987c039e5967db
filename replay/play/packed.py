"""Groups that wait for their turn, as bytes: a hundred thousand outlines are 70 MB as objects and a few as bytes."""

from __future__ import annotations

import marshal
import zlib
from dataclasses import dataclass, field

from replay.model.session import Actor, Outline
from replay.play.groups import Group

_LEVEL = 1  # a third of the size at 1 us a session; higher levels gain little


@dataclass(frozen=True, slots=True)
class PackedGroup:
    """`sessions` and `exchanges` are known without unpacking it."""

    sessions: int
    exchanges: int
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, group: Group) -> PackedGroup:
        words = [
            (one.name, one.actor and (one.actor.tenant, one.actor.principal), one.first, one.exchanges, one.places,
             one.size_bytes)
            for one in group
        ]  # fmt: skip
        return cls(len(group), sum(one.exchanges for one in group), zlib.compress(marshal.dumps(words), _LEVEL))

    def outlines(self) -> Group:
        words = marshal.loads(zlib.decompress(self.data))  # noqa: S302 - bytes that this process made, of any text
        return tuple([Outline(name, Actor(*actor) if actor else None, *rest) for name, actor, *rest in words])
