"""Fields that differ between two replays of one build, each in a way that real services have."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from quality.diff_corpus.stable_fields import Family, lines, word
from quality.diff_corpus.worlds import ABSENT, ENTITIES, Turn, digest, uuid_of

_NODES = ("web-1", "web-2", "web-3", "web-4")
_LABELS = ("blue", "green", "red", "white", "grey")


def iso(second: float) -> str:
    return datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def http_date(second: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(second), UTC), usegmt=True)


def b64(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def _fresh(turn: Turn) -> str:
    return uuid_of(turn.world.seed, turn.world.number, turn.number, turn.chance.random())


def _hex(turn: Turn, length: int) -> str:
    return digest(turn.world.number, turn.number, turn.chance.random())[:length]


def _counter(turn: Turn, name: str) -> int:
    """Counts what happens in the whole service: it has drifted by the next replay."""
    return 4_000 + int(3_000 * turn.world.share(name)) + turn.number * 5 + turn.chance.randrange(5)


def _jwt(turn: Turn, _name: str) -> str:
    now = int(turn.now)
    claims = {"sub": turn.world.uuid_of("user", turn.entity % 3), "iat": now, "exp": now + 900, "scope": "orders"}
    return f"{b64({'alg': 'HS256', 'typ': 'JWT'})}.{b64(claims)}.{_hex(turn, 43)}"


def _events(turn: Turn, name: str) -> list[Any]:
    return [
        {"at": iso(turn.now - 60 * i), "by": turn.chance.choice(("system", "user")), "note": word(turn, name, i)}
        for i in range(turn.chance.randrange(1, 5))
    ]


def _growing(turn: Turn, name: str) -> list[Any]:
    return [{"seq": i, "text": word(turn, name, i)} for i in range(1 + turn.nth // 8 + turn.world.number % 3)]


def _signed_url(turn: Turn, name: str) -> str:
    path = f"/v1/{name}/{turn.world.id_of(turn.noun, turn.entity)}/download"
    return f"https://{turn.world.host}{path}?sig={_hex(turn, 16)}&expires={int(turn.now) + 900}"


def _html(turn: Turn, name: str) -> str:
    return f'<p nonce="{_hex(turn, 12)}"><b>{word(turn, name)}</b> is ready</p>'


def _ties(turn: Turn, name: str) -> list[Any]:
    """Sorted by rank, and ranks tie: who comes first among equals is nobody's promise."""
    rows = [{"rank": i // 2, "team": word(turn, name, i) + str(i)} for i in range(6)]
    return sorted(rows, key=lambda row: (row["rank"], turn.chance.random()))


def _map(turn: Turn, name: str) -> dict[str, Any]:
    ids = (turn.world.id_of(name, (turn.entity + i) % ENTITIES) for i in range(3))
    return {str(id_): {"rank": i, "kind": word(turn, name, i)} for i, id_ in enumerate(ids)}


def _text(turn: Turn, _name: str) -> str:
    return f"Request {turn.world.id_of(turn.noun, turn.entity)} accepted at {iso(turn.now)} by the planner"


def _embedded(turn: Turn, _name: str) -> str:
    return json.dumps({"job": _fresh(turn), "kind": word(turn, "job"), "at": iso(turn.now)})


def _usually(usual: Any, other: Any, share: float) -> Callable[[Turn, str], Any]:
    return lambda turn, _name: other if turn.chance.random() < share else usual


def _noisy(name: str, names: str, make: Callable[[Turn, str], Any], *, is_hard: bool = False) -> Family:
    return Family(name, tuple(names.split()), make, is_noisy=True, is_hard=is_hard)


NOISY = (
    _noisy("fresh-uuid", "event_key operation trace", lambda t, n: _fresh(t)),
    _noisy("entity-uuid", "owner_id account_id member", lambda t, n: t.world.uuid_of(n, t.entity % 4)),
    _noisy("int-id", "record_id document_id", lambda t, n: t.world.id_of(t.noun, t.entity)),
    _noisy("reference", "customer_id parent_id", lambda t, n: t.world.id_of("people", (t.entity * 2 + 1) % 5)),
    _noisy("iso-now", "created_at updated_at served_at", lambda t, n: iso(t.now)),
    _noisy("epoch-ms", "timestamp modified_ms", lambda t, n: int(t.now * 1000)),
    _noisy("ttl", "expires_at valid_until", lambda t, n: iso(t.now + 3600)),
    _noisy("http-date", "last_sync fetched", lambda t, n: http_date(t.now)),
    _noisy("counter", "sequence revision views", _counter),
    _noisy("token", "access_key secret upload_token", lambda t, n: _hex(t, 40)),
    _noisy("cursor", "cursor page_key", lambda t, n: b64({"after": t.number, "k": _hex(t, 8)})),
    _noisy("jitter", "score weight", lambda t, n: (5 + 90 * t.latent(n)) * (1 + 1e-9 * t.chance.random())),
    _noisy("node", "served_by node", lambda t, n: t.chance.choice(_NODES)),
    _noisy("flaky", "health mode", _usually("ok", "degraded", 0.05)),
    _noisy("latency", "took_ms elapsed", lambda t, n: round(t.chance.lognormvariate(4.5, 0.4), 2)),
    _noisy("optional", "promo hint", lambda t, n: word(t, n) if t.chance.random() < 0.5 else ABSENT),
    _noisy("sampled", "debug profile", lambda t, n: {"id": _hex(t, 8)} if t.chance.random() < 0.05 else ABSENT),
    _noisy("signed-url", "receipt download", _signed_url),
    _noisy("shuffled", "labels channels", lambda t, n: t.chance.sample(_LABELS, 5)),
    _noisy("subset", "suggestions online", lambda t, n: t.chance.sample(_LABELS, t.chance.randrange(1, 5))),
    _noisy("events", "events history", _events),
    _noisy("growing", "comments log", _growing),
    _noisy("relative", "age seen", lambda t, n: f"{t.chance.randrange(2, 59)} min ago"),
    _noisy("cache", "cache from_cache", lambda t, n: "hit" if t.chance.random() < 0.7 else "miss"),
    _noisy("jwt", "session_token ticket", _jwt),
    _noisy("digits", "tracking serial", lambda t, n: f"{int(_hex(t, 12), 16) % 10**12:012d}"),
    _noisy("html", "banner snippet", _html),
    _noisy("shuffled-lines", "parcels members", lambda t, n: lines(t, n, is_shuffled=True)),
    _noisy("prefixed", "request_id job", lambda t, n: f"req_{_hex(t, 14)}"),
    _noisy("percent", "load progress", lambda t, n: t.chance.randrange(5, 96)),
    _noisy("map", "by_id lookup", _map, is_hard=True),
    _noisy("free-text", "message", _text, is_hard=True),
    _noisy("embedded", "payload", _embedded, is_hard=True),
    _noisy("rare", "warning", _usually("none", "quota", 0.015), is_hard=True),
    _noisy("pareto", "bytes_sent", lambda t, n: int(200 * t.chance.paretovariate(1.1)), is_hard=True),
    _noisy("ties", "ranking", _ties, is_hard=True),
    _noisy("drift", "total_orders", lambda t, n: 500 + 40 * t.world.number + t.nth, is_hard=True),
    _noisy("cold", "warm", lambda t, n: t.chance.random() > 0.1 + 0.3 * t.world.share(n), is_hard=True),
    _noisy("sticky", "variant", lambda t, n: "AB"[t.world.number % 2], is_hard=True),
    _noisy("hourly", "greeting", lambda t, n: f"edition {int(t.now // 3600) % 24}", is_hard=True),
)
