"""What can break: in fields that say the same in every world, and inside fields that are noise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from quality.diff_corpus.breaking import BODY, FIELD, STATUS, TOP, Break, BreakAnswer, Kind
from quality.diff_corpus.noisy_fields import NOISY, b64, http_date, iso
from quality.diff_corpus.service import Answer, Row
from quality.diff_corpus.stable_fields import STABLE, Family, word
from quality.diff_corpus.worlds import Turn, uuid_of

_BY_NAME = {family.name: family for family in (*STABLE, *NOISY)}
_ZERO_UUID = "00000000-0000-0000-0000-000000000000"


def of(names: str) -> tuple[Family, ...]:
    return tuple(_BY_NAME[name] for name in names.split())


def to(change: Callable[[Any], Any]) -> Break:
    """The field's value becomes another."""

    def apply(row: Row, name: str, _turn: Turn) -> None:
        row[name] = change(row[name])

    return apply


def by(change: Callable[[Turn, Any], Any]) -> Break:
    def apply(row: Row, name: str, turn: Turn) -> None:
        row[name] = change(turn, row[name])

    return apply


def _gone(row: Row, name: str, _turn: Turn) -> None:
    del row[name]


def _renamed(row: Row, name: str, _turn: Turn) -> None:
    row["renamed_field"] = row.pop(name)


def _leak(row: Row, _name: str, _turn: Turn) -> None:
    row["leaked"] = "$2b$12$internal"


def _each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Break:
    return to(lambda rows: [change(dict(one)) for one in rows])


def _swapped(row: Row, name: str, _turn: Turn) -> None:
    """The id and the reference have changed places."""
    row["id"], row[name] = row[name], row["id"]


def _neighbour(row: Row, name: str, turn: Turn) -> None:
    """The id of the next owner, which other answers show as well."""
    row[name] = turn.world.uuid_of(name, (turn.entity + 1) % 4)


def _status(code: int) -> BreakAnswer:
    def apply(answer: Answer, _name: str) -> None:
        answer.status = code

    return apply


def _without_header(answer: Answer, _name: str) -> None:
    del answer.headers["X-Api-Version"]


def _other_caching(answer: Answer, _name: str) -> None:
    answer.headers["Cache-Control"] = "public, max-age=600"


def _media(answer: Answer, _name: str) -> None:
    answer.media = "text/plain"


def _total(answer: Answer, _name: str) -> None:
    answer.top["total"] += 1


def _the_first_second(value: Any) -> Any:
    return 0 if isinstance(value, int) else "1970-01-01T00:00:00Z"


def _without_word(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in {"by", "text"}}


def _without_kinds(rows: dict[str, Any]) -> dict[str, Any]:
    return {key: {"rank": value["rank"]} for key, value in rows.items()}


def _without_claim(token: str) -> str:
    head, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    del claims["scope"]
    return f"{head}.{b64(claims)}.{signature}"


def _without_inner_key(text: str) -> str:
    tree = json.loads(text)
    del tree["kind"]
    return json.dumps(tree)


