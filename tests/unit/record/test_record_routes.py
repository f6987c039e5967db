"""Routes: which exchanges are recorded and at what share, in linear time whatever the path."""

from __future__ import annotations

import pytest

from replay.record.routes import RouteRule, RouteTable, parse_pattern

MATCHES = [
    ("/healthz", "GET", "/healthz", True, "a path"),
    ("/healthz", "GET", "/healthz?full=1", True, "the query does not count"),
    ("/healthz", "GET", "/healthz/", False, "another path"),
    ("/healthz", "GET", "/x/healthz", False, "from the start on"),
    ("GET /api/**", "GET", "/api/v1/users", True, "anything below"),
    ("GET /api/**", "GET", "/api", True, "and itself"),
    ("GET /api/**", "GET", "/apis", False, "segments, not letters"),
    ("GET /api/**", "POST", "/api/v1", False, "another method"),
    ("* /api/**", "POST", "/api/v1", True, "a star is every method"),
    ("HEAD *", "HEAD", "/any/thing", True, "every path"),
    ("HEAD *", "HEAD", "/", True, "the root as well"),
    ("OPTIONS *", "OPTIONS", "*", True, "asterisk-form"),
    ("/users/*/orders", "GET", "/users/7/orders", True, "one segment"),
    ("/users/*/orders", "GET", "/users/7/8/orders", False, "not two"),
    ("/static/*.js", "GET", "/static/app.min.js", True, "part of a segment"),
    ("/static/*.js", "GET", "/static/app.css", False, "another ending"),
    ("/a*a", "GET", "/a", False, "beginning and end do not share a letter"),
    ("/a*b*c", "GET", "/aXbYc", True, "several stars"),
    ("/a*b*c", "GET", "/acb", False, "in their order"),
    ("/**/export", "GET", "/a/b/export", True, "in front"),
    ("/**/export", "GET", "/export", True, "none in front"),
    ("/a/**/x/**/z", "GET", "/a/1/x/2/x/z", True, "several, leftmost first"),
    ("/a/**/x/y/**", "GET", "/a/x/x/y/q", True, "a run of two"),
    ("/a/**/x/**/z", "GET", "/a/z", False, "something is missing"),
    ("/caf\u00e9/**", "GET", "/caf%C3%A9/menu", True, "percent-encoding is undone"),
    ("/", "GET", "/", True, "the root"),
    ("health", "GET", "/actuator/health/liveness", True, "the usual probes"),
    ("health", "POST", "/health", False, "a probe reads"),
    ("health", "GET", "/healthcare", False, "no probe"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "method", "target", "expected", "remark"), MATCHES)
def test_patterns(pattern: str, method: str, target: str, expected: bool, remark: str) -> None:
    """A table of patterns and paths."""
    table = RouteTable([RouteRule(pattern, False)])
    assert (table.share_of(method.encode(), target.encode(), ()) is None) is expected, remark


@pytest.mark.parametrize("text", ["", "api", "GET", "get /x", "GET  x", "GET /a b", "/a/b**", "GE T /x", "health/x"])
def test_what_is_no_route_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        parse_pattern(text)


def share(table: RouteTable, request: str, agent: bytes = b"") -> float | None:
    method, _, path = request.partition(" ")
    return table.share_of(method.encode(), path.encode(), ((b"User-Agent", agent),))


def test_exclusion_wins_and_inclusion_leaves_all_else_out() -> None:
    table = RouteTable([RouteRule("/api/**", True), RouteRule("/api/internal/**", False)])
    assert share(table, "GET /api/users") == 1.0
    assert share(table, "GET /api/internal/x") is None
    assert share(table, "GET /") is None
    assert not table.is_sampling


def test_the_first_route_with_a_share_decides_it() -> None:
    """And a share includes nothing: what is not named has the recording's own."""
    rules = [RouteRule("GET /catalogue/top", True, 1.0), RouteRule("/catalogue/**", True, 0.01)]
    table = RouteTable(rules, 0.5)
    assert [share(table, f"GET {path}") for path in ("/catalogue/top", "/catalogue/x", "/y")] == [1.0, 0.01, 0.5]
    assert table.is_sampling


@pytest.mark.parametrize("agent", [b"kube-probe/1.29", b"ELB-HealthChecker/2.0", b"GoogleHC/1.0", b"Envoy/HC"])
def test_orchestrators_probes_are_known_by_their_agent(agent: bytes) -> None:
    """Wherever their path is configured to."""
    table = RouteTable([RouteRule("health", False)])
    assert share(table, "GET /status/deep", agent) is None
    assert share(table, "GET /status/deep", b"Mozilla/5.0 kube-probe/1") == 1.0


def test_a_hostile_path_costs_no_more_than_its_length() -> None:
    """Where a backtracking matcher needs the product of all choices; counted in comparisons, not in time."""
    compared = 0

    class Counted(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, str(other))

        __hash__ = str.__hash__

    (pattern,) = parse_pattern("/" + "/".join(["a", "**"] * 12) + "/b")
    assert not pattern.matches("GET", [Counted("a")] * 2000)
    assert compared < 12 * 2000
    (inside,) = parse_pattern("/" + "a*" * 30 + "b")
    assert not inside.matches("GET", ["a" * 60_000])
