"""What a run may show as it is: the words of its capture, and what replay made itself.

A capture holds stand-ins and words that its policy let stay; fresh values, markers and mutated values are made by us.
None of them is anybody's secret, so an answer that gives them back shows them. All else that QA says is hidden.

Rule: numbers stay only where replay sends them by itself. A recorded number that the target gives anew (an id) is no
reason to show QA's own number that happens to be equal.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote_plus

from replay.model.body import EMPTY, Body
from replay.model.exchange import Request, Response
from replay.model.message import Leaf, request_leaves, response_leaves
from replay.model.tree import Place
from replay.redact.detectors import digits_of, find_strong

_LONGEST = 256  # characters that are kept as they are; of longer texts a digest in memory is enough
_LONGEST_BODY, _MOST_BODIES, _MOST_PLACES = 8_192, 4_096, 50_000  # that are remembered as read
_SHAPES = re.compile(r"(?=(q[a-z2-7]{9}|rpl[0-9a-z]{12}|x_replay_[0-9a-f]{8}))")  # overlapping, as they are made
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(slots=True, repr=False)
class Known:
    """Grows while a run goes on: each world brings fresh values, each case injected ones."""

    names: set[str] = field(default_factory=set)  # of fields, headers, parameters
    hosts: set[str] = field(default_factory=set)  # lower case: the target's own
    _texts: set[str] = field(default_factory=set)
    _digits: set[str] = field(default_factory=set)
    _markers: set[str] = field(default_factory=set)
    _places: set[Place] = field(default_factory=set)  # whose names are known
    _read: set[Body] = field(default_factory=set)  # requests' bodies
    _answers: set[Body] = field(default_factory=set)

    def allow_request(self, request: Request, bound: Collection[Place] = ()) -> None:
        """All that a request of ours says, but for what answers give at the places `bound`."""
        leaves = request_leaves(request)
        self._allow_leaves((leaf for leaf in leaves if leaf[0] not in bound) if bound else leaves)
        self.allow_names(name for name, _ in request.headers.fields)
        if request.body.data and not _is_known(request.body, self._read):
            text = request.body.data.decode("utf-8", "replace")
            self._markers.update(_shapes_in(text))  # also of what nobody can parse

    def allow_response(self, response: Response) -> None:
        """The words of a recorded answer; its numbers are the target's."""
        if _is_known(response.body, self._answers):  # the same list, page or receipt again
            response = Response(response.status, response.headers, EMPTY, response.trailers)
        self._allow_leaves(response_leaves(response), words_only=True)
        self.allow_names(name for name, _ in (*response.headers.fields, *response.trailers.fields))

    def allow_names(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.names:
                self.names.update((name, name.lower()))

    def allow_text(self, text: str) -> None:
        if _has_letter(text):
            self._texts.add(_key(text))
        else:
            self._digits.add(digits_of(text))
        self._markers.update(_shapes_in(text))

    def has_text(self, text: str) -> bool:
        """True for texts with letters that may be shown, and for numbers of ours."""
        return _key(text) in self._texts if _has_letter(text) else self.has_digits(digits_of(text))

    def has_digits(self, digits: str) -> bool:
        return digits in self._digits

    def markers_in(self, text: str) -> list[tuple[int, int]]:
        """Where our markers stand in `text`, without overlaps."""
        out: list[tuple[int, int]] = []
        for found in _SHAPES.finditer(text):
            start, stop = found.span(1)
            if found[1] in self._markers and (not out or start >= out[-1][1]):
                out.append((start, stop))
        return out

    def without_strong(self, text: str) -> str:
        """`text` without e-mails, cards and the like that may be shown, by themselves or as a part of what may be."""
        plain = unquote_plus(text) if "%" in text else text
        for _, hit in {*find_strong(text), *find_strong(plain)}:
            # A UUID that we made may hold what looks like a card: `…-4012-8888-888888881881`.
            around = {found[0] for found in re.finditer(rf"[\w.-]*{re.escape(hit)}[\w.-]*", plain)}
            for known in (one for one in (*around, hit) if self.has_text(one) or self.has_text(one.lower())):
                for spelling in (known, quote(known, safe=""), quote(known)):
                    text = text.replace(spelling, " ")
        return text

    def _allow_leaves(self, leaves: Iterable[Leaf], *, words_only: bool = False) -> None:
        """What is known already is known by one look: most of a capture says what was said before."""
        texts, places = self._texts, self._places
        for place, value in leaves:
            if type(value) is not str or value not in texts:
                if words_only and not _has_letter(value):
                    continue
                if value is not None and not isinstance(value, bool):
                    self.allow_text(str(value))
            if place not in places:
                if len(places) < _MOST_PLACES:
                    places.add(place)
                self.names.update(part for part in place[1:] if isinstance(part, str))


def _has_letter(value: object) -> bool:
    return isinstance(value, str) and _LETTER.search(value) is not None


def _is_known(body: Body, known: set[Body]) -> bool:
    """True from the second time on; of large bodies, and of very many, each is read again."""
    if len(body.data) > _LONGEST_BODY:
        return False
    if body in known:
        return True
    if len(known) < _MOST_BODIES:
        known.add(body)
    return False


def _key(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return "\0" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _shapes_in(text: str) -> Iterator[str]:
    return (found[1] for found in _SHAPES.finditer(text))
