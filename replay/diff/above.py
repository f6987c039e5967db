"""Places above a place, and the places that stand below one: path patterns as a tree, kept flat.

`body.items[*].id` stands below `body.items[*]`, `body.items`, `body` and the answer itself, whose place is "".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def places_above(place: str) -> Iterator[str]:
    """From the nearest to "", the whole answer. A key that holds a dot only adds places that nobody asks for."""
    end = len(place)
    while (end := max(place.rfind(".", 0, end), place.rfind("[*]", 0, end))) > 0:
        yield place[:end]
    if place:
        yield ""


def with_all_above(places: Iterable[str]) -> set[str]:
    """The places and everything above them: what must be entered to get there."""
    out: set[str] = set()
    for place in places:
        out.add(place)
        for above in places_above(place):
            if above in out:
                break
            out.add(above)
    return out
