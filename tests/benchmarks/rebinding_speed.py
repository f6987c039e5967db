"""Live values put into recorded requests: by a plan made once, and by walking the message each time.

    python tests/benchmarks/rebinding_speed.py [ROUNDS]

Prints CPU microseconds per request and the ratio. Both ways give the same requests (asserted), up to blanks in JSON.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from make import bearer, exchange, response, session
from replay.correlate.answers import values_at
from replay.correlate.binding import Binding
from replay.correlate.learn import learn
from replay.correlate.plan import LiveKey, typed_as
from replay.correlate.rebinder import Rebinder, Rewritten
from replay.correlate.renewal import Renewal
from replay.model.case import Step
from replay.model.codec import parse_json
from replay.model.exchange import Request
from replay.model.message import with_values
from replay.model.session import Session
from replay.model.tree import Place, Scalar, pattern

ROUNDS = 20_000
ANSWERS = {
    "login": response(answer={"token": "live-9999zzzz8888yyyy"}),
    "create": response(201, answer={"id": 50123, "k": "f6e5d4c3b2"}),
}
LINES = [{"sku": f"tea-{i}", "qty": i, "note": "packed by hand"} for i in range(6)]  # about 400 bytes of JSON


def capture() -> Session:
    """A login, a creation, and four ways to give back what they gave."""
    token, other = "tok-1111aaaa2222bbbb", {"Accept": "application/json", "User-Agent": "shop/1.0", "X-Page": "1"}
    auth = {**other, **bearer(token)}
    order = {"courseId": 17, "lines": LINES, "paid": False}
    return session(
        "s",
        exchange("login", "POST", "/login", json={"user": "ann"}, answer={"token": token}),
        exchange("create", "POST", "/courses", 201, headers=auth, json={"t": 1}, answer={"id": 17, "k": "a1b2c3d4e5"}),
        exchange("path and bearer", "GET", "/courses/17/notes?page=17", headers=auth),
        exchange("query and cookie", "GET", "/notes?course_id=17&k=a1b2c3d4e5", headers={**other, "Cookie": "a=b"}),
        exchange("JSON, 400 bytes", "POST", "/orders", 201, headers=auth, json=order),
        exchange("form", "POST", "/plans", 201, headers=auth, form={"course_id": "17", "k": "a1b2c3d4e5", "n": "1"}),
    )


def walked(request: Request, bindings: tuple[Binding, ...], live: dict[LiveKey, Scalar]) -> Rewritten:
    """As it was done before there were plans: the live values are looked up, the message is taken apart and rebuilt."""
    values: dict[Place, Scalar] = {}
    unresolved: list[str] = []
    for binding in bindings:
        found = (live.get((source.exchange_id, source.place)) for source in binding.sources)
        value = next((one for one in found if one is not None), None)
        if value is None:
            unresolved.append(pattern(binding.place))
        else:
            values[binding.place] = typed_as(binding.value, value)
    return Rewritten(with_values(request, values), tuple(unresolved), len(values))


def measure(rounds: int) -> list[tuple[str, float, float]]:
    """(remark, microseconds by walking, by the plan) per request."""
    recorded = capture()
    exchanges = {item.id: item for item in recorded.exchanges}
    bindings = learn([recorded])
    rebinder = Rebinder(bindings, Renewal(occurrences={}), exchanges)
    live: dict[LiveKey, Scalar] = {}
    for one, answer in ANSWERS.items():
        rebinder.absorb(one, answer)
        live.update({(one, place): value for place, value in values_at(answer, bindings.sources_at(one)).items()})
    rows = []
    for item in recorded.exchanges[2:]:
        step = Step(item.id, item.request)
        bound = bindings.of(item.id)
        planned = rebinder.rewrite(step)
        assert planned.bound == len(bound) > 0
        _require_same(walked(item.request, bound, live).request, planned.request)
        before = _timed(lambda one=item, new=bound: walked(one.request, new, live), rounds)
        after = _timed(lambda one=step: rebinder.rewrite(one), rounds)
        rows.append((item.id, before, after))
    return rows


def _timed(call: Callable[[], object], rounds: int) -> float:
    started = process_time()
    for _ in range(rounds):
        call()
    return (process_time() - started) / rounds * 1e6


def _require_same(one: Request, other: Request) -> None:
    assert (one.target, one.headers) == (other.target, other.headers)
    if one.body.is_json:
        assert parse_json(one.body.data) == parse_json(other.body.data)
    else:
        assert one.body == other.body


def main(rounds: int = ROUNDS) -> None:
    print(f"{'request':20} {'walked us':>10} {'planned us':>11} {'ratio':>6}")
    for remark, before, after in measure(rounds):
        print(f"{remark:20} {before:10.2f} {after:11.2f} {before / after:6.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)
