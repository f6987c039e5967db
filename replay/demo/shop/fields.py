"""Reading what a client sent: the JSON body, its fields and the query.

Rule: a value that leaves this module has the promised type, fits its column and is text both databases can store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

from aiohttp import web

from replay.demo.shop.answers import ApiError, invalid, not_found

BODY_LIMIT = 256 * 1024
PER_PAGE_DEFAULT = 20
PER_PAGE_LIMIT = 100

_DEEPEST = 64
_PAGE_LIMIT = 1_000_000
_ID = re.compile(r"[1-9][0-9]{0,17}")  # eighteen digits stay below 2**63
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# PostgreSQL refuses NUL in a text; a lone surrogate has no UTF-8 form at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,4}")

Fields = dict[str, Any]


async def read_object(request: web.Request, limit: int = BODY_LIMIT) -> Fields:
    """The JSON object in the body."""
    raw = await _read(request, limit)
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except RecursionError:
        raise _malformed("The body is nested too deeply.") from None
    except ValueError:  # not UTF-8, not JSON, a number of thousands of digits
        raise _malformed("The body is not JSON.") from None
    # Only a body with many brackets can be deep, so that the walk is seldom needed.
    if raw.count(b"[") + raw.count(b"{") > _DEEPEST and _too_deep(found):
        raise _malformed("The body is nested too deeply.")
    if not isinstance(found, dict):
        raise invalid("body", "must be an object.")
    return found


async def _read(request: web.Request, limit: int) -> bytes:
    too_large = ApiError(413, "too_large", f"The body is larger than {limit} bytes.")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise ApiError(415, "unsupported_encoding", "The body must not be compressed.")
    if (request.content_length or 0) > limit:
        raise too_large
    parts: list[bytes] = []
    size = 0
    try:
        async for part in request.content.iter_any():
            size += len(part)
            if size > limit:
                raise too_large
            parts.append(part)
    except (web.RequestPayloadError, ConnectionError):
        raise _malformed("The body ended early.") from None
    return b"".join(parts)


def _malformed(message: str) -> ApiError:
    return ApiError(400, "malformed", message)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _too_deep(found: Any) -> bool:
    level = [found]
    for _ in range(_DEEPEST):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(parent: Any) -> list[Any]:
    if isinstance(parent, dict):
        return [value for value in parent.values() if isinstance(value, dict | list)]
    return [value for value in parent if isinstance(value, dict | list)]


def text(fields: Mapping[str, Any], name: str, longest: int) -> str:
    """A text that is not blank."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise invalid(name, "must be a text.")
    if not value.strip():
        raise invalid(name, "must not be blank.")
    if len(value) > longest:
        raise invalid(name, f"must not be longer than {longest} characters.")
    return _storable(name, value)


def _storable(name: str, value: str) -> str:
    if _UNSTORABLE.search(value):
        raise invalid(name, "holds a character that cannot be stored.")
    return value


def whole(fields: Mapping[str, Any], name: str, least: int, most: int) -> int:
    """A whole number; true and 1.0 are not whole numbers."""
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid(name, "must be a whole number.")
    if not least <= value <= most:
        raise invalid(name, f"must be from {least} to {most}.")
    return value


def day(fields: Mapping[str, Any], name: str) -> str:
    """A calendar day written YYYY-MM-DD."""
    value = fields.get(name)
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise invalid(name, "must be a day written YYYY-MM-DD.")


def email(fields: Mapping[str, Any]) -> str:
    """An e-mail address, in lower case so that it is taken only once."""
    value = text(fields, "email", 254).lower()
    if not _EMAIL.fullmatch(value):
        raise invalid("email", "must be an e-mail address.")
    return value


def choice(fields: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    """One of a few words."""
    value = fields.get(name)
    if not isinstance(value, str) or value not in allowed:
        raise invalid(name, f"must be one of {', '.join(allowed)}.")
    return value


def reference(fields: Mapping[str, Any], name: str) -> int:
    """The id of something else; whether it exists is for the caller to find out."""
    return whole(fields, name, 1, 10**18 - 1)


def path_id(request: web.Request, what: str) -> int:
    """The id in the path; one that cannot exist is simply absent."""
    found = request.match_info["id"]
    if not _ID.fullmatch(found):
        raise not_found(what)
    return int(found)


def query_text(request: web.Request, name: str, *, required: bool = False) -> str:
    """A search text from the query, empty when it is not there."""
    if name not in request.query and not required:
        return ""
    value = request.query.get(name, "")
    if len(value) > 200 or (required and not value.strip()):
        raise invalid(name, "must be a text of 1 to 200 characters.")
    return _storable(name, value)


def query_page(request: web.Request) -> tuple[int, int]:
    """Which page of a list is wanted, and how long a page is."""
    page = _query_whole(request, "page", 1, _PAGE_LIMIT)
    return page, _query_whole(request, "per_page", PER_PAGE_DEFAULT, PER_PAGE_LIMIT)


def _query_whole(request: web.Request, name: str, default: int, most: int) -> int:
    found = request.query.get(name)
    if found is None:
        return default
    if not _ID.fullmatch(found) or int(found) > most:
        raise invalid(name, f"must be from 1 to {most}.")
    return int(found)


def like(found: str) -> str:
    """The LIKE pattern (with ESCAPE '!') for a text that occurs anywhere, in lower case."""
    return "%" + re.sub(r"([!%_])", r"!\1", found.lower()) + "%"
