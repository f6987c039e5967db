"""Places as redaction writes them, told apart as rules know them: a location, and the names below it.

body.items[*].id -> body, items [*] id       query.page[*] -> query, of which the field's name is told besides
"""

from __future__ import annotations

JWT, GRAPHQL = "jwt:", "graphql:"  # roots of places inside of values; no key of a document is taken for one
_DOCUMENTS = (("message[*].body", "ws"), ("body", "body"), (JWT, "jwt"), (GRAPHQL, "graphql"))
_COOKIES = ("cookie.", "set-cookie.")


def located(place: str) -> tuple[str, str]:
    """The location that rules know a place by, and what of the place comes after it where the place alone tells."""
    for prefix, location in _DOCUMENTS:
        if place.startswith(prefix):
            return location, place[len(prefix) :]
    if place.startswith("trailer."):
        return "trailer", place.removeprefix("trailer.").removesuffix("[*]")
    if place.startswith("form."):
        return "form", ""
    if place.startswith(_COOKIES) and place != "set-cookie.attribute":
        return "cookie", ""
    if place.startswith("query.") or ".query." in place:  # of the request, of a URL in a header field
        return "query", ""
    return "", ""


def keys_of(rest: str) -> list[str | None]:
    """`.items[*].id` is items, an element, id."""
    out: list[str | None] = []
    for piece in rest.split("."):
        name = _bare(piece)
        if name:
            out.append(name)
        out += [None] * ((len(piece) - len(name)) // 3)
    return out


def _bare(piece: str) -> str:
    while piece.endswith("[*]"):
        piece = piece.removesuffix("[*]")
    return piece
