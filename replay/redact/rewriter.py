"""Default deny on values: every string becomes its stand-in unless a rule of `classify` lets it stay.

`Rewriter` is the desk at which all redactors work: it knows one side of one exchange, writes stand-ins, opens text that
holds other values (JSON, URLs, JWT, base64, percent-encoding; four levels deep) and keeps the notes.

Rule: small integers (up to eight digits) and epoch times stay in this form, as numbers and as digits in text of their
own: they are what replay binds ids by. They are pseudonymised only under names that make them personal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote, unquote

from replay.model.tree import Scalar, Tree
from replay.redact import containers, urls
from replay.redact.classify import classify, is_wordy
from replay.redact.contract import Action, Change, Notes, Original, Side, ValueClass
from replay.redact.detectors import digits_of, find_embedded, has_strong, is_card_digits, is_long_number
from replay.redact.pseudonyms import CONSTANT, CONSTANT_NUMBER, Pseudonym
from replay.redact.tree_walk import rewritten
from replay.redact.vocabulary import KeyRole, is_plain_name, role_of

MAX_NESTING = 4  # deeper text is scrambled whole: safe, and no traffic needs it
_UINT64_DIGITS = 20  # a longer integer is no number but a code
_MEMO_LENGTH = 256  # characters; longer values seldom repeat
_MEMO_NUMBER = 10**_UINT64_DIGITS

_CHANGED = {ValueClass.PASSWORD: Action.MASK, ValueClass.GEO: Action.MASK}


class Rewriter:
    """Writes stand-ins for one side of an exchange and notes them."""

    __slots__ = ("nesting", "notes", "pseudonym", "side")

    def __init__(self, pseudonym: Pseudonym, notes: Notes, side: Side, nesting: int = 0) -> None:
        self.pseudonym = pseudonym
        self.notes = notes
        self.side = side
        self.nesting = nesting  # containers around this desk's values

    def value(self, name: str, text: str, place: str, in_error: bool = False) -> str:
        """What stands for `text`, found under `name` at `place`."""
        if place in self.notes.guide.keeps and not has_strong(text):
            self.notes.words.add(text)
            return text
        return self.notes.apply(self.side, place, self.change(role_of(name, in_error), text))

    def scalar(self, name: str, value: Scalar, place: str, in_error: bool = False) -> Scalar:
        """A JSON leaf: text by `value`, numbers by their name, the rest as it is."""
        if isinstance(value, str):
            return self.value(name, value, place, in_error)
        if value is None or isinstance(value, bool):
            return value
        return self._number(role_of(name, in_error), value, place)

    def name(self, name: str, place: str) -> str:
        """A key, parameter or cookie name: stays when a programmer wrote it, else it is data."""
        if is_plain_name(name):
            self.notes.words.add(name)
            return name
        return self.notes.apply(self.side, place, self.change(KeyRole.PLAIN, name))

    def host(self, authority: str, place: str) -> str:
        """`host:port`, user information dropped, port kept."""
        if not authority:
            return ""
        host, port = urls.split_authority(authority)
        new = self.pseudonym.host(host)
        if new != host:
            self.notes.apply(self.side, place, _hidden(ValueClass.HOST, new, host))
        return new + port

    def tree(self, tree: Tree, place: str) -> Tree:
        """A freshly parsed document, rewritten in place."""
        return rewritten(self, tree, place)

    def change(self, role: KeyRole, text: str) -> Change:
        """The change of `text` alone, remembered in the key's bounded memo."""
        memo = self.pseudonym.memo
        values = memo.values(role, self.nesting)
        known: Change | None = values.find(text)
        if known is not None:
            return known
        change = self._made(role, text)
        if len(text) <= _MEMO_LENGTH:
            memo.keep_value(values, text, change)
        return change

    def _made(self, role: KeyRole, text: str) -> Change:
        kind = classify(role, text)
        if kind is ValueClass.KEPT or (kind is not ValueClass.PASSWORD and self.pseudonym.is_ours(text)):
            return Change(text)
        opener = _OPENERS.get(kind)
        if opener is not None:
            opened = opener(self, role, text) if self.nesting < MAX_NESTING else None
            return opened or self._text(ValueClass.TEXT, text)
        if kind in (ValueClass.TEXT, ValueClass.NAME, ValueClass.TOKEN):
            return self._text(kind, text)
        return _hidden(kind, self._atom(kind, text), text)

    def _atom(self, kind: ValueClass, text: str) -> str:
        if kind is ValueClass.IP:
            return self.pseudonym.ipv6(text) if ":" in text else self.pseudonym.ipv4(text)
        return _MAKERS[kind](self.pseudonym, text)

    def _text(self, kind: ValueClass, text: str) -> Change:
        """Scrambled, but what has a class of its own inside (an e-mail in a sentence) is mapped by that class."""
        fresh, end = self.pseudonym.text(text), 0
        parts: list[str] = []
        originals: list[Original] = [(kind, text)]
        for start, stop in find_embedded(text) if self.nesting < MAX_NESTING and not is_wordy(text) else ():
            inner = self.inner().change(KeyRole.PLAIN, text[start:stop])
            parts += [fresh[end:start], inner.text]
            originals += inner.originals
            end = stop
        return Change("".join([*parts, fresh[end:]]), kind, Action.PSEUDONYMISE, tuple(originals))

    def _number(self, role: KeyRole, value: int | float, place: str) -> Scalar:
        if place in self.notes.guide.keeps:
            self.notes.words.add(str(value))
            return value
        values = self.pseudonym.memo.values(role, self.nesting)
        key = (type(value), value)  # 1 and 1.0 are equal
        known: Change | None = values.find(key)
        if known is None:
            known = self._number_change(role, value)
            if -_MEMO_NUMBER < value < _MEMO_NUMBER:
                self.pseudonym.memo.keep_value(values, key, known)
        if known.action is None:
            return value
        self.notes.apply(self.side, place, known)
        new = float(known.text) if "." in known.text else int(known.text)
        return float(new) if isinstance(value, float) else new

    def _number_change(self, role: KeyRole, value: int | float) -> Change:
        """A number keeps its type; a big float may round, which harms nobody."""

        def hidden(kind: ValueClass, new: str) -> Change:
            return Change(new, kind, _CHANGED.get(kind, Action.PSEUDONYMISE), ((kind, digits_of(str(value))),))

        if role is KeyRole.SECRET:
            return hidden(ValueClass.PASSWORD, str(CONSTANT_NUMBER))
        if isinstance(value, float) and not value.is_integer():
            text = f"{value:f}"
            if role is KeyRole.GEO:
                return hidden(ValueClass.GEO, str(round(value, 1)))
            return hidden(ValueClass.LONG, self.pseudonym.long_number(text)) if is_long_number(text) else Change("")
        text, sign = str(abs(int(value))), "-" if value < 0 else ""
        if is_card_digits(text):
            return hidden(ValueClass.CARD, sign + self.pseudonym.card(text))
        if role is KeyRole.PHONE:
            return hidden(ValueClass.PHONE, sign + self.pseudonym.phone(text))
        if role in (KeyRole.NUMBER, KeyRole.TOKEN, KeyRole.BIRTH) or (
            isinstance(value, int) and len(text) > _UINT64_DIGITS
        ):
            return hidden(ValueClass.DIGITS, sign + self.pseudonym.digits(text))
        return hidden(ValueClass.LONG, sign + self.pseudonym.digits(text)) if is_long_number(text) else Change("")

    def inner(self) -> Rewriter:
        """A desk one level deeper, with notes of its own: the outer value is noted once, as what it is."""
        return Rewriter(self.pseudonym, Notes(self.notes.guide.within()), self.side, self.nesting + 1)


