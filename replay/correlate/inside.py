"""What a text value holds: a URL, JSON, base64, the claims of a JWT, parameters, a list, `user-17`.

Rule: only what is written back the same is opened, and a value is opened only when it means nothing as a whole.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from urllib.parse import unquote

from replay.correlate.graphql_literals import graphql_pieces, is_graphql
from replay.correlate.json_spans import json_pieces
from replay.correlate.nouns import singular_of
from replay.correlate.pieces import Piece, as_segment, as_text, depth_of, parameter_writer
from replay.correlate.shapes import is_whole
from replay.correlate.xml_spans import xml_pieces
from replay.model.tree import Place, Scalar

LONGEST = 65536  # characters of a document inside a value
_LONGEST_COMPOSITE = 4096
_MOST_PARTS = 64
_DEEPEST = 4  # values inside values
_REMEMBERED = 256  # characters: short texts come again
_SHORTEST_BASE64 = 8  # characters
_WORDS = re.compile(r"[^\W\d]+(?: [^\W\d]+)+[.!?]?")
_URL = re.compile(r"(?:https?://[^/?#\s]*)?(?P<path>/[^?#\s{]*)(?:\?(?P<query>[^#\s]*))?(?:[#{]\S*)?", re.IGNORECASE)
_LINKED = re.compile(r"<((?:https?:/)?/[^<>\s]*)>")
_LINK_FIELD = re.compile(r"(?:<(?:https?:/)?/[^<>\s]*>[^<>]*)+")
_JWT = re.compile(r"(eyJ[\w-]{5,})\.([\w-]{2,})\.[\w-]*")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_PRINTABLE = re.compile(r"[\x20-\x7e]{4,}")
_QUOTED = re.compile(r'(?:W/)?"([^"\\]*)"')
_QUERY = re.compile(r"[\w.\[\]%-]+=[^&\s]*(?:&[\w.\[\]%-]+=[^&\s]*)+")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_PARAMETER = re.compile(r'(?<![\w-])([\w-]+)=(?:"([^"\\]*)"|([^\s,;"&]+))')
_LIST = re.compile(r"[^,;|\s]+")
_TOKEN = re.compile(r"[^\s,;|<>()\"'\[\]{}]+")
_LISTED = re.compile(r"[,;|\s]")
_SEPARATED = re.compile(r"[,;|]")
_BLANK = re.compile(r"\s")
_ATOMS = (re.compile(r"[^:/#=]+"), re.compile(r"[^:/#=@._~-]+"))
_ATOM = re.compile(r"[A-Za-z0-9]+")
_TELLING = re.compile(r"[0-9@]")
_REFERENCE = 6  # characters
_WORD = re.compile(r"[A-Za-z]{2,}")


def inside(text: str, place: Place) -> tuple[Piece, ...]:
    """The values in the text, by the first reading that fits; nothing when it is one value or free of values."""
    if not 3 <= len(text) <= LONGEST or _is_plain(text) or depth_of(place) >= _DEEPEST:
        return ()
    found = _read(text) if len(text) <= _REMEMBERED else _first_reading(text)
    if not found or (place[-1:] == ("(base64)",) and found[0].place == ("(base64)",)):
        return ()
    return tuple([_moved(piece, place) for piece in found])


def _is_plain(text: str) -> bool:
    """Numbers and short words hold nothing, nor does a sentence of words."""
    if text.isalnum():
        return len(text) < _SHORTEST_BASE64 or text.isdigit()
    return _WORDS.fullmatch(text) is not None


def _moved(piece: Piece, place: Place) -> Piece:
    own = (*place, *piece.place)
    return Piece(own, piece.value, piece.start, piece.end, piece.spell, piece.noun, piece.path, piece.kind)


def _first_reading(text: str) -> tuple[Piece, ...]:
    """The pieces with places that begin with their mark."""
    for read in _READERS:
        found = read(text, ())
        if found:
            return found
    return ()


_read = lru_cache(maxsize=16384)(_first_reading)  # about 600 bytes each: all of them are as much as a small group


def dig(value: Scalar, here: Place, wanted: Place) -> Scalar:
    """The value at a place inside the value that stands `here`; None when there is none."""
    if here == wanted or not isinstance(value, str):
        return value if here == wanted else None
    for piece in inside(value, here):
        if wanted[: len(piece.place)] == piece.place:
            return dig(piece.value, piece.place, wanted)
    return None


def url_pieces(text: str, place: Place, at: int = 0) -> tuple[Piece, ...]:
    """Path segments and query values of a URL or of an absolute path that stands at `at`."""
    parts = _URL.fullmatch(text)
    if parts is None:
        return ()
    found = list(path_pieces(parts["path"], place, at + parts.start("path")))
    if parts["query"]:
        found += parameter_pieces(parts["query"], place, at + parts.start("query"))
    return tuple(found)


def path_pieces(path: str, place: Place, at: int = 0) -> Iterator[Piece]:
    """The segments that are not empty."""
    start = at
    for i, raw in enumerate(path.split("/")):
        if raw:
            yield Piece((*place, i), unquote(raw), start, start + len(raw), as_segment, path=path)
        start += len(raw) + 1


def parameter_pieces(query: str, place: Place, at: int = 0) -> Iterator[Piece]:
    """The n-th value of every name, as forms are written."""
    seen: dict[str, int] = {}
    start = at
    for raw in query.split("&"):
        raw_name, mark, raw_value = raw.partition("=")
        if raw:
            name = unquote(raw_name.replace("+", " "))
            n = seen.get(name, 0)
            seen[name] = n + 1
            if mark:
                value = unquote(raw_value.replace("+", " "))
                begin = start + len(raw_name) + 1
                yield Piece((*place, name, n), value, begin, begin + len(raw_value), parameter_writer(raw_value))
        start += len(raw) + 1


def _url(text: str, place: Place) -> tuple[Piece, ...]:
    return url_pieces(text, (*place, "(url)")) if text[0] in "/hH" else ()


def _json(text: str, place: Place) -> tuple[Piece, ...]:
    return json_pieces(text, (*place, "(json)")) if text[0] in "{[" and text[-1] in "}] \n" else ()


def _graphql(text: str, place: Place) -> tuple[Piece, ...]:
    return graphql_pieces(text, (*place, "(graphql)")) if is_graphql(text) else ()


def _links(text: str, place: Place) -> tuple[Piece, ...]:
    """The URLs of a Link header (RFC 8288 section 3) or of a list that is written like one."""
    if text[0] != "<" or not _LINK_FIELD.fullmatch(text):
        return ()
    found = _LINKED.finditer(text)
    return tuple(Piece((*place, "(link)", i), one[1], *one.span(1), as_text) for i, one in enumerate(found))


def _xml(text: str, place: Place) -> tuple[Piece, ...]:
    return xml_pieces(text, (*place, "(xml)")) if text[0] == "<" else ()


def _jwt(text: str, place: Place) -> tuple[Piece, ...]:
    """The claims; the signature stays as it was: whoever holds the key signs anew."""
    parts = _JWT.fullmatch(text)
    if parts is None:
        return ()
    claims = _decoded(parts[2])
    if claims is None or not claims.startswith("{"):
        return ()
    encode = partial(_encoded, alphabet="-_", padded=False)
    return (Piece((*place, "(jwt)"), claims, parts.start(2), parts.end(2), encode),)


def _base64(text: str, place: Place) -> tuple[Piece, ...]:
    """Base64 of readable text, in either alphabet (RFC 4648 sections 4 and 5), padded or not."""
    if not _BASE64.fullmatch(text):
        return ()
    inner = _decoded(text)
    if inner is None or not _PRINTABLE.fullmatch(inner) or not _ATOM.search(inner):
        return ()
    for alphabet in ("+/", "-_"):
        for padded in (True, False):
            encode = partial(_encoded, alphabet=alphabet, padded=padded)
            if encode(inner) == text:
                return (Piece((*place, "(base64)"), inner, 0, len(text), encode),)
    return ()


def _quoted(text: str, place: Place) -> tuple[Piece, ...]:
    """An entity tag (RFC 9110 section 8.8.3), or another quoted value."""
    found = _QUOTED.fullmatch(text)
    return (Piece((*place, "(quoted)"), found[1], found.start(1), found.end(1), as_text),) if found else ()


def _percent(text: str, place: Place) -> tuple[Piece, ...]:
    """What a framework writes into a cookie percent-encoded, and expects plain in a header (XSRF-TOKEN)."""
    if not _ENCODED.search(text) or _QUERY.fullmatch(text):
        return ()
    inner = unquote(text)
    spell = parameter_writer(text)
    if inner == text or spell(inner).lower() != text.lower():
        return ()
    return (Piece((*place, "(percent)"), inner, 0, len(text), spell),)


def _parameters(text: str, place: Place) -> tuple[Piece, ...]:
    """a=1&b=2, and the parameters of header fields: nonce="…", keyId=…"""
    if "=" not in text or len(text) > _LONGEST_COMPOSITE:
        return ()
    if _QUERY.fullmatch(text):
        return tuple(parameter_pieces(text, (*place, "(form)")))
    found = []
    for part in _PARAMETER.finditer(text):
        group = 3 if part[2] is None else 2
        found.append(Piece((*place, "(parameter)", part[1]), part[group], part.start(group), part.end(group), as_text))
    return tuple(found[:_MOST_PARTS])


def _list(text: str, place: Place) -> tuple[Piece, ...]:
    """17,18,19: elements of one kind, named by the place. Of running text only what stands between blanks."""
    if len(text) > _LONGEST_COMPOSITE or not _LISTED.search(text) or is_whole(text):
        return ()
    is_prose = " " in text and not _SEPARATED.search(text)
    tokens = list((_TOKEN if '"' not in text else _LIST).finditer(text))
    if is_prose:  # words are words: a reference has a digit, an address its sign
        tokens = [token for token in tokens if len(token[0]) >= _REFERENCE and _TELLING.search(token[0])]
    if not 1 <= len(tokens) <= _MOST_PARTS or (len(tokens) == 1 and tokens[0][0] == text):
        return ()
    noun = "" if is_prose else None
    mark = (*place, "(part)")
    return tuple(Piece((*mark, i), one[0], *one.span(), as_text, noun) for i, one in enumerate(tokens))


def _composite(text: str, place: Place) -> tuple[Piece, ...]:
    """user-17, 17:42, urn:shop:order:17: each number or token, named by the word before it."""
    if len(text) > _LONGEST_COMPOSITE or _BLANK.search(text) or is_whole(text):
        return ()
    for pattern in _ATOMS:
        atoms = list(pattern.finditer(text))
        if 1 <= len(atoms) <= _MOST_PARTS and not (len(atoms) == 1 and atoms[0][0] == text):
            return tuple(_named_atoms(atoms, (*place, "(part)")))
    return ()


def _named_atoms(atoms: list[re.Match[str]], place: Place) -> Iterator[Piece]:
    before = ""
    for i, atom in enumerate(atoms):
        if _TELLING.search(atom[0]):
            yield Piece((*place, i), atom[0], *atom.span(), as_text, noun=before and singular_of(before))
        before = atom[0] if _WORD.fullmatch(atom[0]) else ""


_Reader = Callable[[str, Place], tuple[Piece, ...]]
_READERS: tuple[_Reader, ...] = (
    _url,
    _json,
    _graphql,
    _links,
    _xml,
    _jwt,
    _base64,
    _quoted,
    _percent,
    _parameters,
    _list,
    _composite,
)


def _decoded(text: str) -> str | None:
    try:
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (Base64Error, ValueError):
        return None


def _encoded(value: Scalar, alphabet: str, padded: bool) -> str:
    text = b64encode(as_text(value).encode("utf-8", "replace"), alphabet.encode()).decode()
    return text if padded else text.rstrip("=")
