"""HTML written anew: tags stay, text and attributes become stand-ins, scripts, styles and comments are emptied.

What replay needs stays where it was: forms, their fields' names, hidden inputs, links. A script of data (JSON) is
walked like a body.

Rule: an attribute stays when it is on a list or is text of its own; handlers and styles are code, and go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from replay.model.codec import UndecodableError, dump_json, parse_json
from replay.redact.desk import Desk, UnreadableError, padded
from replay.redact.html_tokens import End, Piece, Raw, Tag, Text, pieces
from replay.redact.urls import redact_url
from replay.redact.vocabulary import listed

_MOST_PIECES = 30_000
_TAGS = listed(
    """a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption center cite code
    col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form
    frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main
    map mark menu meta meter nav noscript object ol optgroup option output p param path picture pre progress q s samp
    script search section select slot small source span strong style sub summary sup svg symbol table tbody td template
    textarea tfoot th thead time title tr track u ul use var video wbr"""
)
_NAMES = listed("name for id headers list form http-equiv itemprop property")  # of fields and elements, not of people
_WORDS = {
    "type": listed(
        """hidden text password email number submit button checkbox radio search tel url date datetime-local month week
        time color range file image reset text/javascript application/javascript module importmap application/json
        application/ld+json text/css image/x-icon image/png image/svg+xml application/rss+xml application/atom+xml"""
    ),
    "rel": listed(
        """stylesheet icon shortcut canonical next prev alternate nofollow noopener noreferrer preload prefetch manifest
        preconnect dns-prefetch author license search apple-touch-icon modulepreload"""
    ),
    "method": listed("get post dialog put patch delete"),
    "enctype": listed("application/x-www-form-urlencoded multipart/form-data text/plain"),
    "charset": listed("utf-8 iso-8859-1 windows-1252 us-ascii"),
    "dir": listed("ltr rtl auto"),
    "autocomplete": listed("on off"),
    "target": listed("_blank _self _parent _top"),
    "scope": listed("row col rowgroup colgroup"),
    "role": listed("button navigation main banner search alert dialog tab tablist list listitem menu form status img"),
}
_URLS = listed("href src action formaction poster cite data background longdesc manifest xlink:href")
_CODE = re.compile(r"on[a-z]+|style|srcset|srcdoc|integrity|nonce|ping|imagesrcset")
_UNSAFE = re.compile(r"[\s/>=\"'<]")  # a stand-in must not end the tag
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_IN_PIECES = re.compile(r"(?=(?:\D*\d){5})[\d\s.,:/()+-]+")  # one number, and no names
_ELSEWHERE = listed("mailto tel sms")
_DOCTYPE = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z]{2,4})?")
_DATA_TYPES = re.compile(r"application/(?:[a-z.]+\+)?json|importmap")
_VALUED = listed("input button option meta param data select")
_CODE_IN_URL = re.compile(r"\s*(?:javascript|vbscript)\s*:", re.IGNORECASE)


def rewritten_html(desk: Desk, page: str, place: str) -> str:
    """The page anew. Raises UnreadableError."""
    found: list[Piece] = []
    for piece in pieces(page):
        if len(found) >= _MOST_PIECES:
            raise UnreadableError("too many parts")
        found.append(piece)
    return "".join(_written(desk, found, place))


def _written(desk: Desk, found: list[Piece], place: str) -> Iterator[str]:
    tag, inside = Tag("", ()), place
    for piece in found:
        if isinstance(piece, Tag):
            name = _tag_name(desk, piece.name, place)
            tag, inside = piece, _below(place, name)
            yield _tag(desk, tag, name, inside)
        elif isinstance(piece, End):
            yield f"</{_tag_name(desk, piece.name, place)}>"
            tag, inside = Tag("", ()), place
        elif isinstance(piece, Text):
            name = _field(tag) if tag.name == "textarea" else ""
            yield escape(padded(desk, name, piece.text, inside), quote=False)
        elif isinstance(piece, Raw):
            yield _data(desk, tag, piece.text, inside)
        elif _DOCTYPE.match(piece.text):
            yield "<!DOCTYPE html>"


def _tag(desk: Desk, tag: Tag, name: str, place: str) -> str:
    fresh = (_attribute(desk, tag, key, value, place) for key, value in tag.attributes)
    return f"<{' '.join([name, *filter(None, fresh)])}{' /' if tag.is_closed else ''}>"


def _tag_name(desk: Desk, name: str, place: str) -> str:
    return name if name in _TAGS else _safe(desk.name(name, place))


def _attribute(desk: Desk, tag: Tag, key: str, value: str | None, place: str) -> str:
    """`key="value"` anew; empty when it goes."""
    if _CODE.fullmatch(key):
        return ""
    written = key if _is_known(key) else desk.name(key, place)
    if _UNSAFE.search(written):
        return ""
    if value is None:
        return written
    return f'{written}="{escape(_value(desk, tag, key, value, f"{place}.{written}"))}"'


def _value(desk: Desk, tag: Tag, key: str, value: str, place: str) -> str:
    words = _WORDS.get(key)
    if not value or (words is not None and all(word in words for word in value.lower().split())):
        return value
    if key in ("lang", "hreflang") and _LANGUAGE.fullmatch(value):
        return value
    if key in _NAMES and not _IN_PIECES.fullmatch(value):
        return " ".join(desk.name(word, place) for word in value.split(" "))
    if key in _URLS:
        return "" if _CODE_IN_URL.match(value) else _url(desk, value.strip(), place)
    if key in ("value", "content") and tag.name in _VALUED:
        return desk.value(_field(tag), value, place)
    return desk.value(key, value, place)


def _url(desk: Desk, value: str, place: str) -> str:
    scheme, mark, rest = value.partition(":")
    if scheme.lower() in _ELSEWHERE:
        return scheme + mark + desk.value("", rest, place)
    if mark and _SCHEME.fullmatch(scheme) and scheme.lower() not in ("http", "https", "ws", "wss"):
        return desk.value("", value, place)
    return redact_url(desk, value, place)


def _data(desk: Desk, tag: Tag, text: str, place: str) -> str:
    """A script's data, when it is JSON; all else is emptied."""
    kind = dict(tag.attributes).get("type") or ""
    if tag.name != "script" or not _DATA_TYPES.fullmatch(kind.lower()):
        return ""
    try:
        fresh = dump_json(desk.tree(parse_json(text.encode()), place)).decode()
    except (UndecodableError, UnicodeError):
        return ""
    return fresh.replace("<", "\\u003c")


def _field(tag: Tag) -> str:
    """What the value of a tag is called: a field's name, or a meta's."""
    named = dict(tag.attributes)
    return named.get("name") or named.get("property") or named.get("http-equiv") or ""


def _is_known(key: str) -> bool:
    """Attributes of HTML and SVG; those of a page's own are names like others."""
    return key in _KNOWN or key in _NAMES or key in _URLS or key in _WORDS


_KNOWN = listed(
    """accept accept-charset accesskey align alt async autofocus checked class color cols colspan content
    contenteditable controls coords crossorigin datetime default defer disabled download draggable hidden
    height hreflang label lang loading loop low high max maxlength media min minlength multiple muted
    novalidate open optimum pattern placeholder readonly required reversed rows rowspan selected shape size
    sizes slot span spellcheck start step tabindex aria-label aria-hidden aria-expanded aria-controls
    aria-describedby aria-labelledby aria-live title translate usemap value width wrap xmlns fill stroke
    viewbox d cx cy r x y points transform"""
)


def _safe(name: str) -> str:
    if not name or _UNSAFE.search(name):
        raise UnreadableError("name")
    return name


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if name else place
