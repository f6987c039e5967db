"""What this run created, as the target's own answers prove it, and the request that would delete it. Pure.

    POST /notes  -> 201, Location: /notes/17            DELETE /notes/17
    POST /notes  -> 201, {"id": 17, ...}                DELETE /notes/17
    PUT /notes/a -> 201                                 DELETE /notes/a

Rule: 201 alone says "created" (RFC 9110 section 15.3.2). And since some services say it of what was there before, an
id that any earlier answer has shown, whatever it is called there, is nobody's proof: it is counted as unproven and
never deleted. Nor is a place whose path another reader may take for its parent (`/notes/..`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from replay.model.body import EMPTY
from replay.model.codec import UndecodableError, parse_json
from replay.model.endpoint import endpoint_of
from replay.model.exchange import Outcome, Request, Response
from replay.model.headers import Headers
from replay.model.tree import Tree

_MOST_SEEN = 1_000_000  # ids; when there were more, nothing is provable any longer
_ID_KEY = re.compile(r"(?:^|_|-)(?:id|uuid|guid|key|slug)s?$|[a-z](?:Id|ID|Uuid|UUID)s?$|^_id$")
_STEM = re.compile(r"[_-]?(?:id|uuid|guid|key|slug)s?$", re.IGNORECASE)
_OWN_ID_KEYS = ("id", "uuid", "_id", "guid")
_LONGEST = 200  # characters of an id; a longer text is none
_WORDS = re.compile(r"[\w.~@:+%-]+")  # of an answer that was not understood
_PIECES = re.compile(r"\w+")
_LONG = 8  # characters: a shorter id may be another collection's, too, so it is remembered with the collection's word
_OF_THE_BODY = ("content-", "if-", "idempotency-key", "expect", "transfer-encoding", "traceparent", "tracestate")


@dataclass(frozen=True, slots=True, repr=False)
class Created:
    endpoint: str  # of the request that made it
    undo: Request


@dataclass(slots=True, repr=False)
class Creations:
    """Sees every request that left and its answer, in the order of the answers. `authority`: the target's own."""

    authority: str = ""
    made: dict[str, Created] = field(default_factory=dict)  # by path, in the order of creation
    counted: dict[str, int] = field(default_factory=dict)  # 201s by endpoint
    gone: dict[str, int] = field(default_factory=dict)  # of these, deleted by the replay itself
    unproven: dict[str, int] = field(default_factory=dict)
    _seen: set[int] = field(default_factory=set)

    def witness(self, request: Request, outcome: Outcome) -> None:
        if not isinstance(outcome, Response):
            return
        tree = _tree(outcome)  # None: not understood
        if outcome.status == 201 and request.method in {"POST", "PUT"}:
            self._note(request, outcome, tree)
        elif request.method == "DELETE" and outcome.is_success:
            self._forget(request.path)
        self._remember(request, outcome, tree)

    def undoing(self) -> tuple[tuple[str, Created], ...]:
        """The last one made comes first: what hangs on another thing goes before it."""
        return tuple(reversed(self.made.items()))

    def _note(self, request: Request, response: Response, tree: Tree) -> None:
        endpoint = endpoint_of(request.method, request.target)
        self.counted[endpoint] = self.counted.get(endpoint, 0) + 1
        path = self._path_of(request, response, tree)
        if path in self.made:
            self.counted[endpoint] -= 1  # the same thing again: a retry that was answered from a store
            return
        if not path or not _is_plain(path) or self._was_there(path):
            self.unproven[endpoint] = self.unproven.get(endpoint, 0) + 1
            return
        fields = (pair for pair in request.headers.fields if not pair[0].lower().startswith(_OF_THE_BODY))
        self.made[path] = Created(
            endpoint, Request("DELETE", path, Headers.of(fields), EMPTY, request.scheme, request.host)
        )

    def _path_of(self, request: Request, response: Response, tree: Tree) -> str:
        """Where the new thing is; empty when the answer does not say so beyond doubt."""
        if request.method == "PUT":
            return request.path
        own = _own_id(tree)
        location = response.headers.get("location")
        if location:
            return self._located(request, location, own)
        return f"{request.path.rstrip('/')}/{quote(own, safe='')}" if own else ""

    def _located(self, request: Request, location: str, own: str) -> str:
        try:
            parts = urlsplit(location)
        except ValueError:
            return ""
        if parts.netloc and parts.netloc.lower() not in {self.authority.lower(), request.host.lower()}:
            return ""
        if not parts.path.startswith("/") or parts.query:
            return ""
        collection, _, last = parts.path.rstrip("/").rpartition("/")
        if not last or unquote(last) in {unquote(one) for one in request.path.split("/")}:
            return ""
        is_under = collection == request.path.rstrip("/") and any(char.isdigit() for char in last)
        return parts.path if is_under or (own and unquote(last) == own) else ""

    def _forget(self, path: str) -> None:
        created = self.made.pop(path, None)
        if created:
            self.gone[created.endpoint] = self.gone.get(created.endpoint, 0) + 1

    def _was_there(self, path: str) -> bool:
        collection, _, last = path.rstrip("/").rpartition("/")
        value, noun = unquote(last), _word(collection)
        if len(self._seen) >= _MOST_SEEN or len(value) > _LONGEST:
            return True
        return any(mark in self._seen for mark in (_mark(noun, value), _mark("", value), _mark(noun, "")))

    def _remember(self, request: Request, response: Response, tree: Tree) -> None:
        """Whatever in the answer may be an id; and what was asked for by path and is there."""
        if len(self._seen) >= _MOST_SEEN:
            return
        word = _word(request.path)
        for noun, value in _ids(tree, word):
            self._seen.add(_mark(noun, value))
        if tree is None:
            self._seen.update(_mark("", one) for one in _words(response.body.data))
            if response.body.truncated and response.is_success:
                self._seen.add(_mark(word, ""))  # of this collection, not all that was shown is known
        if response.is_success:
            segments = [unquote(one) for one in request.path.split("/") if one]
            for before, segment in zip(["", *segments], segments, strict=False):
                self._seen.add(_mark(_singular(before), segment))


