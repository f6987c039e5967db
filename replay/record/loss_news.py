"""What a recording lost since somebody was last told, as a sentence: a metric that nobody scrapes warns nobody.

Rule: no clock. Whoever asks says how often; without news there is nothing to say.
"""

from __future__ import annotations

from collections import Counter

from replay.record.balance import Account


class LossNews:
    """Compares each account with the one before. Reasons are words of ours."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()

    def since_last(self, account: Account) -> dict[str, int]:
        """New losses by reason; refusals are told as `refused`, whatever refused them."""
        now = Counter(dict(account.dropped))
        now["refused"] = sum(count for _, count in account.refused)
        fresh = now - self._told  # a Counter's difference has positive counts only
        self._told |= now
        return dict(sorted(fresh.items()))


def sentence(losses: dict[str, int], seconds: float) -> str:
    """`losses` is not empty."""
    parts = ", ".join(f"{count} {reason}" for reason, count in losses.items())
    return f"in the last {seconds:.0f} s, {sum(losses.values())} exchanges were not recorded: {parts}"
