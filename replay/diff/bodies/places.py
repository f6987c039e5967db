"""What redaction calls the places of these trees: it writes documents anew and names no elements of lists.

body.order[*].@id        body.order.id           attributes and texts have no marks
body[*].data.items[*].id body.data.items[*].id   events are no list to it
"""

from __future__ import annotations

import re

_MARKS = re.compile(r"@|\.#text\b")
_EVENT = re.compile(r"^body\[\*\]\.(?=(?:data|event|id)\b)")


def other_names(place: str) -> tuple[str, ...]:
    """Further names to look a place up by, nearest first; none for places as JSON has them."""
    if not place.startswith("body") or not ("@" in place or "#" in place or "[*]" in place):
        return ()
    bare = _MARKS.sub("", place)
    names = (bare, _EVENT.sub("body.", bare), bare.replace("[*]", ""), "form" + bare[len("body") :])
    return tuple(dict.fromkeys(name for name in names if name != place))
