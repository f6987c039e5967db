"""How text that holds other values is opened, rewritten inside, and closed again in the same writing.

Two ways in: `OPENERS`, for what `classify` knows by its shape, and `disguised`, for text that it knows nothing about.

Rule: an opener that is not sure returns None, and the text is scrambled whole. Which is safe, and joins with nothing.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from html import escape, unescape
from urllib.parse import quote, unquote

from replay.redact import containers, urls, writings
from replay.redact.contract import Action, Change, Original, ValueClass
from replay.redact.desk import Desk, UnreadableError
from replay.redact.graphql_text import is_graphql, rewritten_graphql
from replay.redact.html_text import rewritten_html
from replay.redact.media_types import is_known_type
from replay.redact.placeholders import is_known_file, placeholder
from replay.redact.pseudonyms import CONSTANT
from replay.redact.rule_places import JWT
from replay.redact.stomp_text import is_stomp, rewritten_stomp
from replay.redact.vocabulary import KeyRole
from replay.redact.xml_text import is_xml, rewritten_xml

Opener = Callable[[Desk, KeyRole, str], Change | None]

_FORM = re.compile(r"[A-Za-z_][\w.\[\]%$-]{0,63}=[^&]*(?:&[A-Za-z_][\w.\[\]%$-]{0,63}=[^&]*)+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_DATA_URL = re.compile(r"data:([A-Za-z0-9.+/-]{0,80})((?:;[A-Za-z0-9-]+=[A-Za-z0-9-]+)*)(;base64)?,(.*)", re.DOTALL)
_SIGNED = re.compile(r"(\.?)([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{4,12}\.)?([A-Za-z0-9_-]{16,128})")
_JPEG = "/9j/"  # as base64 begins; it looks like a path
_SHORTEST_FILE = 64  # characters of base64
_EXPRESS = re.compile(r"s:([^.\s]{8,200})\.([A-Za-z0-9+/]{27,86}=?)")


def disguised(desk: Desk, role: KeyRole, text: str) -> Change | None:
    """What stands for a text that has no class of its own, when it is a document or a writing that can be opened."""
    first = text[0]
    if first == "<":
        return _markup(desk, text)
    if first == '"' and text[-1] == '"':
        return _quoted(desk, role, text)
    if first == "&" or ("&" in text and (";" in text or "=" in text)):
        found = _entities(desk, role, text) or _form(desk, text)
        if found is not None:
            return found
    if (first in "{qmsf#\ufeff" or first.isspace()) and is_graphql(text):
        return _document(desk, text, rewritten_graphql)
    if first.isupper() and is_stomp(text):
        return _document(desk, text, rewritten_stomp)
    if text[1:2] == ":" and first in "sj":
        return _express(desk, role, text)
    if " " not in text:
        return _spelt(desk, role, text)
    return _mime(desk, role, text) if first == "=" else None


def _spelt(desk: Desk, role: KeyRole, text: str) -> Change | None:
    """Text without blanks: what generators write."""
    if text.startswith("data:"):
        return _data_url(desk, text)
    if text[0] == "=":
        return _mime(desk, role, text)
    found = _signed(desk, text) if "." in text else _extended(desk, role, text) if "'" in text else None
    if found is not None or len(text) < writings.SHORTEST:
        return found
    return _hex(desk, role, text) or (_base64(desk, role, text) if writings.may_be_base64(text) else None)


def _again(change: Change, text: str) -> Change:
    """What became of the text inside, in the writing of the outside."""
    return Change(text, change.value_class, change.action, change.originals, change.kept)


def _closed(desk: Desk, kind: ValueClass, text: str) -> Change:
    """The change of an opened container: nothing done inside, nothing to note outside."""
    notes = desk.notes
    originals: tuple[Original, ...] = tuple(sorted(notes.originals))
    return Change(text, kind, Action.PSEUDONYMISE if notes.counts else None, originals, tuple(sorted(notes.words)))


def _document(desk: Desk, text: str, rewrite: Callable[[Desk, str, str], str]) -> Change | None:
    inner = desk.inner()
    try:
        return _closed(inner, ValueClass.TEXT, rewrite(inner, text, ""))
    except UnreadableError:
        return None


def _markup(desk: Desk, text: str) -> Change | None:
    if not is_xml(text):
        return None
    return _document(desk, text, rewritten_xml) or _document(desk, text, rewritten_html)


def _quoted(desk: Desk, role: KeyRole, text: str) -> Change | None:
    """A JSON document that is one string."""
    plain = containers.json_string(text)
    if not plain:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, containers.dumped(inner.text))


def _entities(desk: Desk, role: KeyRole, text: str) -> Change | None:
    if not _ENTITY.search(text):
        return None
    plain = unescape(text)
    if plain == text:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, escape(inner.text))


def _form(desk: Desk, text: str) -> Change | None:
    if not _FORM.fullmatch(text):
        return None
    inner = desk.inner()
    return _closed(inner, ValueClass.PERCENT, urls.redact_query(inner, text, ""))


def _data_url(desk: Desk, text: str) -> Change | None:
    """A file in a URL: text by its own rules, other files as placeholders. Parameters but the charset are dropped."""
    found = _DATA_URL.fullmatch(text)
    if found is None:
        return None
    start = f"data:{found[1] if is_known_type(found[1], desk.notes.guide.lexicon) else ''}"
    if not found[3]:
        inner = desk.inner().change(KeyRole.PLAIN, unquote(found[4]))
        return _again(inner, f"{start},{quote(inner.text, safe='', errors='replace')}")
    data = writings.base64_bytes(found[4])
    undone = None if data is None or is_known_file(data) else writings.from_base64_text(found[4])
    if undone is not None and not undone.is_gzip:
        inner = desk.inner().change(KeyRole.PLAIN, undone.text)
        fresh = writings.to_base64_text(writings.Undone(inner.text), found[4])
        return _again(inner, f"{start};base64,{fresh}")
    if data is None:
        return None
    fresh = containers.to_base64_bytes(placeholder(data, desk.pseudonym), found[4])
    return Change(f"{start};base64,{fresh}", ValueClass.BODY, Action.MASK)


def _mime(desk: Desk, role: KeyRole, text: str) -> Change | None:
    plain = writings.from_mime_words(text)
    if not plain:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, writings.to_mime_word(inner.text))


def _extended(desk: Desk, role: KeyRole, text: str) -> Change | None:
    plain = writings.from_extended(text)
    if not plain:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, writings.to_extended(inner.text))


def _hex(desk: Desk, role: KeyRole, text: str) -> Change | None:
    plain = writings.from_hex(text)
    if plain is None:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, writings.to_hex(inner.text, text))


def _base64(desk: Desk, role: KeyRole, text: str) -> Change | None:
    """A file that is known by its first bytes, text, or a document."""
    data = writings.base64_bytes(text) if len(text) > _SHORTEST_FILE else None
    if data is not None and is_known_file(data):
        fresh = containers.to_base64_bytes(placeholder(data, desk.pseudonym), text)
        return Change(fresh, ValueClass.BODY, Action.MASK)
    undone = writings.from_base64_text(text)
    if undone is None:
        return None
    inner = desk.inner().change(role, undone.text)
    return _again(inner, writings.to_base64_text(writings.Undone(inner.text, undone.is_gzip), text))


def _express(desk: Desk, role: KeyRole, text: str) -> Change | None:
    """Cookies of Express: `s:VALUE.SIGNATURE` and `j:JSON`."""
    found = _EXPRESS.fullmatch(text)
    if found is not None:
        value, signature = desk.inner().change(KeyRole.TOKEN, found[1]), desk.inner().change(KeyRole.TOKEN, found[2])
        return Change(f"s:{value.text}.{signature.text}", ValueClass.TOKEN, Action.PSEUDONYMISE, value.originals)
    inner = _open_json(desk, role, text[2:]) if text[:3] == "j:{" else None
    return None if inner is None else _again(inner, f"j:{inner.text}")


def _signed(desk: Desk, text: str) -> Change | None:
    """A document and a signature, as in Flask's cookies: `[.]PAYLOAD[.TIME].SIGNATURE`; a first "." says deflated.

    Of time and signature the shape stays: any word may stand there, and the old signature fits no longer anyway.
    """
    found = _SIGNED.fullmatch(text)
    if found is None:
        return None
    deflated, payload, moment, signature = found[1], found[2], found[3] or "", found[4]
    data = writings.base64_bytes(payload) if deflated else None
    plain = writings.inflate(data, zlib.MAX_WBITS) if data else None
    tree = containers.json_bytes(plain) if deflated else containers.base64_json(payload)
    if tree is None:
        return None
    inner = desk.inner()
    fresh = containers.dumped(inner.tree(tree, "")).encode()
    head = containers.to_base64_bytes(writings.deflate(fresh, zlib.MAX_WBITS) if deflated else fresh, "-")
    head = f"{deflated}{head}.{desk.pseudonym.text(moment)}"
    sign = desk.pseudonym.signature(head[:-1], len(signature))
    originals = ((ValueClass.TOKEN, signature), (ValueClass.TOKEN, moment[:-1]), *sorted(inner.notes.originals))
    return Change(f"{head}{sign}", ValueClass.TOKEN, Action.PSEUDONYMISE, originals)


def _open_json(desk: Desk, _: KeyRole, text: str) -> Change | None:
    tree = containers.json_text(text)
    if tree is None:
        return _document(desk, text, rewritten_graphql) if is_graphql(text) else None
    inner = desk.inner()
    return _closed(inner, ValueClass.JSON, containers.dumped(inner.tree(tree, "")))


def _open_base64(desk: Desk, role: KeyRole, text: str) -> Change | None:
    tree = containers.base64_json(text)
    if tree is None:
        return _base64(desk, role, text)
    inner = desk.inner()
    return _closed(inner, ValueClass.BASE64, containers.to_base64(containers.dumped(inner.tree(tree, "")), text))


def _open_jwt(desk: Desk, _: KeyRole, text: str) -> Change | None:
    parts = containers.jwt_parts(text)
    if parts is None:
        return _signed(desk, text)
    inner = desk.inner()
    signing_input = containers.jwt_signing_input(parts.header, inner.tree(parts.claims, JWT))
    signature = desk.pseudonym.signature(signing_input, len(parts.signature))
    originals = ((ValueClass.JWT, text), *sorted(inner.notes.originals))
    words = () if inner.notes.guide.sheet(desk.side) is None else tuple(sorted(inner.notes.words))  # claims may be kept
    return Change(f"{signing_input}.{signature}", ValueClass.JWT, Action.PSEUDONYMISE, originals, words)


def _open_url(desk: Desk, role: KeyRole, text: str) -> Change | None:
    if text.startswith(_JPEG):
        found = _base64(desk, role, text)
        if found is not None:
            return found
    inner = desk.inner()
    return _closed(inner, ValueClass.URL, urls.redact_url(inner, text, "url"))


def _open_percent(desk: Desk, role: KeyRole, text: str) -> Change | None:
    found = _data_url(desk, text) if text.startswith("data:") else _form(desk, text)
    found = found or (_extended(desk, role, text) if "'" in text else None)
    if found is not None:
        return found
    plain = unquote(text)
    if plain == text:
        return None
    inner = desk.inner().change(role, plain)
    return _again(inner, quote(inner.text, safe=""))


def _open_credentials(desk: Desk, _: KeyRole, text: str) -> Change | None:
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
    return _again(credentials, f"{scheme} {credentials.text}")


OPENERS: dict[ValueClass, Opener] = {
    ValueClass.JSON: _open_json,
    ValueClass.BASE64: _open_base64,
    ValueClass.JWT: _open_jwt,
    ValueClass.URL: _open_url,
    ValueClass.PERCENT: _open_percent,
    ValueClass.CREDENTIALS: _open_credentials,
}
