"""Shares: data that its owner handed to another tenant, by an accepted request of its own that names both.

Rule: a share opens the thing that the request names, and nothing else of the owner's. Who is named is told by the
other tenant's own name or by an e-mail of its people; what is handed over by the ids beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.codec import UndecodableError
from replay.model.endpoint import is_id_like
from replay.model.evidence import Attempt, Trace
from replay.model.message import body_tree, path_segments, request_leaves, text_of
from replay.model.tree import Scalar, Tree, leaves
from replay.oracle.ownership import Ownership, carrier_of, is_own, markers_in

_SHORTEST_NAME = 3  # characters; a shorter name of a tenant (or a number) is met by chance


@dataclass(frozen=True, slots=True)
class Shares:
    """Ids of what other tenants handed to `reader` in this trace, with the tenants who did."""

    things: tuple[tuple[str, str], ...] = ()  # (id, owner)

    def opened(self, attempt: Attempt, markers: frozenset[str], ownership: Ownership) -> frozenset[str]:
        """Those of `markers` that the answer may hold: it is about a shared thing, or lists it."""
        named = set(path_segments(attempt.request.path))
        out: set[str] = set()
        for thing, owner in self.things:
            theirs = ownership.of_tenant(owner, markers)
            if theirs and thing in named:
                out |= theirs
            elif theirs:
                out |= theirs & _beside(attempt, thing)
        return frozenset(out)


def shares_with(trace: Trace, reader: str, ownership: Ownership) -> Shares:
    """What accepted writes of other tenants, with their own credentials, handed over."""
    things: dict[tuple[str, str], None] = {}
    names = _names_of(trace, reader)
    for attempt in trace.attempts:
        owner = carrier_of(attempt)
        if owner in {"", reader} or not is_own(attempt) or attempt.request.is_safe:
            continue
        if attempt.response is None or not attempt.response.is_success:
            continue
        told = [(place, value) for place, value in request_leaves(attempt.request) if place[0] in _CONTENT]
        if any(_names(value, names, reader, ownership) for _, value in told):
            for _, value in told:
                text = text_of(value)
                if is_id_like(text) and text not in names:
                    things[text, owner] = None
    return Shares(tuple(things))


_CONTENT = frozenset({"path", "query", "body", "form"})


def _names_of(trace: Trace, reader: str) -> frozenset[str]:
    names = {dict(trace.renamed).get(reader, reader), reader}
    return frozenset(name for name in names if len(name) >= _SHORTEST_NAME and not name.isdigit())


def _names(value: Scalar, names: frozenset[str], reader: str, ownership: Ownership) -> bool:
    """The tenant's own name, or an e-mail that it planted."""
    text = text_of(value)
    return text in names or ("@" in text and bool(ownership.of_tenant(reader, markers_in(text))))


def _beside(attempt: Attempt, thing: str) -> frozenset[str]:
    """Markers in the elements of the answer's lists that hold the shared thing's id."""
    if attempt.response is None:
        return frozenset()
    try:
        tree = body_tree(attempt.response.body)
    except UndecodableError:
        return frozenset()
    out: frozenset[str] = frozenset()
    for element in _elements(tree):
        texts = [text_of(value) for _, value in leaves(element)]
        if thing in texts:
            out |= markers_in("\n".join(texts))
    return out


def _elements(tree: Tree) -> list[Tree]:
    """The outermost lists' elements; the document itself when it holds none."""
    found: list[Tree] = []
    todo: list[Tree] = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            found.extend(node)
        elif isinstance(node, dict):
            todo.extend(node.values())
    return found or [tree]
