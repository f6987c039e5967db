"""What the first clean replay teaches: new links, confirmed ones, and guesses that it refutes."""

from __future__ import annotations

import pytest

from make import exchange, response, session
from replay.correlate.bindings import Bindings
from replay.correlate.learn import learn
from replay.correlate.refine import Refinement, refined, unrefuted
from replay.model.exchange import Exchange, Response
from replay.model.session import Session


def taught(capture: Session, **live: Response) -> Refinement:
    """Refined by live answers; what is not named was answered as recorded."""
    replayed = {item.id: item.response for item in capture.exchanges if item.response is not None}
    return refined(learn([capture]), [capture], {**replayed, **live})


def places(bindings: Bindings) -> dict[tuple[str, str], float]:
    return {(one.exchange_id, str(one.place[1])): one.confidence for one in bindings.all}


def asks_for_word(word: str) -> Session:
    return session(
        "s",
        exchange("a", "GET", "/lots", answer={"door": word, "page": 2}),
        exchange("b", "GET", f"/bids?d={word}&page=2"),
    )


def test_a_word_that_differs_and_returns_is_bound() -> None:
    """The recording alone gives no evidence for a word under another name; the replay does."""
    capture = asks_for_word("kestrel")
    assert learn([capture]).all == ()
    done = taught(capture, a=response(answer={"door": "buzzard", "page": 2}))
    assert places(done.bindings) == {("b", "d"): 0.75}
    assert (done.added, done.dropped, done.is_changed) == (1, 0, True)


def test_what_does_not_differ_is_not_dynamic() -> None:
    """Equal in recording and replay: wording, page numbers, vocabulary."""
    done = taught(asks_for_word("kestrel"))
    assert (done.bindings.all, done.is_changed) == ((), False)


def test_a_value_that_the_client_sent_first_stays_its_own() -> None:
    """An echo of a fresh value differs from world to world, and is no gift."""
    capture = session(
        "s",
        exchange("a", "POST", "/search", json={"word": "kestrel"}, answer={"asked": "kestrel"}),
        exchange("b", "GET", "/bids?d=kestrel"),
    )
    assert taught(capture, a=response(answer={"asked": "buzzard"})).bindings.all == ()


@pytest.mark.parametrize(
    ("recorded", "live"),
    [(2024, 2025), (1043, 1051), ("2024-05-17", "2024-06-01"), ("1999.50", "2099.50"), ("10:30:00", "11:45:00")],
)
def test_what_is_equal_by_chance_is_no_link_when_it_did_what_was_recorded(recorded: object, live: object) -> None:
    """A year of a report, a size, a date, a price: the client's own was accepted."""
    capture = session(
        "s", exchange("a", "GET", "/figures", answer={"stat": recorded}), exchange("b", "GET", f"/list?q={recorded}")
    )
    assert taught(capture, a=response(answer={"stat": live})).bindings.all == ()


def test_dates_that_were_accepted_are_no_way_however_many_travel_it() -> None:
    """Two reports that moved on by a month, and a client that asks for the old ones."""
    old, new = [{"on": f"2024-05-{n}"} for n in (17, 18)], [{"on": f"2024-06-{n}"} for n in (17, 18)]
    asks = (exchange(f"b{n}", "GET", f"/list?q=2024-05-{n}") for n in (17, 18))
    capture = session("s", exchange("a", "GET", "/figures", answer=old), *asks)
    assert taught(capture, a=response(answer=new)).bindings.all == ()


def test_a_number_whose_recorded_value_was_refused_is_a_link() -> None:
    """It names something, and the target does not know the recording's."""
    capture = session(
        "s", exchange("a", "POST", "/figures", 201, answer={"door": 104332}), exchange("b", "GET", "/list?q=104332")
    )
    done = taught(capture, a=response(201, answer={"door": 500017}), b=response(404))
    assert places(done.bindings) == {("b", "q"): 0.75}


def test_a_new_link_that_the_next_replay_refuses_is_dropped() -> None:
    """It was played with, and refused where the recorded value was accepted; what was confirmed stays."""
    capture = asks_for_word("kestrel")
    live = {"a": response(answer={"door": "buzzard", "page": 2})}
    done = taught(capture, **live)
    kept = unrefuted(done.bindings, [capture], {**live, "b": response(200)})
    assert (kept.is_changed, kept.bindings) == (False, done.bindings)
    refused = unrefuted(done.bindings, [capture], {**live, "b": response(404)})
    assert (refused.bindings.all, refused.dropped, refused.is_changed) == ((), 1, True)


