"""All rules of a policy, compiled once: (side, routes, location, path) -> decision.

    RuleBook   paths of documents in one trie, names of fields in dictionaries
    Sheet      the book opened for one side of the exchanges of one endpoint
    Cursor     a place in a document: where the trie stands after the names on the way

The most specific rule wins, place, route and side each compared by itself; of rules of which none is more specific in
all three, the stricter one does.

Rule: a decision needs names alone. It is made once for a place, and never looks at a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from replay.redact.clauses import DOCUMENTS, Alternative, Spot
from replay.redact.json_path import Steps
from replay.redact.kinds import Action, Side
from replay.redact.route_patterns import RoutePattern, segments_of
from replay.redact.rules import Decision, Rule

_MOST_REMEMBERED = 4096  # names and places that a sheet knows by heart; data may stand where names do

Specificity = tuple[tuple[int, ...], ...]


class Entry(NamedTuple):
    alternative: Alternative
    decision: Decision
    specificity: Specificity
    text: str  # decides between equals, so that the order of rules says nothing
    is_above: bool = False  # about something that the place is in


class Node:
    """One state of the trie of document paths."""

    __slots__ = ("any", "deep", "entries", "loops", "names", "tail")

    def __init__(self, loops: bool = False) -> None:
        self.names: dict[str, Node] = {}
        self.any: Node | None = None
        self.deep: Node | None = None  # entered without a step
        self.tail: Node | None = None  # everything below
        self.loops = loops  # any step leads here again
        self.entries: list[Entry] = []

    def reach(self, steps: Steps) -> Node:
        """The node that the steps lead to, made where it is missing."""
        node = self
        for step in steps:
            if step.is_deep:
                node.deep = node.deep or Node(loops=True)
                node = node.deep
            if step.name is None:
                node.any = node.any or Node()
                node = node.any
            else:
                node = node.names.setdefault(step.name, Node())
        return node


class RuleBook:
    """`routes` are all that the rules name; a request is on some of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.documents: dict[str, Node] = {location: Node() for location in DOCUMENTS}
        self.fields: dict[str, dict[str, list[Entry]]] = {}
        self.open_fields: dict[str, list[Entry]] = {}  # by regular expression, and those for all names
        routes: set[RoutePattern] = set()
        for rule in rules:
            for alternative in rule.alternatives:
                self._add(Entry(alternative, rule.decision, alternative.anchor.specificity, str(rule)))
                clauses = (alternative.anchor, *alternative.others, *alternative.nots)
                routes.update(one.route for one in clauses if one.route)
        self.routes = tuple(routes)

    def routes_of(self, method: str, target: str) -> frozenset[RoutePattern]:
        """Of the routes that rules name those that a request is on."""
        if not self.routes:
            return frozenset()
        path = target if target.startswith("/") else "/" + target.partition("://")[2].partition("/")[2]
        segments = segments_of(path)
        return frozenset(route for route in self.routes if route.matches(method, segments))

    def _add(self, entry: Entry) -> None:
        anchor = entry.alternative.anchor
        if anchor.location in DOCUMENTS:
            node = self.documents[anchor.location].reach(anchor.steps or ())
            node.entries.append(entry)
            if entry.decision.action is not Action.KEEP:  # what is hidden is hidden with all that it holds
                node.tail = node.tail or Node(loops=True)
                names, _ = entry.specificity[0]
                node.tail.entries.append(
                    entry._replace(specificity=((names, 0), *entry.specificity[1:]), is_above=True)
                )
        elif anchor.name.names:
            for name in anchor.name.names:
                self.fields.setdefault(anchor.location, {}).setdefault(name, []).append(entry)
        else:
            self.open_fields.setdefault(anchor.location, []).append(entry)


