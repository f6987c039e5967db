"""What a place's name is a name of: `enrolment` for `enrolment_id`, and for the `id` of what /enrolments answers.

    GET /api/invoices        body.items[*].enrolment_id  ->  enrolment
    GET /api/invoices        body.items[*].id            ->  invoice
    POST /courses/{id}/seats body.id                     ->  seat

Rule: a guess from words alone. It may part what belongs together, for that only makes a check blind.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ID = re.compile(r"(?:[_-](?:id|no|nr|number|key|ref)|I[dD]|Id)s?$")  # enrolment_id, enrolmentId, enrolmentID
_GENERIC = frozenset({"id", "ids", "key", "no", "nr", "number", "ref", "uid"})
_CONTAINERS = frozenset({"items", "data", "results", "result", "rows", "records", "list", "values", "body", "node"})
_CONTAINERS |= frozenset({"self", "edges", "attributes", "content", "entries", "payload", "response"})


@lru_cache(maxsize=4096)
def noun_of(endpoint: str, place: str) -> str:
    """In the singular, in lower case; empty when nothing tells."""
    steps = [step.replace("[*]", "") for step in place.split(".")]
    if steps[-1].casefold() not in _GENERIC:
        return _singular(_ID.sub("", steps[-1]))
    named = [step for step in steps[:-1] if step.casefold() not in _CONTAINERS and not step.startswith("(")]
    if named:
        return _singular(named[-1])
    words = [part for part in endpoint.partition(" ")[2].split("?")[0].split("/") if part and part[0] != "{"]
    return _singular(words[-1]) if words else ""


def _singular(word: str) -> str:
    """`categories` and `category` are one noun; so are `courseIds` and `course_id`."""
    plain = word.strip("_-").casefold().replace("_", "").replace("-", "")
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain
