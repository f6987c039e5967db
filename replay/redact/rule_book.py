"""All rules of a policy, compiled once: (side, routes, location, path) -> decision.

    RuleBook   paths of documents in one trie, names of fields in dictionaries
    Sheet      the book opened for one side of the exchanges of one endpoint
    Cursor     a place in a document: where the trie stands after the names on the way

The most specific rule wins, place, route and side each compared by itself; of rules of which none is more specific in
all three, the stricter one does.

Rule: a decision needs names alone. It is made once for a place, and never looks at a value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from replay.redact.clauses import DOCUMENTS, INNER, Spot
from replay.redact.kinds import Action, Side
from replay.redact.route_patterns import RoutePattern, segments_of
from replay.redact.rule_places import keys_of, located
from replay.redact.rule_trie import Entry, Node, entered, is_above
from replay.redact.rules import Decision, Rule

_MOST_REMEMBERED = 4096  # names and places that a sheet knows by heart; data may stand where names do


class RuleBook:
    """`routes` are all that the rules name; a request is on some of them."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.documents: dict[str, Node] = {location: Node() for location in DOCUMENTS}
        self.fields: dict[str, dict[str, list[Entry]]] = {}
        self.open_fields: dict[str, list[Entry]] = {}  # by regular expression, and those for all names
        self.decided: set[int] = set()  # ids of decisions that some place was given
        routes: set[RoutePattern] = set()
        for rule in rules:
            for alternative in rule.alternatives:
                self._add(Entry(alternative, rule.decision, alternative.anchor.specificity, str(rule)))
                clauses = (alternative.anchor, *alternative.others, *alternative.nots)
                routes.update(one.route for one in clauses if one.route)
        self.routes = tuple(routes)

    @property
    def has_documents(self) -> bool:
        """True when a rule may hold inside of a value."""
        return any(node.goes_on or node.entries for node in self.documents.values())

    @property
    def has_inner(self) -> bool:
        """True when a rule is about documents that may stand in any value."""
        return any(self.documents[location].goes_on or self.documents[location].entries for location in INNER)

    def inside(self) -> RuleBook:
        """The same rules as they hold inside of values: there are no fields, and no body begins."""
        book = RuleBook(())
        book.documents |= {location: self.documents[location] for location in INNER}
        book.routes, book.decided = self.routes, self.decided
        return book

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

    __slots__ = ("_book", "_insides", "_known", "_paths", "_places", "_start", "defaults", "routes", "scope", "side")

    def __init__(
        self,
        book: RuleBook,
        side: Side,
        routes: frozenset[RoutePattern] = frozenset(),
        defaults: Mapping[str, Decision] | None = None,
        start: Cursor | None = None,
    ) -> None:
        """`start`: the sheet is for what stands inside of a value, and the value is at that place.

        `scope` is what remembered changes of texts depend on; None: on nothing.
        """
        self._book = book
        self._start = start
        self._insides: dict[str | None, Sheet | None] = {}
        self.scope: Hashable = (side, routes) if book.has_inner else book.has_documents or None
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
        """At a place in a body or a WebSocket message, or in a document inside of a value; None anywhere else."""
        location, rest = located(place)
        if self._start is not None and location not in INNER:
            cursor, rest = self._start, f".{place}"
        elif location in DOCUMENTS:
            cursor = Cursor(self, location, entered([self._book.documents[location]]), None)
        else:
            return None
        for key in keys_of(rest):
            cursor = cursor.element() if key is None else cursor.member(key)
        return cursor

    def literal(self, trail: Sequence[str | None]) -> Decision | None:
        """Of a literal in a GraphQL document, below these arguments."""
        cursor = Cursor(self, "graphql", entered([self._book.documents["graphql"]]), None)
        for key in trail:
            cursor = cursor.element() if key is None else cursor.member(key)
        return cursor.decision

    def inside(self, place: str | None = None) -> Sheet | None:
        """For what stands in the value at `place` (None: anywhere), made once; None when nothing can hold there."""
        if place not in self._insides:
            if len(self._insides) >= _MOST_REMEMBERED:
                self._insides.clear()
            start = self.cursor(place) if place is not None else None
            is_reached = start is not None and start.goes_on
            made = Sheet(self._book.inside(), self.side, self.routes, start=start if is_reached else None)
            self._insides[place] = made if is_reached or (place is None and self._book.has_inner) else None
        return self._insides[place]

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
        decision = min(top, key=lambda one: (one.decision.rank, one.is_above, one.text)).decision
        self._book.decided.add(id(decision))
        return decision

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
        location, rest = located(place)
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

    @property
    def goes_on(self) -> bool:
        """True when a rule may hold for something below."""
        return any(node.goes_on for node in self._nodes)

    def member(self, name: str) -> Cursor:
        return self._next([found for node in self._nodes if (found := node.names.get(name))], name)

    def element(self) -> Cursor:
        return self._next([], None)

    def _next(self, named: list[Node], key: str | None) -> Cursor:
        nodes = [*named, *(node.any for node in self._nodes if node.any)]
        nodes += [node.tail for node in self._nodes if node.tail]
        nodes += [node for node in self._nodes if node.loops]
        return Cursor(self._sheet, self._location, entered(nodes), (self._trail, key))

    def _keys(self) -> tuple[str | None, ...]:
        keys: list[str | None] = []
        trail = self._trail
        while trail is not None:
            keys.append(trail[1])
            trail = trail[0]  # type: ignore[assignment] # a tuple of itself has no type
        return tuple(reversed(keys))
