"""The file of learned words (`vocabulary.json`): what `replay redact learn` writes and `[redact] learned` reads.

    {"version": 1, "k": 5, "tenants": 2, "names": ["orderId"],
     "values": {"GET /orders/{id} response body.status": ["ACTIVE", "CLOSED"]}}

A key of `values` is endpoint, side and place. In the `Lexicon` it stands as it is written here; `where_of` takes it
apart, so that a value is kept where it was learned and nowhere else.

Rule: a file is believed as little as any other input. What does not look like a word is refused, never kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from replay.model.errors import ConfigError
from replay.redact.detectors import has_strong
from replay.redact.lexicon import Lexicon

VERSION = 1
LEAST_K = 2  # below this a file would name what one session showed
LONGEST_VALUE = 24  # characters
_LONGEST_NAME = 128
_MOST_WORDS = 200_000
_MOST_BYTES = 32 << 20
_KEYS = frozenset({"version", "k", "tenants", "names", "values"})
_WHERE = re.compile(r"([A-Z][A-Z-]{0,30} /.*?) (request|response) (\S.*)", re.DOTALL)
# A word or a few joined by marks: ACTIVE, in_progress, text/plain, nb-NO. No blanks: with them words are a sentence.
_WORD = re.compile(r"[^\W\d_][\w./+-]*")


class Where(NamedTuple):
    """Where a value was learned: `GET /orders/{id}`, `response`, `body.status`."""

    endpoint: str
    side: str
    place: str

    def __str__(self) -> str:
        return f"{self.endpoint} {self.side} {self.place}"


class Learned(NamedTuple):
    """A whole file: each value was shown by at least `k` sessions of at least `tenants` tenants."""

    k: int
    tenants: int
    names: frozenset[str]
    values: Mapping[Where, frozenset[str]]


def is_word(text: str) -> bool:
    """True when `text` may be a value of a closed list: short, one word, nothing that is a secret by its shape."""
    return len(text) <= LONGEST_VALUE and _WORD.fullmatch(text) is not None and not has_strong(text)


def where_of(key: str) -> Where:
    """Takes a key of `values` apart. Raises ValueError."""
    found = _WHERE.fullmatch(key)
    if found is None:
        raise ValueError("no endpoint, side and place")
    return Where(found[1], found[2], found[3])


def read_vocabulary(text: str) -> Lexicon:
    """The words of a file, at level `strict`. Raises ConfigError; no sentence repeats a word of the file."""
    learned = read_learned(text)
    values = ((str(where), value) for where, words in learned.values.items() for value in words)
    return Lexicon(names=learned.names, values=frozenset(values))


def read_learned(text: str) -> Learned:
    """As `read_vocabulary`, with the file's own account of k and tenants."""
    if len(text) > _MOST_BYTES:
        raise ConfigError(f"The vocabulary has more than {_MOST_BYTES >> 20} MB: learn from fewer endpoints.")
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise ConfigError("The vocabulary is no JSON object in which each key stands once: learn it again.") from None
    if not isinstance(document, dict) or set(document) != _KEYS:
        raise ConfigError(f"The vocabulary must have exactly the keys {', '.join(sorted(_KEYS))}.")
    if document["version"] != VERSION or isinstance(document["version"], bool):
        raise ConfigError(f"The vocabulary's version is not {VERSION}: learn it again with this replay.")
    k, tenants = _whole(document, "k", LEAST_K), _whole(document, "tenants", 1)
    names, values = _names(document["names"]), _values(document["values"])
    if len(names) + sum(map(len, values.values())) > _MOST_WORDS:
        raise ConfigError(f"The vocabulary has more than {_MOST_WORDS} words: no API has as many.")
    return Learned(k, tenants, names, values)


def vocabulary_text(learned: Learned) -> str:
    """The file: sorted, so that two of them can be compared line by line."""
    document = {
        "version": VERSION,
        "k": learned.k,
        "tenants": learned.tenants,
        "names": sorted(learned.names),
        "values": {str(where): sorted(learned.values[where]) for where in sorted(learned.values)},
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a key stands twice")
    return out


def _whole(document: dict[str, Any], key: str, least: int) -> int:
    value = document[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= 1_000_000:
        raise ConfigError(f"The vocabulary's {key} must be a whole number of at least {least}.")
    return value


def _texts(found: Any, what: str) -> Iterable[str]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ConfigError(f"The vocabulary's {what} must be a list of texts.")
    return found


def _names(found: Any) -> frozenset[str]:
    names = frozenset(_texts(found, "names"))
    for i, name in enumerate(_texts(found, "names"), 1):
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or has_strong(name):
            raise ConfigError(f"The vocabulary's name {i} is no name of a field: take it out, or learn again.")
    return names


def _values(found: Any) -> dict[Where, frozenset[str]]:
    if not isinstance(found, dict):
        raise ConfigError("The vocabulary's values must be an object of lists.")
    out = {}
    for i, (key, words) in enumerate(found.items(), 1):
        try:
            where = where_of(key)
        except ValueError:
            raise ConfigError(
                f"The vocabulary's values entry {i} needs a key such as 'GET /orders/{{id}} response body.status'."
            ) from None
        if not all(map(is_word, _texts(words, f"values entry {i}"))):
            raise ConfigError(
                f"The vocabulary's values entry {i} holds what is no word of a closed list"
                f" (at most {LONGEST_VALUE} characters, no blanks, no secret): take it out, or learn again."
            )
        out[where] = frozenset(words)
    return out
