"""JSONP: a document handed to a function of the page. Other scripts are code, and dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from replay.model.codec import dump_json, parse_json
from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import as_text, with_rewritten
from replay.redact.contract import Notes
from replay.redact.desk import Desk, UnreadableError
from replay.redact.pseudonyms import Pseudonym

_NAME = re.compile(r"[A-Za-z_$][\w$]{0,99}")
_GUARD = re.compile(r"typeof [\w$.]{1,200} ?===? ?['\"]function['\"] ?&& ?")
_LONGEST_COMMENT = 200  # characters: `/**/` before the call, against a known attack on Flash


@dataclass(frozen=True, slots=True)
class ScriptBody:
    """The callback's name has the stand-in that it has in the query which asked for it."""

    name: str = "script-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.SCRIPT, as_text(_rewritten))


def _rewritten(desk: Desk, text: str, place: str) -> str:
    callback, document = _call(text.strip())
    name = desk.value("callback", callback, f"{place}.callback")
    if not all(map(_NAME.fullmatch, name.split("."))):
        raise UnreadableError("name")
    fresh = dump_json(desk.tree(parse_json(document.encode()), place)).decode()
    return f"{name}({fresh.replace('<', chr(92) + 'u003c')});"


def _call(text: str) -> tuple[str, str]:
    """Callback and document of `callback(document);`. No expression over all of it: blanks would cost their square."""
    if text.startswith("/*"):
        end = text.find("*/", 2, _LONGEST_COMMENT)
        text = text[end + 2 :].lstrip() if end > 0 else ""
    guard = _GUARD.match(text)
    callback, mark, rest = text[guard.end() if guard else 0 :].partition("(")
    rest = rest.removesuffix(";").rstrip()
    if not mark or not rest.endswith(")") or not all(map(_NAME.fullmatch, callback.strip().split("."))):
        raise UnreadableError("code")
    return callback.strip(), rest[:-1]
