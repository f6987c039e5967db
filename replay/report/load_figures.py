"""Load figures for a person and for a program: latency from the intended sending, schedule lag, throughput, errors."""

from __future__ import annotations

from replay.model.histogram import Histogram
from replay.model.load import Load, Series
from replay.model.tree import Tree
from replay.report.terminal import printable

_SHARES = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999))
_OUTCOMES = 4  # kinds of error shown in text


def load_rows(load: Load) -> list[tuple[str, str]]:
    """Label and text for the head of the report; nothing when nothing was sent."""
    if not load.requests:
        return []
    total = load.total
    errors = [(name, count) for name, count in total.outcomes if not name.isdigit() or name[0] == "5"]
    errors.sort(key=lambda one: (-one[1], one[0]))
    kinds = ", ".join(f"{printable(name)} {count}" for name, count in errors[:_OUTCOMES])
    said = f"; {total.errors} faults or 5xx ({kinds})" if errors else ""
    lag = load.lag
    return [
        ("load", f"{load.per_second:.1f} requests/s while playing ({load.seconds:.1f} s){said}"),
        ("latency", f"{_quantiles(total.latency)} from when each was due"),
        ("lag", f"p50 {_ms(lag.quantile(0.5))}, p99 {_ms(lag.quantile(0.99))}, max {_ms(lag.longest)} sent after due"),
    ]


def load_tree(load: Load) -> Tree:
    """Times in milliseconds."""
    total = load.total
    return {
        "requests": load.requests,
        "seconds": round(load.seconds, 6),
        "requests_per_second": round(load.per_second, 3),
        "errors": total.errors,
        "outcomes": dict(total.outcomes),
        "latency_ms": _tree(total.latency),
        "service_ms": _tree(load.service),
        "lag_ms": _tree(load.lag),
        "endpoints": [_series(one) | {"endpoint": one.endpoint} for one in load.by_endpoint()],
        "tenants": [_series(one) | {"tenant": one.tenant} for one in load.by_tenant()],
    }


def _series(series: Series) -> dict[str, Tree]:
    return {
        "requests": series.requests,
        "errors": series.errors,
        "outcomes": dict(series.outcomes),
        "latency_ms": _tree(series.latency),
    }


def _tree(durations: Histogram) -> Tree:
    found: dict[str, Tree] = {name: round(durations.quantile(share) * 1000, 3) for name, share in _SHARES}
    return found | {"max": round(durations.longest * 1000, 3)}


def _quantiles(durations: Histogram) -> str:
    shown = ", ".join(f"{name} {_ms(durations.quantile(share))}" for name, share in _SHARES)
    return f"{shown}, max {_ms(durations.longest)}"


def _ms(seconds: float) -> str:
    if seconds >= 10:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.{2 if seconds < 0.01 else 1 if seconds < 0.1 else 0}f} ms"
