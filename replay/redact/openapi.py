"""What an OpenAPI 3 document says about traffic: names of fields, values of closed lists, formats and routes.

    components.schemas.Order.properties.status.enum  ->  a value that may stay at body.status
    properties, parameters, words of paths           ->  names that are no data
    format: password, email, uuid, ipv4, date ...    ->  the class of what stands there

Rule: a schema is somebody's file. References are followed within it alone, to a bounded depth and a bounded amount; of
what lies beyond nothing is known, and it is redacted as without a schema.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from replay.model.errors import ConfigError
from replay.redact.detectors import has_strong
from replay.redact.kinds import Action
from replay.redact.route_patterns import RoutePattern, parse_route
from replay.redact.rules import Decision

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_DEPTH = 16  # names below each other; schemas that contain themselves are cut here
_MOST_VISITS = 200_000  # of schemas, about a second
_MOST_BELOW = 5_000  # of them below one body: schemas that hold each other multiply
_LONGEST_VALUE = 64  # characters of a value of a closed list
_CLASSES = {
    "password": Decision(Action.MASK, "password"),
    "email": Decision(Action.PSEUDONYMISE, "email"),
    "idn-email": Decision(Action.PSEUDONYMISE, "email"),
    "uuid": Decision(Action.PSEUDONYMISE, "uuid"),
    "ipv4": Decision(Action.PSEUDONYMISE, "ip"),
    "ipv6": Decision(Action.PSEUDONYMISE, "ip"),
    "phone": Decision(Action.PSEUDONYMISE, "phone"),
    "iban": Decision(Action.PSEUDONYMISE, "iban"),
    "birthdate": Decision(Action.PSEUDONYMISE, "birth"),
}
"""By format; binary and byte need none (bodies of no known kind are left out), date and date-time stay as they do."""
_PLACES = {"query": "query.{}[*]", "header": "header.{}[*]", "cookie": "cookie.{}"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

Json = Mapping[str, Any]


@dataclass(slots=True)
class SchemaFacts:
    """`values` are (place, text), `classes` by place; `is_open`: somewhere fields of any name are allowed."""

    names: set[str] = field(default_factory=set)
    values: set[tuple[str, str]] = field(default_factory=set)
    classes: dict[str, Decision] = field(default_factory=dict)
    routes: set[RoutePattern] = field(default_factory=set)
    is_open: bool = False


def facts_of(document: Any, source: str) -> SchemaFacts:
    """`source` names the file in messages. Raises ConfigError."""
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        raise ConfigError(f"{source} is no OpenAPI 3 document: it has to begin with openapi: 3.x.")
    reader = _Reader(document, source)
    try:
        reader.read()
    except RecursionError:
        raise ConfigError(f"{source} nests too deep to be an API's description.") from None
    return reader.facts


class _Reader:
    """One walk over one document."""

    def __init__(self, document: Json, source: str) -> None:
        self._document = document
        self._source = source
        self._visits = 0
        self._left = _MOST_BELOW
        self._contested: set[str] = set()  # places of which two schemas say different things
        self.facts = SchemaFacts()

    def read(self) -> None:
        bases = ["", *self._bases()]
        for path, item in _items(self._document.get("paths")):
            item = self._resolved(item)
            self.facts.names.update(one for one in path.split("/") if one and "{" not in one)
            for method in _METHODS:
                operation = item.get(method)
                if isinstance(operation, Mapping):
                    self._route(method, path, bases)
                    self._operation(operation, item)
        for _, schema in _items(_at(self._document, "components", "schemas")):
            self._names_in(schema)
        for place in self._contested:
            self.facts.classes.pop(place, None)
        self.facts.names = {one for one in self.facts.names if not has_strong(one)}

    def _bases(self) -> Iterator[str]:
        """Paths of the servers, which requests begin with."""
        servers = self._document.get("servers")
        for server in servers if isinstance(servers, list) else ():
            url = str(server.get("url", "")) if isinstance(server, Mapping) else ""
            path = url.partition("://")[2].partition("/")[2] if "://" in url else url.lstrip("/")
            if path.strip("/") and "{" not in path:
                self.facts.names.update(filter(None, path.split("/")))
                yield "/" + path.strip("/")

    def _route(self, method: str, path: str, bases: list[str]) -> None:
        for base in bases:
            try:
                self.facts.routes.add(parse_route(f"{method.upper()} {base}{path}"))
            except ValueError:
                raise ConfigError(f"{self._source} has a path that is no route: each begins with a slash.") from None

    def _operation(self, operation: Json, item: Json) -> None:
        for holder in (item, operation):
            found = holder.get("parameters")
            for parameter in found if isinstance(found, list) else ():
                self._parameter(self._resolved(parameter))
        self._contents(self._resolved(operation.get("requestBody")))
        for _, response in _items(operation.get("responses")):
            response = self._resolved(response)
            self._contents(response)
            for name, header in _items(response.get("headers")):
                self._schema(self._resolved(header).get("schema"), f"header.{name.lower()}[*]")

    def _parameter(self, parameter: Json) -> None:
        name, location = parameter.get("name"), parameter.get("in")
        if isinstance(name, str):
            lower = name.lower() if location == "header" else name
            self.facts.names.update((name, lower))
            if location in _PLACES:
                self._schema(parameter.get("schema"), _PLACES[str(location)].format(lower))

    def _contents(self, holder: Json) -> None:
        for media_type, media in _items(holder.get("content")):
            if isinstance(media, Mapping):
                is_form = media_type.partition(";")[0].strip().lower() in _FORMS
                self._left = _MOST_BELOW
                self._schema(media.get("schema"), "form" if is_form else "body")

    def _schema(self, schema: Any, place: str, depth: int = 0, above: tuple[int, ...] = ()) -> None:
        """All that may stand at `place` and below. `above` are the schemas that this one is in."""
        schema = self._resolved(schema)
        self._visits, self._left = self._visits + 1, self._left - 1
        if not schema or id(schema) in above:
            return
        if depth > _MOST_DEPTH or self._left < 0 or self._visits > _MOST_VISITS:
            self.facts.is_open = True
            return
        inner = (*above, id(schema))
        self._leaf(schema, place)
        for part in ("allOf", "oneOf", "anyOf"):
            found = schema.get(part)
            for one in found if isinstance(found, list) else ():
                self._schema(one, place, depth + 1, inner)
        for name, child in _items(schema.get("properties")):
            self.facts.names.add(name)
            below = f"form.{name}[*]" if place == "form" else f"{place}.{name}"
            self._schema(child, below, depth + 1, inner)
        if "items" in schema:
            self._schema(schema["items"], f"{place}[*]", depth + 1, inner)
        extra = schema.get("additionalProperties")
        self.facts.is_open = self.facts.is_open or extra is True or isinstance(extra, Mapping)

    def _leaf(self, schema: Json, place: str) -> None:
        enum = schema.get("enum")
        for value in [*(enum if isinstance(enum, list) else ()), schema.get("const")]:
            if isinstance(value, str) and 0 < len(value) <= _LONGEST_VALUE and not has_strong(value):
                self.facts.values.add((place, value))
        decision = _CLASSES.get(str(schema.get("format", "")))
        if decision is not None and self.facts.classes.setdefault(place, decision) != decision:
            self._contested.add(place)

    def _names_in(self, schema: Any, depth: int = 0) -> None:
        """Names of a schema that no route may use; their places are unknown."""
        schema = self._resolved(schema)
        self._visits += 1
        if depth > _MOST_DEPTH or self._visits > _MOST_VISITS:
            return
        for name, child in _items(schema.get("properties")):
            self.facts.names.add(name)
            self._names_in(child, depth + 1)

    def _resolved(self, node: Any) -> Json:
        """A reference's target in this document; nothing for one that leads elsewhere."""
        for _ in range(_MOST_DEPTH):
            if not isinstance(node, Mapping):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            if not reference.startswith("#/"):
                raise ConfigError(f"{self._source} refers to another file: bundle it into one document first.")
            keys = [one.replace("~1", "/").replace("~0", "~") for one in reference[2:].split("/")]
            node = _at(self._document, *keys)
        return {}


def _items(found: Any) -> Iterator[tuple[str, Any]]:
    """Of an object."""
    if isinstance(found, Mapping):
        yield from ((str(key), value) for key, value in found.items())


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
