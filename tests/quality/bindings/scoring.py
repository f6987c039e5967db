"""What became of every place of every request: labels from two recordings, and the score of one method.

Rule: the labels come from the recordings alone. An atom that is equal in both is static; one that holds what the client
made is fresh; any other one is dynamic, and its right value is the one of the second recording.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from quality.bindings.tape import Client
from replay.model.body import Body
from replay.model.exchange import Exchange, Request, Response
from replay.model.message import body_tree, text_of
from replay.model.session import Session
from replay.model.tree import leaves

Rewrite = Callable[[Sequence[Exchange], Sequence[Response]], list[Request]]
"""Recorded exchanges and the live answers, in order: the requests that a method sends. It may look at the answers to
earlier requests only."""


def atoms(sent: Request) -> list[str]:
    """The smallest values that are compared: path segments, pairs of the query, header fields, leaves of the body."""
    path, _, query = sent.target.partition("?")
    out = [*path.split("/"), *query.split("&")]
    for name, value in sent.headers.fields:
        out += [f"{name}: {piece}" for piece in (value.split(";") if name.lower() == "cookie" else [value])]
    return out + _body_atoms(sent.body)


def _body_atoms(body: Body) -> list[str]:
    if body.is_json:
        return [f"{place}={type(value).__name__}:{text_of(value)}" for place, value in leaves(body_tree(body))]
    pieces = "&" if body.is_form else r"[<>\r\n]+"
    return re.split(pieces, body.data.decode("latin-1"))


@dataclass
class Score:
    """Counts of atoms. `wrong` are statics that changed and dynamic ones with a value that is neither old nor right."""

    dynamic: int = 0
    bound: int = 0
    wrong: int = 0
    static: int = 0
    fresh: int = 0
    renewed: int = 0

    def add(self, other: Score) -> None:
        for name in ("dynamic", "bound", "wrong", "static", "fresh", "renewed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def bound_share(self) -> float:
        return self.bound / self.dynamic if self.dynamic else 1.0

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(1, self.dynamic + self.static)


@dataclass(frozen=True)
class Miss:
    """One atom that a method got wrong, for whoever tunes it."""

    exchange: str
    kind: str
    recorded: str
    sent: str
    right: str


def score(
    recorded: Client, live: Client, sessions: Sequence[Session], rewritten: dict[str, Request], misses: list[Miss]
) -> Score:
    """Compare what a method sent with what the client itself sent in the second recording.

    `sessions` are what the method was given: the recording, or the recording redacted.
    """
    total = Score()
    given = {item.id: item for one in sessions for item in one.exchanges}
    for who, log in recorded.kept.items():
        for raw, new in zip(log, live.kept[who], strict=True):
            true, right = atoms(raw.request), atoms(new.request)
            old, sent = atoms(given[raw.id].request), atoms(rewritten[raw.id])
            assert len(true) == len(right), raw.id
            if len(old) != len(true):  # redaction left something out: what is dynamic may stand anywhere
                old, sent = ["\n".join(old)] * len(true), ["\n".join(sent)] * len(true)
            elif len(sent) != len(old):
                sent = ["(cut otherwise)"] * len(old)
            for a, b, before, got in zip(true, right, old, sent, strict=True):
                kind = _judge(total, recorded.made, (a, b), before, got)
                if kind:
                    misses.append(Miss(raw.id, kind, before, got, b))
    return total


def _judge(total: Score, made: set[str], pair: tuple[str, str], before: str, got: str) -> str:
    """Count one atom; returns what is wrong with it, or an empty string."""
    a, b = pair
    if any(text in a for text in made):
        total.fresh += 1
        total.renewed += got != before
        return "" if got != before else "not renewed"
    if a == b:
        is_changed = got != before and "\n" not in before
        total.static += 1
        total.wrong += is_changed
        return "static changed" if is_changed else ""
    total.dynamic += 1
    is_right = got == b if before == a else _new_words(a, b) <= _words(got)
    total.bound += is_right
    total.wrong += not is_right and got != before
    return "" if is_right else "missed" if got == before else "wrong value"


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\w.-]+", text))


def _new_words(a: str, b: str) -> set[str]:
    """What differs, where redaction has changed the names and words around it."""
    return _words(b) - _words(a)
