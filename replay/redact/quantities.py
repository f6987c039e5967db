"""Names of what is counted, measured or dated: numbers under them say how much or when, not who.

Rule: the last word decides (`page_count`), and a word of counting in front (`max_results`), unless the last word says
that it is an id after all (`max_id`, `total_code`). Plurals of things are no counts: `guests` may list ids.
"""

from __future__ import annotations

from collections.abc import Sequence


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


_COUNTS = _listed(
    """count counts counter quantity qty quantities limit offset page pages
    length width height depth weight volume area distance capacity radius perimeter thickness footage acreage mileage
    kb mb gb tb kib mib gib pixels px dpi bitrate bandwidth throughput bps fps rpm qps
    percent percentage pct ratio rate rates score scores rating average avg mean median max maximum min minimum stddev
    variance percentile rank position index ordinal sequence seq step steps round rounds attempt attempts retries
    duration elapsed timeout delay latency ttl age seconds secs sec minutes mins hours days nights weeks months
    years year month hour minute second uptime
    version revision generation build port ports
    remaining left used available free reserved capacity occupancy stock inventory backlog threshold quota
    views visits hits clicks downloads uploads impressions words chars characters cols cores cpus
    seats rooms beds bedrooms bathrooms adults pax
    zoom angle altitude elevation heading
    calories kcal kwh watts volts temperature pressure humidity
    points xp coins lives experience miles km kilometers meters steps
    confidence probability likelihood progress completion exposure aperture"""
)
# Of these there may be thousands of millions.
_AMOUNTS = _listed(
    """amount amounts total totals subtotal sum
    price prices cost costs fee fees tax taxes vat discount discounts surcharge shipping tip refund refunded subsidy
    budget balance credit debit deposit revenue turnover profit margin rebate cashback premium deductible
    cents pence euros dollars pounds usd eur gbp chf jpy
    bytes byte octets bits ms millis milliseconds msec us micros microseconds ns nanos nanoseconds"""
)
_COUNTING = _listed("num n total max maximum min minimum avg average mean sum count")
# Under these a word of a closed list may stand as well: `size: large`, `size: 1048576`.
MEASURES = _listed("size interval frequency priority level severity tier units unit")
_TIMES = _listed(
    """time times timestamp ts date datetime at on epoch when now exp iat nbf since until till before after
    created updated modified deleted changed edited published issued started finished completed ended opened closed
    expires expiry expiration expired due deadline start end begin mtime ctime atime seen used sent received
    paid shipped delivered cancelled canceled scheduled activated verified confirmed valid validity accessed joined
    registered login logout checked synced retry reset day schedule"""
)
_IDENTIFYING = _listed(
    """id ids no nr number numbers code codes key keys ref reference identifier uid guid token account customer user
    client owner member person patient serial name phone zip postcode plz ssn pin card"""
)
_PAGING = _listed("page line row column version build port sequence seq step")


def is_amount(words: Sequence[str]) -> bool:
    """True when a name of these words (lower case) tells how much, of what there may be very much."""
    return bool(words) and words[-1] in _AMOUNTS


def is_count(words: Sequence[str]) -> bool:
    """True when a name of these words counts or measures."""
    if not words:
        return False
    last = words[-1]
    if last in _IDENTIFYING:
        return last in ("number", "no", "nr") and len(words) > 1 and words[-2] in _PAGING
    return last in _COUNTS or (len(words) > 1 and words[0] in _COUNTING)


def is_time(words: Sequence[str]) -> bool:
    """True when a name of these words tells when."""
    return bool(words) and (words[-1] in _TIMES or words[-1].endswith(("time", "date", "timestamp")))


def fingerprint_words() -> list[str]:
    """The lists, for the policy's digest."""
    lists = (_COUNTS, _AMOUNTS, _COUNTING, MEASURES, _TIMES, _IDENTIFYING, _PAGING)
    return [" ".join(sorted(words)) for words in lists]