def _tree(response: Response) -> Tree:
    if not response.body.is_json or response.body.truncated:
        return None
    try:
        return parse_json(response.body.data)
    except UndecodableError:
        return None


def _own_id(tree: Tree) -> str:
    """The id of the thing that the answer shows: at the top, or in `data` (JSON:API) or another only member."""
    if not isinstance(tree, dict):
        return ""
    for level in (tree, tree.get("data"), next(iter(tree.values())) if len(tree) == 1 else None):
        if isinstance(level, dict):
            for key in _OWN_ID_KEYS:
                value = level.get(key)
                if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
                    return str(value)
    return ""


def _ids(tree: Tree, noun: str) -> Iterator[tuple[str, str]]:
    """(word of what it belongs to, id) of everything that may be an id: values, names of members, links.

    What is called an id is one of what it is called after; anything else may be one of all that stands around it.
    """
    pending: list[tuple[str, str, Tree]] = [("", noun, tree)]
    while pending:
        key, owner, node = pending.pop()
        if isinstance(node, dict):
            mine = _singular(key) or owner
            pending.extend((name, mine, value) for name, value in node.items())
            yield from ((word, name) for name in node if len(name) <= _LONGEST for word in {mine, owner, noun})
        elif isinstance(node, list):
            pending.extend((key, owner, one) for one in node)
        elif isinstance(node, bool) or node is None:
            continue
        elif _ID_KEY.search(key):
            stem = _STEM.sub("", key)
            yield _singular(stem) or owner, str(node)
            if not stem:
                yield noun, str(node)  # whatever it is called there, it may be of what was asked for
        else:
            yield from ((word, text) for text in _texts(node) for word in {_singular(key), owner, noun})
            if isinstance(node, str) and "/" in node and len(node) < 2048:
                segments = [unquote(one) for one in node.partition("?")[0].split("/") if one]
                yield from ((_singular(before), one) for before, one in zip(["", *segments], segments, strict=False))


def _texts(leaf: str | float) -> tuple[str, ...]:
    """How a value that is not called an id would stand in a path."""
    if isinstance(leaf, float):
        return (str(int(leaf)),) if leaf.is_integer() else ()
    text = str(leaf)
    return (text,) if len(text) <= _LONGEST else ()


def _words(data: bytes) -> Iterator[str]:
    """Of HTML, XML, broken or cut JSON; nothing of what is no text."""
    if b"\0" in data:
        return
    for found in _WORDS.finditer(data.decode("utf-8", "replace")):
        word = unquote(found[0]).strip(".:")
        yield from {word, *_PIECES.findall(word)} if len(word) <= _LONGEST else ()


def _is_plain(path: str) -> bool:
    """False for a path that a reader may shorten: dot segments and slashes, however often they were encoded."""
    path = path.removesuffix("/")
    for _ in range(3):
        path = unquote(path)
    segments = path.replace("\\", "/").split("/")[1:]
    return not any(one.partition(";")[0].strip() in {"", ".", ".."} for one in segments)


def _word(path: str) -> str:
    """The last word of a path that is no id, in the singular: `note` of /api/notes/17."""
    words = [one for one in path.split("/") if one and not any(char.isdigit() for char in one)]
    return _singular(words[-1]) if words else ""


def _singular(word: str) -> str:
    lower = word.lower()
    if lower.endswith("ies") and len(lower) > 4:
        return lower[:-3] + "y"
    return lower[:-1] if lower.endswith("s") and len(lower) > 3 else lower


def _mark(noun: str, value: str) -> int:
    return hash(value) if len(value) >= _LONG else hash((noun, value))
