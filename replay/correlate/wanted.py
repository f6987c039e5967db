"""Which values requests hold: nothing else of any response can be the source of a binding, and most of it is passed by.

    requests   /orders/ord-93xk   Bearer tok-81aa      texts {ord-93xk, tok-81aa, ...}, atoms {93xk, 81aa, ...}
    responses  {"id": "ord-93xk", "state": "paid"}     "paid" is no such text, and no atom of one is in it

Rule: `may_hold` never says no to a text in which `inside` would find a wanted one. All that `inside` reads stands
between marks that are no letters or digits, so the letters and digits of a wanted text stand there unchanged; what may
be written otherwise (percent signs, entities, escapes, base64, documents) is always opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from replay.correlate.asked import asked
from replay.correlate.inside import inside
from replay.correlate.pieces import Piece
from replay.correlate.shapes import canonical
from replay.correlate.walking import leaves_where
from replay.model.exchange import Request
from replay.model.tree import Place, Scalar, Tree

_ATOM = re.compile(r"[^\W_]+")
# Base64 (RFC 4648) of two groups of printable ASCII or more: the high bit of each byte is clear, and 0x20 the least.
_GROUP = "[I-Za-f][C-HS-Xi-ny0-3z][ABEFIJMNQRUVYZcdghklopstwx014589][A-Za-z0-9+/_-]"
ENCODED = re.compile(rf"[%+\\&{{]|eyJ|(?<![A-Za-z0-9])(?:{_GROUP}){{2}}")
_SHORT = 6  # characters; longer ones may be fresh values, whether they have keys or not
_MOST_KNOWN = 50_000  # verdicts; texts that come again cost one look
_LONGEST_NUMBER = 4300  # digits that int() reads; of a longer one no JSON document is parsed, either
_LONGEST_KNOWN = 128  # characters


HasKeys = Callable[[Piece, str], bool]
"""Of a value, and of the path of its request."""


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """A value of a request; as texts, itself and every value inside it that may be linked."""

    piece: Piece
    texts: frozenset[str]


def said_by(request: Request, has_keys: HasKeys | None = None) -> tuple[Said, ...]:
    """Every value of the request that stands in no other one.

    `has_keys`: whether a value can be linked to any other one. It is asked about short ones: page numbers and counts
    stand in most responses, too, and mean nothing there.
    """
    path = request.path
    return tuple([Said(piece, frozenset(_texts(piece, path, has_keys))) for piece in asked(request)])


def _texts(piece: Piece, path: str, has_keys: HasKeys | None) -> Iterator[str]:
    value = piece.value
    text = canonical(value)
    if len(text) >= _SHORT or (text and (has_keys is None or (not _is_word(piece, text) and has_keys(piece, path)))):
        yield text
    if isinstance(value, str):
        for part in inside(value, piece.place):
            yield from _texts(part, path, has_keys)


def _is_word(piece: Piece, text: str) -> bool:
    """A word in the path is the route's own; most short values are of that kind."""
    return text.isalpha() and piece.place[0] == "path" and len(piece.place) == 2


@dataclass(slots=True, repr=False)
class Wanted:
    """Texts that requests hold."""

    texts: frozenset[str]
    _numbers: frozenset[int] = frozenset()  # of the texts, those that JSON may write without quotes
    _atoms: frozenset[str] = frozenset()  # of each text the longest run of letters and digits
    _bare: tuple[str, ...] = ()  # texts without any
    _known: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Sequence[Said]]) -> Wanted:
        texts = frozenset(chain.from_iterable(one.texts for some in said for one in some))
        runs = {text: _ATOM.findall(text) for text in texts}
        digits = (text for text in texts if text.isascii() and text.removeprefix("-").isdigit())
        numbers = (int(text) for text in digits if len(text) <= _LONGEST_NUMBER)
        atoms = frozenset(max(found, key=len) for found in runs.values() if found)
        return cls(texts, frozenset(numbers), atoms, tuple(text for text, found in runs.items() if not found))

    def may_hold(self, text: str) -> bool:
        """Whether the text is a wanted one, or may hold one."""
        known = self._known.get(text)
        if known is None:
            known = text in self.texts or (not text.isalpha() and self._may_hold(text))
            if len(text) <= _LONGEST_KNOWN:
                if len(self._known) >= _MOST_KNOWN:
                    self._known.clear()
                self._known[text] = known
        return known

    def leaves(self, tree: Tree, prefix: Place) -> list[tuple[Place, Scalar]]:
        """The scalars of the document that are wanted or may hold what is, in the order of `model.tree.leaves`."""
        return leaves_where(tree, prefix, self.may_hold, self._numbers.__contains__)

    def _may_hold(self, text: str) -> bool:
        if ENCODED.search(text) or not self._atoms.isdisjoint(_ATOM.findall(text)):
            return True
        return any(bare in text for bare in self._bare)
