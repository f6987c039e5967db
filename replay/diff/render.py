"""The residue for a human: deepdiff words the few leaves that differ; it never decides whether any do.

Rule: what differs is always rendered. deepdiff gets leaves only, at most 200 of them and 64 KB, with the options under
which it hides nothing that we know of; a leaf that it still passes over gets a line of our own.
"""

from __future__ import annotations

from collections.abc import Sequence

from replay.diff.shapes import shape
from replay.model.difference import Difference, DifferenceKind
from replay.model.message import text_of
from replay.model.tree import Scalar

_MOST_LEAVES = 200
_MOST_BYTES = 64 * 1024
_LONGEST_SHOWN = 40  # characters of a text
_SECRET_SHAPES = ("jwt", "token", "hex", "email")

Leaves = dict[str, Scalar]


def render(differences: Sequence[Difference]) -> str:
    """One line per endpoint, place and kind, in order of place; an empty string only when nothing differs."""
    grouped: dict[str, list[Difference]] = {}
    for difference in differences:
        grouped.setdefault(f"{difference.endpoint} {difference.place} {difference.kind}", []).append(difference)
    words = _words_of_deepdiff(grouped) if _is_small(grouped) else {}
    return "\n".join(
        f"{label}: {words.get(label) or _own_words(group[0])}{_tail(group)}" for label, group in sorted(grouped.items())
    )


def shown(value: Scalar) -> str:
    """A value as a person may read it: secrets by their class, long texts by their beginning."""
    if not isinstance(value, str):
        return text_of(value)
    name = shape(value)
    if name.startswith(_SECRET_SHAPES):
        return f"<{name.partition(':')[0]}>"
    clean = "".join(letter if letter.isprintable() else "?" for letter in value)
    return f'"{clean}"' if len(clean) <= _LONGEST_SHOWN else f'"{clean[:_LONGEST_SHOWN]}…"'


def _is_small(grouped: dict[str, list[Difference]]) -> bool:
    if len(grouped) > _MOST_LEAVES:
        return False
    texts = (text for group in grouped.values() for text in (group[0].expected, group[0].observed))
    return sum(len(text) for text in texts if isinstance(text, str)) <= _MOST_BYTES


def _words_of_deepdiff(grouped: dict[str, list[Difference]]) -> dict[str, str]:
    """Words per label for the leaves that deepdiff sees differing."""
    from deepdiff import DeepDiff  # heavy, and needed for people only

    expected, observed = _sides(grouped)
    found = DeepDiff(
        expected,
        observed,
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
        zip_ordered_iterables=True,
    )
    items = ((kind, item) for kind in found for item in found[kind])
    return {str(item.path(output_format="list")[0]): _word(kind, item.t1, item.t2) for kind, item in items}


def _sides(grouped: dict[str, list[Difference]]) -> tuple[Leaves, Leaves]:
    expected: Leaves = {}
    observed: Leaves = {}
    for label, group in grouped.items():
        if group[0].kind is not DifferenceKind.ADDED:
            expected[label] = group[0].expected
        if group[0].kind is not DifferenceKind.MISSING:
            observed[label] = group[0].observed
    return expected, observed


def _word(kind: str, old: Scalar, new: Scalar) -> str:
    if kind == "dictionary_item_removed":
        return f"{shown(old)} is gone"
    if kind == "dictionary_item_added":
        return f"{shown(new)} is new"
    return f"{shown(old)} became {shown(new)}"


def _own_words(difference: Difference) -> str:
    """Without deepdiff: the same words."""
    kinds = {DifferenceKind.MISSING: "dictionary_item_removed", DifferenceKind.ADDED: "dictionary_item_added"}
    return _word(kinds.get(difference.kind, ""), difference.expected, difference.observed)


def _tail(group: Sequence[Difference]) -> str:
    remark = f" ({group[0].remark})" if group[0].remark else ""
    return f"{remark} ×{len(group)}" if len(group) > 1 else remark
