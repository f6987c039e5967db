"""A recording's account as Prometheus metrics: counters by reason, gauges, and the histogram of commit durations.

Rule: pure; label values are reasons of ours and type names, never anything of the traffic.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from replay.record.account import COMMIT_SECONDS, Counts
from replay.record.balance import Account

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SKIPS = ("excluded", "sampled-out")
_DROPS = (
    "queue-full", "queue-left", "not-stored", "writer-dead", "writer-silent", "worker-dead", "hook-error", "unfinished",
)  # fmt: skip


def exposition(account: Account) -> bytes:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Families(account))
    return generate_latest(registry)


class _Families(Collector):
    def __init__(self, account: Account) -> None:
        self._account = account

    def collect(self) -> Iterator[Metric]:
        one = self._account
        yield _counter("seen", "Exchanges whose request came.", one.seen)
        yield _counter("captured", "Exchanges that are committed to the capture.", one.captured)
        yield _by_reason(
            "skipped", "Exchanges left out on request: excluded, or not in the sample.", one.skipped, _SKIPS
        )
        yield _by_reason("refused", "Exchanges that redaction or decoding refused to store.", one.refused)
        yield _by_reason("dropped", "Exchanges that were lost.", one.dropped, _DROPS)
        yield _counter("writer_restarts", "Writer processes started after one died.", one.writer_restarts)
        yield _counter("worker_restarts", "Proxy workers started after one died.", one.worker_restarts)
        yield _gauge("in_flight", "Exchanges that have begun and not ended.", one.in_flight)
        yield _gauge("queue_exchanges", "Exchanges that wait for the writer.", one.queued)
        yield _gauge("queue_bytes", "What they hold, in bytes.", one.queued_bytes)
        yield _gauge("unsettled", "Exchanges that the writer has and has not committed.", one.unsettled)
        yield _gauge("lag_seconds", "Age of the oldest exchange that is not committed.", one.lag_seconds)
        yield _gauge("capture_bytes", "Size of the capture file with its write-ahead log.", one.capture_bytes)
        yield _gauge("writer_up", "1 while there is a writer.", int(one.writer_is_alive))
        yield _gauge("writer_held", "1 while another program has locked the capture.", int(one.writer_is_held))
        yield _gauge("workers", "Proxy workers that listen.", one.workers)
        yield _commits(one)


def _commits(account: Account) -> HistogramMetricFamily:
    family = HistogramMetricFamily("replay_commit_seconds", "How long commits to the capture took.")
    counts = account.commits or (0,) * (len(COMMIT_SECONDS) + 1)
    buckets, so_far = [], 0
    for bound, count in zip((*map(str, COMMIT_SECONDS), "+Inf"), counts, strict=True):
        so_far += count
        buckets.append((bound, so_far))
    family.add_metric([], buckets, account.commit_seconds)
    return family


def _counter(name: str, text: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(f"replay_{name}", text, value)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"replay_{name}", text, value)


def _by_reason(name: str, text: str, counts: Counts, reasons: tuple[str, ...] = ()) -> CounterMetricFamily:
    """`reasons` are there from the start, at 0: a rate over the first loss needs a value before it."""
    family = CounterMetricFamily(f"replay_{name}", text, labels=["reason"])
    for reason, count in {**dict.fromkeys(reasons, 0), **dict(counts)}.items():
        family.add_metric([reason], count)
    return family
