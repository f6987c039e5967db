"""A request and its answer redacted part by part, most of which are known: the way of what a run is answered.

    request line, field, field, body  ->  what became of each, by what it could be found again, what was read in it

The long way (`Policy`) asks every redactor about the whole exchange: measured, two thirds of its cost for a usual
exchange went into being asked. Here each part goes to the one that speaks for it, and what came before is not asked
about again.

Rule: this way says what the long one says, or nothing. Where anything is out of the ordinary (a fault, a refusal, a
trailer, a detector, a redactor of somebody else, anything that the second look suspects) the long way decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from replay.model.exchange import Exchange, Outcome, Request, Response
from replay.model.headers import MOMENTS, Headers
from replay.redact import cookies, credentials, header_fields, locations
from replay.redact.affording import affordable
from replay.redact.builtin import FIELDS
from replay.redact.contract import Notes, Side
from replay.redact.framing import DROPPED, reframed
from replay.redact.glance import Anchor, kept, suspects
from replay.redact.guide import Guide
from replay.redact.known_bodies import NOTHING, KnownBodies, Part
from replay.redact.memory import Generations
from replay.redact.pseudonyms import Pseudonym
from replay.redact.readings import Look, look_at_texts
from replay.redact.refused_passwords import REFUSALS
from replay.redact.request_line import rewritten_line
from replay.redact.rewriter import Rewriter
from replay.redact.ruled_bodies import without_ruled_bodies
from replay.redact.sides import is_nothing, made_field
from replay.redact.survivors import anchors_of

_MOST_FIELDS, _LONGEST = 4_096, 4_096  # entries a generation; characters of one that is kept
_MOST_MOMENTS = 256
_AFFORDABLE = 8_000  # bytes: `budget` lets so few pass unread
_ASKED = Request("GET", "/")
Change = Callable[[Rewriter, str, str], str | None]
_REST: tuple[str, Change] = (FIELDS.name, header_fields.redacted_field)
_SPEAKER: dict[str, tuple[str, Change]] = {
    **dict.fromkeys(credentials.FIELDS, (credentials.Credentials().name, credentials.redacted_field)),
    **dict.fromkeys(cookies.FIELDS, (cookies.Cookies().name, cookies.redacted_field)),
    **dict.fromkeys(locations.FIELDS, (locations.Locations().name, locations.redacted_field)),
}

Fields = tuple[tuple[str, str], ...]


@dataclass(slots=True, eq=False, repr=False)
class _Known:
    """What became of a header field, or (`line`) of a request line. `looks`: None until it was asked for twice."""

    text: str  # as the second look reads it
    anchors: tuple[Anchor, ...]
    fields: Fields = ()
    is_framing: bool = False  # it also tells of the body's bytes
    line: Request = _ASKED
    is_old: bool = False
    looks: tuple[Look, ...] | None = None

    def read(self, looks: list[Look], fresh: list[str], pseudonym: Pseudonym) -> None:
        """Adds what the second look reads here; what is new is read together with all that is `fresh`."""
        if self.looks is not None:
            looks += self.looks
        elif self.is_old:
            found = look_at_texts([self.text], pseudonym)
            self.looks = tuple(Look(kept(one.words), one.hits) for one in found)
            looks += self.looks
        else:
            self.is_old = True
            fresh.append(self.text)


class SwiftWay:
    """Of one key and the redactors that ship with replay, without detectors."""

    __slots__ = ("_answered", "_asked", "_bodies", "_lines", "_moments", "_pseudonym")

    def __init__(self, pseudonym: Pseudonym) -> None:
        self._pseudonym = pseudonym
        self._bodies = KnownBodies(pseudonym)
        self._asked = Generations(_MOST_FIELDS)
        self._answered = Generations(_MOST_FIELDS)
        self._lines = Generations(_MOST_FIELDS)
        self._moments = Generations(_MOST_MOMENTS)

    def redacted(self, asked: Request, answer: Outcome, guide: Guide) -> tuple[Request, Response] | None:
        """None when the long way must decide. May raise whatever a redactor raises."""
        if not isinstance(answer, Response) or not _is_ordinary(asked, answer, guide):
            return None
        notes = Notes(guide)
        fresh: list[str] = []
        looks: list[Look] = []
        anchors: list[Anchor] = []
        line = self._line(asked, guide)
        anchors += line.anchors
        line.read(looks, fresh, self._pseudonym)
        sent = self._body(Side.REQUEST, asked, notes, fresh)
        got = self._body(Side.RESPONSE, answer, notes, fresh)
        head = self._headers(Side.REQUEST, asked.headers, sent, guide, anchors, looks, fresh)
        given = self._headers(Side.RESPONSE, answer.headers, got, guide, anchors, looks, fresh)
        anchors += sent.anchors
        anchors += got.anchors
        if notes.originals:
            anchors += anchors_of(notes.originals, self._pseudonym)
        looks += sent.looks
        looks += got.looks
        if fresh:
            looks += look_at_texts(fresh, self._pseudonym)
        for look in looks:
            if look.hits:
                return None
        if anchors and suspects(anchors, [look.words for look in looks]):
            return None
        told = line.line
        return (
            Request(told.method, told.target, head, sent.body, told.scheme, told.host),
            Response(answer.status, given, got.body),
        )

    def _body(self, side: Side, one: Request | Response, notes: Notes, fresh: list[str]) -> Part:
        body = one.body
        return NOTHING._replace(body=body) if is_nothing(body) else self._bodies.redacted(side, body, notes, fresh)

    def _line(self, asked: Request, guide: Guide) -> _Known:
        key = (asked.target, asked.method, asked.host, asked.scheme, guide)
        known: _Known | None = self._lines.find(key)
        if known is None:
            notes = Notes(guide)
            line = rewritten_line(asked, self._pseudonym, notes)
            bare = Request(line.method, line.target, scheme=line.scheme, host=line.host)
            text = f"{line.method}: {line.target}\nhost: {line.host}"
            known = _Known(text, anchors_of(notes.originals, self._pseudonym), line=bare)
            if len(asked.target) <= _LONGEST:
                self._lines.keep(key, known)
        return known

    def _headers(
        self,
        side: Side,
        headers: Headers,
        body: Part,
        guide: Guide,
        anchors: list[Anchor],
        looks: list[Look],
        fresh: list[str],
    ) -> Headers:
        memory = self._asked if side is Side.REQUEST else self._answered
        known = memory.young
        out: list[tuple[str, str]] = []
        for field in headers.fields:
            part: _Known = known.get((field, guide)) or self._field(side, field, guide, memory)
            if part.is_framing:
                fields = reframed(side, Headers(part.fields), body.body, Notes()).fields
                out += fields
                fresh += [f"{name}: {value}" for name, value in fields]
                continue
            out += part.fields
            if part.anchors:
                anchors += part.anchors
            if part.looks is not None:
                looks += part.looks
            else:
                part.read(looks, fresh, self._pseudonym)
        return Headers(tuple(out))

    def _field(self, side: Side, field: tuple[str, str], guide: Guide, memory: Generations) -> _Known:
        key, name = (field, guide), field[0].lower()
        if name in MOMENTS:
            memory, key = self._moments, (field, guide, side)  # type: ignore[assignment] # a key of another memory
        known: _Known | None = memory.find(key)
        if known is None:
            redactor, change = _SPEAKER.get(name, _REST)
            value, notes = made_field(self._pseudonym, (redactor, side, name, field[1], guide), change)
            left = () if value is None else ((field[0], value),)
            text = "" if value is None else f"{field[0]}: {value}"
            is_framing = name in DROPPED or name == "content-length"
            known = _Known(text, anchors_of(notes.originals, self._pseudonym), left, is_framing)
            if len(field[1]) <= _LONGEST:
                memory.keep(key, known)
        return known


def _is_ordinary(asked: Request, answer: Response, guide: Guide) -> bool:
    if answer.trailers.fields or answer.status in REFUSALS or guide.detects or guide.found:
        return False
    length = len(asked.body.data) + len(answer.body.data) + len(asked.target)
    if length <= _AFFORDABLE:
        length += sum([len(value) for _, value in (*asked.headers.fields, *answer.headers.fields)])
    is_plain = guide.request is None and guide.response is None
    if is_plain and length <= _AFFORDABLE:
        return True
    exchange = Exchange("", asked, answer)
    cut = affordable(exchange)
    return cut is not None and cut[0] is exchange and without_ruled_bodies(exchange, Notes(guide)) is exchange