def _hidden(kind: ValueClass, new: str, old: str) -> Change:
    return Change(new, kind, _CHANGED.get(kind, Action.PSEUDONYMISE), ((kind, old),) if new != old else ())


def _coarse(text: str) -> str:
    """One decimal of a degree: about 11 km."""
    return f"{float(text):.1f}"


_MAKERS: dict[ValueClass, Callable[[Pseudonym, str], str]] = {
    ValueClass.EMAIL: Pseudonym.email,
    ValueClass.UUID: Pseudonym.uuid,
    ValueClass.CARD: Pseudonym.card,
    ValueClass.IBAN: Pseudonym.iban,
    ValueClass.PHONE: Pseudonym.phone,
    ValueClass.DIGITS: Pseudonym.digits,
    ValueClass.LONG: Pseudonym.long_number,
    ValueClass.BIRTH: Pseudonym.birth,
    ValueClass.GEO: lambda _, text: _coarse(text),
    ValueClass.PASSWORD: lambda *_: CONSTANT,
}


def _closed(kind: ValueClass, text: str, notes: Notes) -> Change:
    """The change of an opened container: nothing done inside, nothing to note outside."""
    originals: tuple[Original, ...] = tuple(sorted(notes.originals))
    return Change(text, kind, Action.PSEUDONYMISE if notes.counts else None, originals)


