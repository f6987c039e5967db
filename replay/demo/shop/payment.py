"""The payment gateway the shop pretends to call: card checks, and an authorisation that takes its time."""

from __future__ import annotations

import asyncio
import re

from replay.demo.shop import fields
from replay.demo.shop.answers import invalid

# Every race of this shop lives in this pause, as it does in real shops: between the check and the insert.
GATEWAY_SECONDS = 0.03

_CARD = re.compile(r"[0-9]{12,19}")


def card_number(body: fields.Fields) -> str:
    """The digits of a card number that passes the Luhn check."""
    digits = fields.text(body, "card_number", 40).replace(" ", "").replace("-", "")
    if not _CARD.fullmatch(digits) or not luhn_valid(digits):
        raise invalid("card_number", "is not a valid card number.")
    return digits


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


async def authorise() -> None:
    """Asks the gateway to hold the amount; nothing is charged until the enrolment is stored."""
    await asyncio.sleep(GATEWAY_SECONDS)
