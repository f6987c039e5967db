"""Fields that say the same in every world: what a comparison must hold on to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quality.diff_corpus.worlds import Turn

Make = Callable[[Turn, str], Any]
_WORDS = ("amber", "birch", "cobalt", "delta", "ember", "fjord", "garnet", "harbor", "indigo", "juniper", "kelp")
_STATES = ("open", "paid", "sent", "closed")
_COUNTRIES = ("DE", "FR", "NL", "PL", "SE", "IT")


@dataclass(frozen=True, slots=True)
class Family:
    """One way in which a field behaves. `names`: what such fields are called; `make` gets the turn and the name."""

    name: str
    names: tuple[str, ...]
    make: Make
    is_noisy: bool = False
    is_hard: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    family: Family


def word(turn: Turn, *parts: object) -> str:
    return _WORDS[int(turn.latent("word", *parts) * len(_WORDS))]


def lines(turn: Turn, name: str, *, is_shuffled: bool = False) -> list[dict[str, Any]]:
    """Objects with a code that is always the same, and an id that is new in each world."""
    out = [
        {
            "sku": f"{word(turn, name, i)[:3].upper()}-{100 + i * 7 + int(5 * turn.latent(name, i))}",
            "quantity": 1 + int(9 * turn.latent(name, i, "quantity")),
            "line_id": turn.world.id_of(f"line-{turn.noun}", turn.entity * 10 + i),
            "unit_price": round(2 + 90 * turn.latent(name, i, "price"), 2),
        }
        for i in range(2 + int(4 * turn.latent(name, "length")))
    ]
    if is_shuffled:
        turn.chance.shuffle(out)
    return out


def _prose(turn: Turn, name: str) -> str:
    return (
        f"{word(turn, name, 1).title()} & {word(turn, name, 2)}: café {word(turn, name, 3)}, as {word(turn, name, 4)}"
    )


STABLE = (
    Family("word", ("title", "label", "display_name", "product"), lambda t, n: f"{word(t, n)} {word(t, n, 2)}"),
    Family("state", ("status", "state", "stage"), lambda t, n: _STATES[int(t.latent(n) * 4)]),
    Family("cents", ("amount_cents", "tax_cents", "fee_cents"), lambda t, n: 100 + int(90_000 * t.latent(n))),
    Family("price", ("price", "subtotal", "discount"), lambda t, n: round(3 + 400 * t.latent(n), 2) + 0.01),
    Family("flag", ("active", "is_gift", "verified"), lambda t, n: t.latent(n) > 0.4),
    Family("nothing", ("cancelled_by", "note", "deleted_reason"), lambda t, n: None),
    Family("day", ("due_on", "starts_on", "birthday"), lambda t, n: f"2027-0{1 + int(8 * t.latent(n))}-15"),
    Family("tags", ("tags", "roles", "features"), lambda t, n: [word(t, n, i) for i in range(3)]),
    Family("country", ("country", "market"), lambda t, n: _COUNTRIES[int(t.latent(n) * 6)]),
    Family("prose", ("description", "summary", "terms"), _prose),
    Family("quantity", ("quantity", "stock", "seats"), lambda t, n: 2 + int(40 * t.latent(n))),
    Family("tenant", ("tenant", "org_name"), lambda t, n: "northwind"),
    Family(
        "address",
        ("address", "shipping", "contact"),
        lambda t, n: {"city": word(t, n).title(), "zip": f"{10_000 + int(80_000 * t.latent(n))}", "floor": 3},
    ),
    Family("lines", ("lines", "positions", "entries"), lines),
    Family("version", ("schema_version", "api"), lambda t, n: "3.2"),
    Family("delta", ("balance", "adjustment"), lambda t, n: -(50 + int(900 * t.latent(n)))),
)
