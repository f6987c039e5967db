"""Small runs of the comparing benchmark: everything is found, nothing is printed as a verdict."""

from __future__ import annotations

from benchmarks.diff_speed import SMALL, compared, large, mix, plain, shuffled


def test_the_mix_is_compared_as_it_was_made() -> None:
    """Every real difference and nothing else is found; DeepDiff flags the noise as well."""
    made = mix(SMALL)
    found, _ = compared(made)
    assert {(one.place, one.kind.value) for one in found} == {("body.lines[*].qty", "value")}
    assert len(found) == made.different == SMALL // 20
    flagged, _ = plain(made, 20)
    assert flagged == 6, "the noise, and the one that really differs"


def test_large_documents_and_large_shuffled_lists_end() -> None:
    """One leaf of a large document; nothing in a list that is shuffled anew in each replay, all of it noisy."""
    found, _ = large(20_000)
    assert [one.place for one in found] == ["body.lines[*].qty"]
    assert shuffled(200)[0] == ()