class Sheet:
    """What holds on one side at one endpoint. `defaults` say what is done at places (patterns) that no rule names."""

    __slots__ = ("_book", "_known", "_paths", "_places", "defaults", "routes", "side")

    def __init__(
        self,
        book: RuleBook,
        side: Side,
        routes: frozenset[RoutePattern] = frozenset(),
        defaults: Mapping[str, Decision] | None = None,
    ) -> None:
        self._book = book
        self._known: dict[tuple[str, str], Decision | None] = {}
        self._places: dict[tuple[str, str], Decision | None] = {}
        self._paths: dict[int, dict[int, Decision]] = {}
        self.side = side
        self.routes = routes
        self.defaults = defaults or {}

    def field(self, location: str, name: str) -> Decision | None:
        """Of a header, cookie, parameter or trailer."""
        key = (location, name)
        if key not in self._known:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            self._known[key] = self._field(location, name)
        return self._known[key]

    def segments(self, count: int) -> dict[int, Decision]:
        """Of the segments of a path of so many, by their number."""
        if count not in self._paths:
            if len(self._paths) >= _MOST_REMEMBERED:
                self._paths.clear()
            self._paths[count] = self._segments(count)
        return self._paths[count]

    def cursor(self, place: str) -> Cursor | None:
        """At a place in a body or a WebSocket message; None anywhere else."""
        location, rest = _located(place)
        if location not in DOCUMENTS:
            return None
        cursor = Cursor(self, location, _entered([self._book.documents[location]]), None)
        for key in _keys(rest):
            cursor = cursor.element() if key is None else cursor.member(key)
        return cursor

    def at(self, place: str, name: str) -> Decision | None:
        """By the place alone, as `model.tree.pattern` writes it; `name` is that of the field in the original."""
        key = (place, name)
        if key not in self._places:
            if len(self._places) >= _MOST_REMEMBERED:
                self._places.clear()
            self._places[key] = self._at(place, name)
        return self._places[key]

    def best(self, entries: Sequence[Entry], spot: Spot) -> Decision | None:
        """The decision of the entries that hold at the spot."""
        held = [one for one in entries if one.alternative.allows(spot)]
        if not held:
            return None
        top = [one for one in held if not any(is_above(other.specificity, one.specificity) for other in held)]
        return min(top, key=lambda one: (one.decision.rank, one.is_above, one.text)).decision

    def _field(self, location: str, name: str) -> Decision | None:
        book = self._book
        entries = [
            *book.fields.get(location, {}).get(name, ()),
            *(one for one in book.open_fields.get(location, ()) if one.alternative.anchor.name.matches(name)),
        ]
        return self.best(entries, Spot(self.side, self.routes, location, name)) if entries else None

    def _segments(self, count: int) -> dict[int, Decision]:
        if self.side is not Side.REQUEST:
            return {}
        found: dict[int, list[Entry]] = {}
        for name, entries in self._book.fields.get("path", {}).items():
            for entry in entries:
                route = entry.alternative.anchor.route
                at = route.index_of(name) if route in self.routes and route is not None else None
                if at is not None:
                    found.setdefault(at % count, []).append(entry)
        spot = Spot(self.side, self.routes, "path")
        decided = {at: self.best(entries, spot) for at, entries in found.items()}
        return {at: decision for at, decision in decided.items() if decision is not None}

    def _at(self, place: str, name: str) -> Decision | None:
        cursor = self.cursor(place)
        if cursor is not None:
            return cursor.decision or self.defaults.get(place)
        location, rest = _located(place)
        ruled = self.field(location, rest or name) if location else None
        return ruled or self.defaults.get(place)


class Cursor:
    """A place in documents; `decision` None where no rule holds."""

    __slots__ = ("_location", "_nodes", "_sheet", "_trail", "decision")

    def __init__(self, sheet: Sheet, location: str, nodes: list[Node], trail: tuple[object, str | None] | None) -> None:
        self._sheet = sheet
        self._location = location
        self._nodes = nodes
        self._trail = trail
        self.decision: Decision | None = None
        entries = [entry for node in nodes for entry in node.entries]
        if entries:
            spot = Spot(sheet.side, sheet.routes, location, trail=self._keys())
            self.decision = sheet.best(entries, spot)

    def member(self, name: str) -> Cursor:
        return self._next([found for node in self._nodes if (found := node.names.get(name))], name)

    def element(self) -> Cursor:
        return self._next([], None)

    def _next(self, named: list[Node], key: str | None) -> Cursor:
        nodes = [*named, *(node.any for node in self._nodes if node.any)]
        nodes += [node.tail for node in self._nodes if node.tail]
        nodes += [node for node in self._nodes if node.loops]
        return Cursor(self._sheet, self._location, _entered(nodes), (self._trail, key))

    def _keys(self) -> tuple[str | None, ...]:
        keys: list[str | None] = []
        trail = self._trail
        while trail is not None:
            keys.append(trail[1])
            trail = trail[0]  # type: ignore[assignment] # a tuple of itself has no type
        return tuple(reversed(keys))


def is_above(one: Specificity, other: Specificity) -> bool:
    """True when `one` is more specific in something and less in nothing."""
    return one != other and all(map(lambda a, b: a >= b, one, other))


def _entered(nodes: list[Node]) -> list[Node]:
    """With those that are entered without a step; each once."""
    found: dict[int, Node] = {}
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if id(node) not in found:
            found[id(node)] = node
            todo += [node.deep] if node.deep else []
    return list(found.values())


_DOCUMENTS = (("message[*].body", "ws"), ("body", "body"))
_COOKIES = ("cookie.", "set-cookie.")


def _located(place: str) -> tuple[str, str]:
    """The location that rules know a place by, and what of the place comes after it where the place alone tells."""
    for prefix, location in _DOCUMENTS:
        if place.startswith(prefix):
            return location, place[len(prefix) :]
    if place.startswith("trailer."):
        return "trailer", place.removeprefix("trailer.").removesuffix("[*]")
    if place.startswith("form."):
        return "form", ""
    if place.startswith(_COOKIES) and place != "set-cookie.attribute":
        return "cookie", ""
    if place.startswith("query.") or ".query." in place:  # of the request, of a URL in a header field
        return "query", ""
    return "", ""


def _keys(rest: str) -> list[str | None]:
    """`.items[*].id` is items, an element, id."""
    out: list[str | None] = []
    for piece in rest.split("."):
        name = _bare(piece)
        if name:
            out.append(name)
        out += [None] * ((len(piece) - len(name)) // 3)
    return out


def _bare(piece: str) -> str:
    while piece.endswith("[*]"):
        piece = piece.removesuffix("[*]")
    return piece
