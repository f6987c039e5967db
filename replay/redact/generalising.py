"""Coarser values: what stays of a value when its exactness goes."""

from __future__ import annotations

import ipaddress
import math
import re

from replay.redact import detectors
from replay.redact.pseudonyms import Pseudonym
from replay.redact.vocabulary import KeyRole

_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-\d\d(.*)", re.DOTALL)
_DECIMAL = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,17})?")
_EPOCH_UNITS = {10: 1, 13: 1_000}  # seconds and milliseconds, by digits; 2001 to 2286
_MONTH_SECONDS = 30 * 86_400
_MOST_DEGREES = 180  # what is larger counts metres, or millionths of a degree
_IPV6_PREFIX_BYTES = 4  # /32, as an address's registry hands them out


def coarse_text(pseudonym: Pseudonym, role: KeyRole, text: str) -> str | None:
    """None when nothing is known that is coarser: then the value needs a stand-in."""
    if detectors.is_email(text):
        return f"user@{pseudonym.email(text).rpartition('@')[2]}"
    if detectors.is_timestamp(text):
        return _coarse_day(role, text)
    if detectors.is_ipv4(text):
        return ".".join([*text.split(".")[:2], "0", "0"])
    if detectors.is_ipv6(text):
        return _coarse_ipv6(text)
    if _DECIMAL.fullmatch(text):
        return str(coarse_number(role, float(text) if "." in text else int(text)))
    return None


def coarse_number(role: KeyRole, value: int | float) -> int | float:
    """One decimal of a degree (11 km) for geo, the decade of a birth, 30 days of a time; else the first digit."""
    if role is KeyRole.GEO and abs(value) <= _MOST_DEGREES:
        return round(value, 1) if isinstance(value, float) else value
    if not math.isfinite(value) or value == 0:
        return value
    whole = abs(int(value))
    if role is KeyRole.BIRTH and len(str(whole)) == 4:
        return type(value)(whole // 10 * 10)
    scale = _EPOCH_UNITS.get(len(str(whole)), 0) if str(whole).startswith(("1", "2")) else 0
    if scale and value > 0:
        return type(value)(whole - whole % (_MONTH_SECONDS * scale))
    unit = 10 ** (len(str(whole)) - 1)
    return (
        type(value)(math.copysign(1, value) * (whole // unit * unit))
        if isinstance(value, float)
        else (whole // unit * unit * (1 if value > 0 else -1))
    )


def _coarse_day(role: KeyRole, text: str) -> str | None:
    """The first day of the month, of the year for a birth; a time of day is midnight."""
    found = _ISO_DAY.fullmatch(text)
    if found is None:
        return None
    month = "01" if role is KeyRole.BIRTH else found[2]
    return f"{found[1]}-{month}-01" + re.sub(r"\d", "0", found[3])


def _coarse_ipv6(text: str) -> str | None:
    try:
        packed = ipaddress.IPv6Address(text).packed
    except ValueError:
        return None
    return str(ipaddress.IPv6Address(packed[:_IPV6_PREFIX_BYTES].ljust(16, b"\x00")))