def lots(*numbers: int) -> Session:
    """Small values under names that say nothing."""
    items: list[Exchange] = []
    for i, number in enumerate(numbers):
        items.append(exchange(f"a{i}", "POST", "/lots", 201, json={"n": 500 + i}, answer={"lot": number}))
        items.append(exchange(f"b{i}", "GET", f"/bids?l={number}&top=3"))
    return session("s", *items)


def test_small_values_need_repetition() -> None:
    """Two different ones on the same way are a way; a single one may be chance."""
    live = {f"a{i}": response(201, answer={"lot": 90 + i}) for i in range(2)}
    assert places(taught(lots(14, 15), **live).bindings) == {("b0", "l"): 0.65, ("b1", "l"): 0.65}
    assert taught(lots(14), a0=live["a0"]).bindings.all == ()


def test_one_place_that_something_else_fills_contradicts() -> None:
    """A third value of the same place that no answer gave: the others were chance."""
    capture = lots(14, 15)
    more = session("o", exchange("c", "GET", "/bids?l=3&top=3"), start=50)
    live = {f"a{i}": response(201, answer={"lot": 90 + i}) for i in range(2)}
    replayed = {one.id: one.response for one in capture.exchanges if one.response} | live
    assert refined(learn([capture, more]), [capture, more], replayed).bindings.all == ()


def courses() -> Session:
    return session(
        "s",
        exchange("a", "POST", "/courses", 201, json={"t": "x"}, answer={"id": 17}),
        exchange("b", "GET", "/courses/17", answer={"id": 17}),
    )


def test_a_confirmed_link_gains_confidence_and_changes_nothing() -> None:
    """Another id went out and the same status came back."""
    made = response(201, answer={"id": 501})
    done = taught(courses(), a=made, b=response(answer={"id": 501}))
    assert places(done.bindings) == {("b", "2"): 0.9}
    assert not done.is_changed


def test_a_guess_that_the_replay_refutes_is_dropped() -> None:
    """A position in a list that was read is a guess: 0.7; refused where the recorded value was accepted, it goes."""
    capture = session(
        "s",
        exchange("a", "GET", "/courses", answer={"items": [{"id": 17}]}),
        exchange("b", "PUT", "/plans", json={"course_id": 17}),
    )
    live = {"a": response(answer={"items": [{"id": 90}]}), "b": response(422, answer={"error": "x"})}
    assert places(learn([capture])) == {("b", "course_id"): 0.7}
    done = taught(capture, **live)
    assert (done.bindings.all, done.dropped, done.is_changed) == ((), 1, True)


def test_a_sure_link_is_kept_whatever_the_replay_answers() -> None:
    """A 404 for the creation's own id is a finding, not a lesson."""
    done = taught(courses(), a=response(201, answer={"id": 501}), b=response(404, answer={"error": "x"}))
    assert places(done.bindings) == {("b", "2"): 0.85}
    assert not done.is_changed


def test_of_sources_that_disagree_the_other_one_is_tried() -> None:
    """Two answers gave 17; the replay shows that they mean different things, and refuses the first."""
    capture = session(
        "s",
        exchange("a", "POST", "/courses", 201, json={"t": "x"}, answer={"id": 17}),
        exchange("b", "GET", "/best/course", answer={"course_id": 17}),
        exchange("c", "GET", "/courses/17", answer={"x": 1}),
    )
    live = {"a": response(201, answer={"id": 501}), "b": response(answer={"course_id": 733})}
    refused = taught(capture, **live, c=response(404))
    (binding,) = refused.bindings.all
    assert [source.exchange_id for source in binding.sources] == ["b", "a"]
    assert refused.is_changed
    (binding,) = taught(capture, **live).bindings.all
    assert [source.exchange_id for source in binding.sources] == ["a"]


def test_a_value_that_rows_share_is_no_row_s() -> None:
    """Both rows changed at one time: which of them the client copied, nobody can tell."""
    old, new = ({"rows": [{"on": f"{day}T10:00:00Z"}] * 2} for day in ("2024-05-17", "2024-06-01"))
    capture = session(
        "s",
        exchange("a", "GET", "/rows", answer=old),
        exchange("b", "PUT", "/x", json={"since": "2024-05-17T10:00:00Z"}),
    )
    assert taught(capture, a=response(answer=new)).bindings.all == ()
