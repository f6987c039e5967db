"""The account as an orchestrator and Prometheus read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from replay.record.balance import Account
from replay.record.health import StoringWatch, answer_to
from replay.record.metrics import exposition

ACCOUNT = Account(
    seen=12,
    captured=7,
    skipped=(("sampled-out", 1),),
    refused=(("Undecodable", 1),),
    dropped=(("queue-full", 2), ("writer-dead", 1)),
    in_flight=0,
    queued=3,
    queued_bytes=4096,
    unsettled=0,
    lag_seconds=0.5,
    capture_bytes=8192,
    commits=(1, 0, 2, 0, 0, 0, 0, 0, 0, 1),
    commit_seconds=20.5,
    writer_is_alive=True,
    writer_is_held=False,
    writer_restarts=1,
    worker_restarts=2,
    workers=2,
)


def test_counters_have_reasons_and_the_histogram_adds_up() -> None:
    text = exposition(ACCOUNT).decode()
    for line in (
        "replay_seen_total 12.0",
        "replay_captured_total 7.0",
        'replay_skipped_total{reason="sampled-out"} 1.0',
        'replay_refused_total{reason="Undecodable"} 1.0',
        'replay_dropped_total{reason="queue-full"} 2.0',
        "replay_queue_bytes 4096.0",
        "replay_lag_seconds 0.5",
        "replay_writer_restarts_total 1.0",
        "replay_worker_restarts_total 2.0",
        'replay_commit_seconds_bucket{le="0.001"} 1.0',
        'replay_commit_seconds_bucket{le="0.01"} 3.0',
        'replay_commit_seconds_bucket{le="+Inf"} 4.0',
        "replay_commit_seconds_count 4.0",
        "replay_commit_seconds_sum 20.5",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("path", "change", "status", "told"),
    [
        pytest.param("/healthz", {"workers": 0}, 200, None, id="alive is alive"),
        pytest.param("/readyz", {}, 200, {"ready": True, "recording": True, "writer": "alive"}, id="all is well"),
        pytest.param("/readyz", {"writer_is_alive": False}, 200, {"ready": True, "recording": False, "writer": "dead"},
                     id="traffic is fine without a writer"),
        pytest.param("/readyz", {"writer_is_held": True}, 200, {"recording": False}, id="the file is locked"),
        pytest.param("/readyz", {"workers": 0}, 503, {"ready": False}, id="nobody listens"),
        pytest.param("/other", {}, 404, None, id="something else"),
        pytest.param("/metrics?x=1", {}, 200, None, id="a query is no part of the path"),
    ],
)  # fmt: skip
def test_probes_follow_the_traffic(path: str, change: dict[str, object], status: int, told: dict[str, object]) -> None:
    """A dead writer is no reason to kill the sidecar; a missing listener is one not to send traffic."""
    code, _, body = answer_to(path, replace(ACCOUNT, **change))
    assert code == status
    assert told is None or told.items() <= json.loads(body).items()


def test_every_reason_is_there_before_the_first_loss() -> None:
    """At 0: a rate over the first loss needs a value before it."""
    text = exposition(replace(ACCOUNT, dropped=(), skipped=())).decode()
    for line in ('replay_dropped_total{reason="not-stored"} 0.0', 'replay_skipped_total{reason="excluded"} 0.0'):
        assert line in text


def test_a_full_disk_shows_in_readiness() -> None:
    """Batches are given up and none is committed: not recording, until one is committed again."""
    watch = StoringWatch()
    full = replace(ACCOUNT, dropped=(("not-stored", 5),))
    assert [watch.look(one) for one in (ACCOUNT, full, full, replace(full, captured=8))] == [True, False, False, True]
    body = json.loads(answer_to("/readyz", full, is_storing=False)[2])
    assert (body["ready"], body["recording"]) == (True, False)
    assert "disk" in body["writer"]
