"""A body that was only added to is rebound in its recorded part; the addition goes out byte for byte."""

import pytest

from make import exchange, response, session
from replay.correlate.fresh import find_fresh
from replay.correlate.growth import grown_by
from replay.correlate.learn import learn
from replay.correlate.rebinder import Rebinder
from replay.model.body import Body
from replay.model.case import Step

MADE = exchange("make", "POST", "/courses", 201, json={"code": "X"}, answer={"id": 731})
USED = exchange("use", "POST", "/notes", 201, json={"course_id": 731, "title": "t"}, answer={"id": 9})
DEEP = b'"x_replay_1":' + b"[" * 5000 + b"]" * 5000


def rewritten(body):
    one = session("s", MADE, USED)
    bindings = learn([one])
    recorded = {item.id: item for item in one.exchanges}
    rebinder = Rebinder(bindings, find_fresh([one], bindings, lambda *_: "").renew(0, 1), recorded)
    rebinder.absorb("make", response(201, answer={"id": 42}))
    from dataclasses import replace

    return rebinder.rewrite(Step("use", replace(USED.request, body=body), mutated=True))


@pytest.mark.parametrize(
    ("tail", "remark"),
    [(DEEP, "deeper than any parser goes"), (b'"x":"' + b"a" * 2**20 + b'"', "a megabyte"), (b'"x":1,"x":2', "twice")],
)
def test_the_recorded_part_is_rebound_and_the_addition_stays(tail, remark):
    """The id is this world's, so the target sees a request that is right but for the addition."""
    opened = USED.request.body.data[:-1]
    done = rewritten(Body(opened + b"," + tail + b"}", "application/json"))
    assert done.request.body.data == b'{"course_id":42,"title":"t",' + tail + b"}", remark
    assert (done.unresolved, done.bound) == ((), 1), remark


@pytest.mark.parametrize(
    ("changed", "remark"),
    [
        (Body(b'{"course_id":731,"title":"t"}', "application/json"), "nothing was added"),
        (Body(b'{"title":"t","course_id":731,"x":1}', "application/json"), "another order: not a mere addition"),
        (Body(b'{"course_id":731,"title":"t","x":1}', "text/plain"), "no JSON"),
    ],
)
def test_anything_else_is_not_an_addition(changed, remark):
    """Then the usual way is taken."""
    assert grown_by(USED.request.body, changed) == b"", remark
