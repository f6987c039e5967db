"""Default deny on values: every string becomes its stand-in unless a rule of `classify` lets it stay.

`Rewriter` is the desk at which all redactors work: it knows one side of one exchange, writes stand-ins, opens text that
holds other values (JSON, URLs, JWT, base64, percent-encoding; six levels deep) and keeps the notes.

Rule: what a number is taken for is decided in `number_rules`, what a name is in the lexicon of the guide; small numbers
and recent times stay, for they are what replay binds ids by and lives in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import merge
from itertools import chain

from replay.model.tree import Scalar, Tree
from replay.redact import urls
from replay.redact.atoms import action_of, hidden, stand_in_of
from replay.redact.classify import class_of_plain, classify, is_wordy
from replay.redact.composing import composed
from replay.redact.contract import Action, Change, Notes, Original, Side, ValueClass
from replay.redact.detectors import digits_of, find_embedded, find_ids, is_card_digits
from replay.redact.guide import Guide
from replay.redact.host_labels import is_label, tenant_label
from replay.redact.inner_rules import MEMO_LENGTH, change_at, is_remembered, may_remember, reaches
from replay.redact.kept_texts import is_clean
from replay.redact.number_rules import kind_of, plain
from replay.redact.openers import OPENERS, disguised
from replay.redact.pseudonyms import CONSTANT_NUMBER, Pseudonym
from replay.redact.rule_actions import acted
from replay.redact.rules import Decision, ruled_role
from replay.redact.tree_walk import rewritten
from replay.redact.vocabulary import KeyRole, role_of

MAX_NESTING = 6  # deeper text is scrambled whole: safe, and no traffic needs it
_UINT64_DIGITS = 20  # a longer integer is no number but a code
_MEMO_NUMBER = 10**_UINT64_DIGITS

_SCHEME = re.compile(r"(?:mailto|tel|sms):(?=[^/\s])", re.IGNORECASE)  # what follows has the stand-in that it has alone


class Rewriter:
    """Writes stand-ins for one side of an exchange and notes them."""

    __slots__ = ("nesting", "notes", "pseudonym", "side")

    def __init__(self, pseudonym: Pseudonym, notes: Notes, side: Side, nesting: int = 0) -> None:
        self.pseudonym = pseudonym
        self.notes = notes
        self.side = side
        self.nesting = nesting  # containers around this desk's values

    def value(self, name: str, text: str, place: str, in_error: bool = False) -> str:
        """What stands for `text`, found under `name` at `place`; what a rule drops becomes empty."""
        sheet = self.notes.guide.sheet(self.side)
        decision = sheet.at(place, name) if sheet is not None else None
        if decision is not None:
            return str(self.decided(decision, name, text, place, in_error) or "")
        return str(self.scalar(name, text, place, in_error))

    def literal(self, trail: Sequence[str | None], name: str, value: str | int | float, place: str) -> Scalar:
        """What stands for a literal of GraphQL; `trail` are the arguments above it, None what a rule drops."""
        sheet = self.notes.guide.sheet(self.side)
        decision = sheet.literal(trail) if sheet is not None else None
        if decision is not None:
            return self.decided(decision, name, value, place)
        return self.value(name, value, place) if isinstance(value, str) else self.scalar(name, value, place)

    def leaves_out(self, name: str, place: str, text: str = "") -> bool:
        """True when a rule drops the whole field, which held `text`: callers that can do without it do."""
        sheet = self.notes.guide.sheet(self.side)
        decision = sheet.at(place, name) if sheet is not None else None
        if decision is None or decision.action is not Action.DROP:
            return False
        self.decided(decision, name, text, place)
        return True

    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar:
        """A leaf that no rule is about: text by its shape and name, numbers by their name, the rest as it is."""
        if value is None or isinstance(value, bool):
            return value
        role, guide = role_of(name, in_error), self.notes.guide
        if guide.detects and str(value) in guide.found:
            return self.decided(guide.found[str(value)], name, value, place, in_error)
        if not isinstance(value, str):
            return self._number(role, value, place)
        is_ruled = guide.sheet(self.side) is not None
        change = change_at(self, role, value, place) if is_ruled else self.change(role, value)
        if change.kept and guide.found and not guide.found.keys().isdisjoint(change.kept):
            change = self._text(ValueClass.TEXT, value)  # something inside may not stay: the whole goes
        return self.notes.apply(self.side, place, change)

    def decided(self, decision: Decision, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar:
        """A leaf as a rule wants it; what a detector has found does not stay."""
        role, guide = role_of(name, in_error), self.notes.guide
        if decision.action is Action.KEEP and reaches(
            self, value, place
        ):  # it keeps leaves, and other rules hold there
            return self.scalar(name, value, place, in_error)
        fresh, change = acted(self, guide.found.get(str(value), decision) if guide.found else decision, role, value)
        if guide.found and not guide.found.keys().isdisjoint(change.kept):
            change = self._text(ValueClass.TEXT, str(value))
            fresh = change.text
        elif isinstance(value, str) and not guide.found and may_remember(guide, self.side, value):
            memo = self.pseudonym.memo
            memo.keep_value(
                memo.values(ruled_role(decision, role), self.nesting, guide.scope(self.side)), value, change
            )
        if not isinstance(value, bool) and value is not None:
            self.notes.apply(self.side, place, change)
        elif change.action is not None:
            self.notes.did(self.side, place, change.value_class, change.action)
        return fresh

    def of_domain(self, domain: str) -> Rewriter:
        """A desk whose stand-ins are of a domain of their own."""
        guide = self.notes.guide
        return Rewriter(guide.domains[domain], Notes(guide.within()), self.side, self.nesting)

    def name(self, name: str, place: str, in_map: bool = False) -> str:
        """A key, parameter or cookie name: stays when a programmer wrote it or a rule says so, else it is data.

        `in_map`: it is one of so many that they name things; then only names that were learned or ruled stay.
        """
        if self._name_stays(name) and not (in_map and name not in self.notes.guide.lexicon.names):
            self.notes.words.add(name)
            return name
        is_whole = in_map or self._is_ruled_name(name) or name in self.notes.guide.found
        parts = () if is_whole else self.notes.guide.lexicon.parts_of(name)
        change = self._compound(parts) if parts else self.change(KeyRole.PLAIN, name)
        return self.notes.apply(self.side, place, change._replace(value_class=ValueClass.FIELD_NAME))

    def _compound(self, parts: tuple[tuple[str, bool], ...]) -> Change:
        """Of `items[48213][qty]` only the piece that is data is replaced."""
        changes = [Change(piece) if stays else self.change(KeyRole.PLAIN, piece) for piece, stays in parts]
        originals = tuple(chain.from_iterable(change.originals for change in changes))
        text = "".join(change.text for change in changes)
        return Change(text, ValueClass.NAME, Action.PSEUDONYMISE if originals else None, originals)

    def is_route(self, segment: str) -> bool:
        """True when a word of a path names a route, not a thing.

        Known words are no survivors where they stand as a value, too; what only looks like a word may be one.
        """
        lexicon = self.notes.guide.lexicon
        is_known = lexicon.knows_route(segment)
        if is_known and lexicon.is_strict:
            self.notes.words.add(segment)
        return is_known

    def host(self, authority: str, place: str) -> str:
        """`host:port`, user information dropped, port kept."""
        if not authority:
            return ""
        host, port = urls.split_authority(authority)
        new = self.pseudonym.host(host)
        found = tenant_label(host) if new != host else None
        if found is not None:  # as the tenant stands in paths, header fields and claims
            label = self.inner().change(KeyRole.PLAIN, found[0]).text
            new = self.pseudonym.labelled(label, new) if is_label(label) else new
        if new != host:
            self.notes.apply(self.side, place, hidden(ValueClass.HOST, new, host))
        return new + port

    def tree(self, tree: Tree, place: str) -> Tree:
        """A freshly parsed document, rewritten in place."""
        return rewritten(self, tree, place)

    def change(self, role: KeyRole, text: str) -> Change:
        """The change of `text` alone, remembered in the key's bounded memo."""
        memo, guide = self.pseudonym.memo, self.notes.guide
        sheet = guide.sheet(self.side)
        if len(text) > MEMO_LENGTH or (sheet is not None and not is_remembered(guide, sheet, text)):
            return self._made(role, text)
        values = memo.values(role, self.nesting, guide.lexicon if sheet is None else guide.scope(self.side))
        known: Change | None = values.find(text)
        if known is None:
            known = self._made(role, text)
            memo.keep_value(values, text, known)
        return known

    def _made(self, role: KeyRole, text: str) -> Change:
        scheme = _SCHEME.match(text)
        if scheme is not None and role is not KeyRole.SECRET:
            inner = self.change(role, text[scheme.end() :])
            return inner._replace(text=scheme.group() + inner.text)
        known = self._in_another_role(role, text)
        if known is not None:
            return known
        kind = classify(role, text, self.notes.guide.lexicon)
        if kind is ValueClass.KEPT or (kind is not ValueClass.PASSWORD and self.pseudonym.is_ours(text)):
            return Change(text)
        opener = OPENERS.get(kind)
        if opener is not None:
            opened = opener(self, role, text) if self.nesting < MAX_NESTING else None
            return opened or self._text(ValueClass.TEXT, text)
        if kind in (ValueClass.TEXT, ValueClass.NAME, ValueClass.TOKEN):
            opened = disguised(self, role, text) if self.nesting < MAX_NESTING else None
            return opened or self._opaque(kind, text)
        return hidden(kind, stand_in_of(self.pseudonym, kind, text), text)

    def _in_another_role(self, role: KeyRole, text: str) -> Change | None:
        """What stands for a generated text under any other name, by the class that it has under this one."""
        guide = self.notes.guide
        known: Change | None = self.pseudonym.memo.texts.find((text, self.nesting, guide.lexicon))
        if known is None or role is KeyRole.SECRET or guide.found or guide.sheet(self.side) is not None:
            return None
        if guide.lexicon.knows_word(role, text):
            return None
        kind = class_of_plain(role, text)
        return known._replace(value_class=kind, originals=((kind, text), *known.originals[1:]))

    def _opaque(self, kind: ValueClass, text: str) -> Change:
        """Text of no class that nothing could be read in. An id stands in answers, paths and header fields alike.

        Digits among letters, a letter in front: of such text `classify` asks the role for its closed list alone.
        """
        change, guide = self._text(kind, text), self.notes.guide
        is_plain = not guide.found and guide.sheet(self.side) is None
        if is_plain and len(text) <= MEMO_LENGTH and text[0].isalpha() and not is_wordy(text):
            self.pseudonym.memo.texts.keep((text, self.nesting, guide.lexicon), change)
        return change

    def _text(self, kind: ValueClass, text: str) -> Change:
        """Scrambled, but what has a class of its own inside (an e-mail in a sentence) is mapped by that class."""
        plain_text = composed(text)
        fresh, end = self.pseudonym.text(plain_text), 0
        parts: list[str] = []
        originals: list[Original] = [(kind, text)]
        for start, stop in self._inside(plain_text) if self.nesting < MAX_NESTING and not is_wordy(plain_text) else ():
            inner = self.inner().change(KeyRole.PLAIN, plain_text[start:stop])
            parts += [fresh[end:start], inner.text]
            originals += inner.originals
            end = stop
        return Change("".join([*parts, fresh[end:]]), kind, Action.PSEUDONYMISE, tuple(originals))

    def _inside(self, text: str) -> list[tuple[int, int]]:
        """Where in `text` something stands that has a stand-in of its own; the id of `user 48213 called` has."""
        ids = list(find_ids(text, self.notes.guide.lexicon.is_strict))
        spans = list(find_embedded(text))
        if not ids or not spans:
            return ids or spans
        out: list[tuple[int, int]] = []
        for start, stop in merge(ids, spans):
            while out and start < out[-1][1] and stop - start > out[-1][1] - out[-1][0]:
                out.pop()  # a card whose first group is a number by itself
            if not out or start >= out[-1][1]:
                out.append((start, stop))
        return out

    def _is_ruled_name(self, name: str) -> bool:
        names = self.notes.guide.names
        return names is not None and names.field("name", name) is not None

    def _name_stays(self, name: str) -> bool:
        guide = self.notes.guide
        decision = guide.names.field("name", name) if guide.names is not None else None
        if decision is None:
            return guide.lexicon.knows_name(name) and name not in guide.found
        return decision.action is Action.KEEP and is_clean(name) and name not in guide.found

    def _number(self, role: KeyRole, value: int | float, place: str) -> Scalar:
        known = self.number(role, value)
        if known.action is None:
            if self.notes.guide.detects:
                self.notes.words.add(str(value))
            return value
        self.notes.apply(self.side, place, known)
        new = float(known.text) if "." in known.text else int(known.text)
        return float(new) if isinstance(value, float) else new

    def number(self, role: KeyRole, value: int | float) -> Change:
        """The change of a number alone, remembered likewise."""
        values = self.pseudonym.memo.values(role, self.nesting, self.notes.guide.scope(self.side))
        key = (type(value), value)  # 1 and 1.0 are equal
        known: Change | None = values.find(key)
        if known is None:
            known = self._number_change(role, value)
            if -_MEMO_NUMBER < value < _MEMO_NUMBER:
                self.pseudonym.memo.keep_value(values, key, known)
        return known

    def _number_change(self, role: KeyRole, value: int | float) -> Change:
        """A number keeps its type; a big float may round, which harms nobody."""

        def fresh(kind: ValueClass, new: str) -> Change:
            return Change(new, kind, action_of(kind), ((kind, digits_of(str(value))),))

        if role is KeyRole.SECRET:
            return fresh(ValueClass.PASSWORD, str(CONSTANT_NUMBER))
        if isinstance(value, float) and abs(value) >= _MEMO_NUMBER:
            return fresh(ValueClass.ID, self.pseudonym.huge(value))
        text = plain(repr(value)) if isinstance(value, float) and not value.is_integer() else str(int(value))
        digits, sign = text.lstrip("-"), "-" if value < 0 else ""
        if is_card_digits(digits):
            return fresh(ValueClass.CARD, sign + self.pseudonym.card(digits))
        if role is KeyRole.PHONE and "." not in text:
            return fresh(ValueClass.PHONE, sign + self.pseudonym.phone(digits))
        if isinstance(value, int) and len(digits) > _UINT64_DIGITS:
            return fresh(ValueClass.DIGITS, sign + self.pseudonym.digits(digits))
        kind = kind_of(role, text, self.notes.guide.lexicon.is_strict)
        return Change("") if kind is ValueClass.KEPT else fresh(kind, stand_in_of(self.pseudonym, kind, text))

    def stand_in(self, text: str, name: str = "") -> str:
        """What stands for `text` under `name` wherever this key is used; of names only what they say matters."""
        return self.change(role_of(name), text).text

    def on(self, guide: Guide) -> Rewriter:
        """The same desk by another guide, with notes of its own."""
        return Rewriter(self.pseudonym, Notes(guide), self.side, self.nesting)

    def inner(self) -> Rewriter:
        """A desk one level deeper, with notes of its own: the outer value is noted once, as what it is."""
        return Rewriter(self.pseudonym, Notes(self.notes.guide.within()), self.side, self.nesting + 1)