_TEXT = of("word prose country")
_NUMBER = of("cents quantity delta")
STABLE_KINDS = (
    Kind("value replaced", of("word country tenant"), to(lambda value: "zzz")),
    Kind("number off by one", _NUMBER, to(lambda value: value + 1)),
    Kind("wrong unit", of("cents price"), to(lambda value: value / 100)),
    Kind("null for a value", of("word cents day address"), to(lambda value: None)),
    Kind("text for a number", _NUMBER, to(str)),
    Kind("value for null", of("nothing"), to(lambda value: "")),
    Kind("flag flipped", of("flag"), to(lambda value: not value)),
    Kind("number for a flag", of("flag"), to(int)),
    Kind("key missing", of("word state price address tags"), _gone),
    Kind("key leaked", of("word"), _leak, has_new_name=True),
    Kind("key renamed", of("state price"), _renamed, has_new_name=True),
    Kind("enum in other case", of("state"), to(str.upper)),
    Kind("enum widened", of("state"), to(lambda value: "pending_review")),
    Kind("text truncated", of("prose word"), to(lambda text: text[:5])),
    Kind("text escaped twice", of("prose"), to(lambda text: text.replace("&", "&amp;"))),
    Kind("text in a wrong charset", of("prose"), to(lambda text: text.encode().decode("latin-1"))),
    Kind("precision lost", of("price"), to(lambda value: float(int(value)) if value != int(value) else value + 1)),
    Kind("day shifted", of("day"), to(lambda day: day.replace("-15", "-14"))),
    Kind("sign lost", of("delta"), to(abs)),
    Kind("element lost", of("tags lines"), to(lambda rows: rows[:-1])),
    Kind("element twice", of("tags lines"), to(lambda rows: [*rows, rows[-1]])),
    Kind("order lost", of("lines"), to(lambda rows: rows[::-1])),
    Kind("list emptied", of("tags lines"), to(lambda rows: [])),
    Kind("wrong value in a list", of("lines"), _each(lambda one: one | {"quantity": 0})),
    Kind("object flattened", of("address"), to(lambda value: value["city"])),
    Kind("wrong tenant's name", of("tenant"), to(lambda value: "southwind")),
    Kind("server error", of("word"), answer=_status(500), at=STATUS),
    Kind("not found", of("word"), answer=_status(404), at=STATUS),
    Kind("header lost", of("word"), answer=_without_header, at="header.x-api-version"),
    Kind("caching widened", of("word"), answer=_other_caching, at="header.cache-control"),
    Kind("media type changed", of("word"), answer=_media, at=BODY),
    Kind("total off by one", of("word"), answer=_total, at=TOP),
    Kind("stale cache", of("word"), by(lambda turn, value: word(turn.about(turn.entity + 4), "stale") + "!")),
)
NOISY_KINDS = (
    Kind("uuid zero", of("fresh-uuid entity-uuid"), to(lambda value: _ZERO_UUID), least=3),
    Kind("uuid empty", of("fresh-uuid entity-uuid"), to(lambda value: "")),
    Kind("uuid of everybody", of("fresh-uuid"), to(lambda value: uuid_of("fixed")), least=3),
    Kind("wrong tenant's id", of("entity-uuid"), _neighbour, least=2),
    Kind("wrong reference", of("reference"), by(lambda turn, value: _other(turn, value)), least=2),
    Kind("ids swapped", of("reference"), _swapped, least=2, has_new_name=True),
    Kind("id as text", of("int-id reference"), to(str)),
    Kind("id null", of("int-id entity-uuid"), to(lambda value: None)),
    Kind("time without zone", of("iso-now ttl"), to(lambda text: text.rstrip("Z"))),
    Kind("time two hours off", of("iso-now"), by(lambda turn, _: iso(turn.now + 7200))),
    Kind("time in the past", of("iso-now epoch-ms"), to(_the_first_second)),
    Kind("seconds for milliseconds", of("epoch-ms"), to(lambda value: value // 1000)),
    Kind("short time to live", of("ttl"), by(lambda turn, _: iso(turn.now + 60))),
    Kind("http date as epoch", of("http-date"), by(lambda turn, _: int(turn.now))),
    Kind("http date a day off", of("http-date"), by(lambda turn, _: http_date(turn.now - 2 * 86_400))),
    Kind("counter at zero", of("counter"), to(lambda value: 0)),
    Kind("counter as text", of("counter latency percent"), to(str)),
    Kind("token cut", of("token"), to(lambda text: text[:8])),
    Kind("token empty", of("token cursor"), to(lambda text: "")),
    Kind("cursor in clear", of("cursor"), by(lambda turn, _: f"page {turn.nth}")),
    Kind("drift of one percent", of("jitter"), to(lambda value: value * 1.01)),
    Kind("unknown word", of("node cache flaky"), to(lambda value: "undefined")),
    Kind("milliseconds as seconds", of("latency"), to(lambda value: value / 1000)),
    Kind("percentage out of range", of("percent"), to(lambda value: value * 100)),
    Kind("always absent", of("optional"), _gone, shares=(1.0,)),
    Kind("sampled object as text", of("sampled"), to(json.dumps), shares=(1.0,)),
    Kind("other route in a url", of("signed-url"), to(lambda url: url.replace("/v1/", "/v2/"))),
    Kind("signature lost", of("signed-url"), to(lambda url: url.partition("?")[0])),
    Kind("element of a set lost", of("shuffled"), to(lambda rows: rows[:-1])),
    Kind("element of a set twice", of("shuffled"), to(lambda rows: [*rows[:-1], rows[0]])),
    Kind("unknown element", of("subset"), to(lambda rows: [*rows, "ultraviolet"])),
    Kind("key lost in loose rows", of("events growing"), _each(_without_word)),
    Kind("retyped in loose rows", of("growing"), _each(lambda one: one | {"seq": str(one["seq"])})),
    Kind("loose rows emptied", of("events growing"), to(lambda rows: [])),
    Kind("age in other words", of("relative"), to(lambda text: text.replace("min ago", "minutes from now"))),
    Kind("claim lost", of("jwt"), to(_without_claim)),
    Kind("leading zeros lost", of("digits"), to(lambda text: f"{int(text) % 10**9}")),
    Kind("word in markup", of("html"), to(lambda text: text.replace("ready", "cancelled"))),
    Kind("markup escaped", of("html"), to(lambda text: text.replace("<", "&lt;"))),
    Kind("row of a shuffled list lost", of("shuffled-lines"), to(lambda rows: rows[:-1])),
    Kind("wrong value in a shuffled list", of("shuffled-lines"), _each(lambda one: one | {"quantity": 0})),
    Kind("prefix lost", of("prefixed"), to(lambda text: text.partition("_")[2])),
    Kind("key lost in a map", of("map"), to(_without_kinds), is_hard=True),
    Kind("word in free text", of("free-text"), to(lambda text: text.replace("accepted", "refused")), is_hard=True),
    Kind("key lost in embedded json", of("embedded"), to(_without_inner_key), is_hard=True),
)  # fmt: skip
KINDS = (*STABLE_KINDS, *NOISY_KINDS)


def _other(turn: Turn, value: int) -> int:
    """Somebody else's row: the next of the five that exist."""
    ids = [turn.world.id_of("people", entity) for entity in range(5)]
    return ids[(ids.index(value) + 1) % 5] if value in ids else value


__all__ = ["FIELD", "KINDS", "NOISY_KINDS", "STABLE_KINDS"]