def _open_json(desk: Rewriter, _: KeyRole, text: str) -> Change | None:
    tree = containers.json_text(text)
    if tree is None:
        return None
    inner = desk.inner()
    return _closed(ValueClass.JSON, containers.dumped(inner.tree(tree, "")), inner.notes)


def _open_base64(desk: Rewriter, _: KeyRole, text: str) -> Change | None:
    tree = containers.base64_json(text)
    if tree is None:
        return None
    inner = desk.inner()
    return _closed(ValueClass.BASE64, containers.to_base64(containers.dumped(inner.tree(tree, "")), text), inner.notes)


def _open_jwt(desk: Rewriter, _: KeyRole, text: str) -> Change | None:
    parts = containers.jwt_parts(text)
    if parts is None:
        return None
    inner = desk.inner()
    signing_input = containers.jwt_signing_input(parts.header, inner.tree(parts.claims, ""))
    signature = desk.pseudonym.signature(signing_input, len(parts.signature))
    originals = ((ValueClass.JWT, text), *sorted(inner.notes.originals))
    return Change(f"{signing_input}.{signature}", ValueClass.JWT, Action.PSEUDONYMISE, originals)


def _open_url(desk: Rewriter, _: KeyRole, text: str) -> Change | None:
    inner = desk.inner()
    return _closed(ValueClass.URL, urls.redact_url(inner, text, "url"), inner.notes)


def _open_percent(desk: Rewriter, role: KeyRole, text: str) -> Change | None:
    plain = unquote(text)
    if plain == text:
        return None
    inner = desk.inner().change(role, plain)
    return Change(quote(inner.text, safe=""), inner.value_class, inner.action, inner.originals)


def _open_credentials(desk: Rewriter, _: KeyRole, text: str) -> Change | None:
    scheme, rest = re.split(r" +", text, maxsplit=1)
    inner = desk.inner()
    if scheme.lower() == "basic":
        pair = containers.basic_pair(rest)
        if pair is None:
            return None
        user = inner.change(KeyRole.NAME, pair[0])
        originals = (*user.originals, (ValueClass.PASSWORD, pair[1]))
        new = containers.basic_text(user.text, CONSTANT if pair[1] else "")
        return Change(f"{scheme} {new}", ValueClass.CREDENTIALS, Action.PSEUDONYMISE, originals)
    credentials = inner.change(KeyRole.TOKEN, rest)
    new = f"{scheme} {credentials.text}"
    return Change(new, credentials.value_class, credentials.action, credentials.originals)


_OPENERS: dict[ValueClass, Callable[[Rewriter, KeyRole, str], Change | None]] = {
    ValueClass.JSON: _open_json,
    ValueClass.BASE64: _open_base64,
    ValueClass.JWT: _open_jwt,
    ValueClass.URL: _open_url,
    ValueClass.PERCENT: _open_percent,
    ValueClass.CREDENTIALS: _open_credentials,
}
