"""Which thing a place speaks of: `course_id`, /courses/17 and `items[*].id` of GET /courses all say `course`.

Rule: a key that does not name an id has no noun, and small values without a noun are never linked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from replay.model.endpoint import collection_before, is_id_like, singular
from replay.model.message import path_segments
from replay.model.tree import Place

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ID = frozenset({"id", "ids", "uuid", "uuids", "guid", "guids", "pk", "iri"})
_NUMBER = frozenset({"number", "no"})  # account_number: a reference when it is long, a count when it is short
_CURSOR = frozenset({"cursor", "continuation", "page_token", "next_page_token", "prev_page_token", "after", "before"})
_SECRET = frozenset({"token", "csrf", "xsrf", "jwt", "sid", "nonce", "otp"})
_CLAIMS = {"sub": "user", "tid": "tenant"}  # RFC 7519 section 4.1.2; Microsoft's name for the tenant
_BARE_HEADERS = frozenset({"resource_id", "object_id", "entity_id", "created_id"})
_WRAPPERS = re.compile(
    "attribute|body|content|data|doc|edge|element|embedded|entity|entry|hit|input|item|list|node|object|page|payload"
    "|record|relationship|resource|response|result|row|self|value|variable"
)
_ACTIONS = re.compile(
    "all|batch|bulk|create|current|details|export|filter|find|latest|list|mine|new|query|recent|search|self"
)
_VERBS = re.compile(
    "add|approve|archive|assign|cancel|close|complete|confirm|create|delete|edit|fetch|find|get|list|make|move|new|open"
    "|pay|place|publish|reject|remove|rename|save|send|set|start|stop|submit|update|upsert"
)
_PLURALS = {"people": "person", "children": "child"}


@dataclass(frozen=True, slots=True)
class Named:
    """What a key names. `noun` "" is a bare `id`; values shorter than `shortest` characters do not count."""

    noun: str
    shortest: int = 1


@lru_cache(maxsize=8192)
def snake(key: str) -> str:
    """`courseId`, `course-id`, `order[course_id]` and `course_ids[]` in one spelling."""
    pieces = [piece for piece in key.replace("]", "[").split("[") if piece]
    words = _CAMEL.sub("_", pieces[-1] if pieces else "")
    return words.lower().replace("-", "_").replace(".", "_").strip("_@$")


@lru_cache(maxsize=8192)
def named_by(key: str) -> Named | None:
    """What the key names, or None when it is no id-like key."""
    words = snake(key)
    words = words.removeprefix("x_")
    if words in _BARE_HEADERS:
        return Named("")
    if words in _CLAIMS:
        return Named(_CLAIMS[words])
    head, _, tail = words.rpartition("_")
    if words in _CURSOR or tail == "cursor":
        return Named("cursor")
    if tail in _ID:
        return Named(singular_of(head) if head else "")
    if tail in _NUMBER:
        return Named(singular_of(head) if head else "", shortest=6)
    if _SECRET.intersection(words.split("_")):
        return Named("token", shortest=6)
    return None


@lru_cache(maxsize=8192)
def singular_of(word: str) -> str:
    """The singular, without the verb of an RPC name: `createOrders` is `order`."""
    words = snake(word).split("_")
    if len(words) > 1 and _VERBS.fullmatch(words[0]):
        words = words[1:]
    return singular("_".join([*words[:-1], _PLURALS.get(words[-1], words[-1])]))


@lru_cache(maxsize=16384)
def noun_of_path(path: str, text: str) -> str:
    """The thing that a bare `id` with this value means in a message of this path.

    POST /courses -> course; PUT /courses/17/publish answering 17 -> course, answering 5 -> publish.
    """
    segments = path_segments(path)
    literals = [i for i, segment in enumerate(segments) if segment and not is_id_like(segment)]
    if not literals:
        return ""
    ids = [i for i, segment in enumerate(segments) if segment == text and is_id_like(segment)]
    if ids:
        return singular_of(collection_before(path, ids[-1]))
    speaking = [i for i in literals if not _ACTIONS.fullmatch(singular_of(segments[i]))]
    return singular_of(segments[(speaking or literals)[-1]])


def noun_in_path(path: str, index: int) -> str:
    """The thing that the segment at `index` names: the collection before it."""
    return singular_of(collection_before(path, index))


def noun_at(place: Place, text: str, path: str) -> str:
    """What the value at a JSON, form, query, header or cookie place names, or ""; `path` is the message's own."""
    keys = [part for part in place[1:] if isinstance(part, str)]
    named = named_by(keys[-1]) if keys else None
    if named is None or len(text) < named.shortest:
        return ""
    if named.noun:
        return named.noun
    parents = (singular_of(key) for key in reversed(keys[:-1]))
    return next((noun for noun in parents if not _WRAPPERS.fullmatch(noun)), "") or noun_of_path(path, text)


_FAMILY = ("user", "account", "member", "student", "person", "profile")
_ALIASES = frozenset({"me", "register", "registration", "signup", "sign_up", "login", "signin", "sign_in", "owner"})


@dataclass(frozen=True, slots=True)
class Family:
    """People have many names: /register answers the id that `account_id` means later.

    Rule: names that own a collection of their own in this capture (/users and /accounts) are different things, and
    only the nameless (`me`, `register`) and the unowned speak of the first owner.
    """

    owners: frozenset[str]

    @classmethod
    def of(cls, paths: Iterable[str]) -> Family:
        segments = {segment.lower() for path in paths for segment in path_segments(path)}
        plurals = {singular_of(segment) for segment in segments if segment and singular_of(segment) != segment}
        return cls(frozenset(plurals.intersection(_FAMILY)))

    def canonical(self, noun: str) -> str:
        if noun in _ALIASES or (noun in _FAMILY and noun not in self.owners and len(self.owners) < 2):
            return next((owner for owner in _FAMILY if owner in self.owners), _FAMILY[0])
        return noun
