"""What may be learned: what enough sessions of enough tenants have shown, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from make import exchange
from replay.model.body import Body
from replay.redact import learning
from replay.redact.learning import Learner
from replay.redact.sightings import sightings
from replay.redact.vocabulary_file import Learned, Where

BASE = {"orders", "status", "items", "users", "id", "note", "sort", "tags", "content-type"}
STATUS = Where("GET /orders", "response", "body.status")


def learner(k: int = 3, tenants: int = 2) -> Learner:
    return Learner(b"k" * 32, k, tenants, BASE.__contains__, BASE.__contains__)


def shown(one: Learner, answers: list[Any], *, target: str = "/orders", tenants: int = 2) -> Learned:
    """Each answer in a session of its own, tenants in turn."""
    for i, answer in enumerate(answers):
        one.look(exchange("e", "GET", target, answer=answer), f"s{i}", f"t{i % tenants}")
    return one.learned()


def test_a_name_of_k_sessions_is_learned() -> None:
    """From the k-th session on, and not one earlier."""
    assert shown(learner(), [{"parcelRef": 1}] * 2).names == frozenset()
    assert shown(learner(), [{"parcelRef": 1}] * 3).names == {"parcelRef"}


def test_one_tenant_is_not_enough() -> None:
    """Forty sessions of one tenant show what one tenant calls its things."""
    assert shown(learner(), [{"acmeCode": 1}] * 40, tenants=1).names == frozenset()


def test_sessions_without_a_tenant_are_no_tenant() -> None:
    """Anonymous traffic cannot prove that two tenants use a word."""
    one = learner()
    for i in range(9):
        one.look(exchange("e", "GET", "/orders", answer={"acmeCode": 1}), f"s{i}", "")
    assert one.learned().names == frozenset()


def test_one_session_counts_once() -> None:
    one = learner()
    for i in range(9):
        one.look(exchange("e", "GET", "/orders", answer={"janesmith": 1}), "s1", f"t{i}")
    assert one.learned().names == frozenset()


def test_values_of_a_closed_list_are_learned_at_their_place() -> None:
    found = shown(learner(), [{"status": "ACTIVE"}] * 3 + [{"status": "GONE"}] * 2)
    assert found.values == {STATUS: frozenset({"ACTIVE"})}


def test_the_same_word_elsewhere_is_not() -> None:
    """Three sessions at three endpoints are one each."""
    one = learner()
    for i, target in enumerate(("/orders", "/users", "/items")):
        one.look(exchange("e", "GET", target, answer={"status": "ACTIVE"}), f"s{i}", f"t{i}")
    assert one.learned().values == {}


def test_a_place_that_held_a_sentence_is_no_closed_list() -> None:
    """Before or after its words have passed: there is nothing to tell a name from an enum by."""
    words, sentence = [{"note": "Anna"}] * 5, [{"note": "call Anna after six"}]
    assert shown(learner(), words + sentence).values == {}
    assert shown(learner(), sentence + words).values == {}


def test_numbered_words_are_no_closed_list() -> None:
    """SAIL-133 names one course, however many people enrol: the whole place is none."""
    assert shown(learner(), [{"status": "SAIL-133"}] * 3 + [{"status": "ACTIVE"}] * 3).values == {}
    assert shown(learner(), [{"status": "LEVEL_2"}] * 3).values == {STATUS: frozenset({"LEVEL_2"})}


def test_names_of_people_and_secrets_are_never_learned_as_values() -> None:
    """However common: half the country is called Anna."""
    base = BASE | {"firstName", "password", "apiToken", "phone"}
    one = Learner(b"k" * 32, 3, 2, base.__contains__, base.__contains__)
    assert shown(one, [dict.fromkeys(base - BASE, "Anna")] * 9).values == {}


def test_more_than_fifty_names_are_a_map() -> None:
    """Keys that passed before it was known as a map are taken back, and so is what stood below them."""
    one = learner()
    assert shown(one, [{"users": {"janesmith": {"status": "ACTIVE"}}}] * 8).names == {"janesmith"}
    found = shown(one, [{"users": {f"user_{i}x": {"status": "ACTIVE"}}} for i in range(60)])
    assert found.names == frozenset()
    assert not any("janesmith" in str(where) for where in found.values)
    assert [u.where.place for u in one.unknown() if u.is_map] == ["body.users"]


def test_what_looks_like_data_is_never_a_name() -> None:
    """A public id is shown by everybody and is an id all the same."""
    odd = ["usr_8f3a9b2c1d", "ingrid@example.com", "550e8400-e29b-41d4-a716-446655440000", "8412345678901"]
    assert shown(learner(), [dict.fromkeys(odd, 1)] * 9).names == frozenset()


def test_a_value_below_an_unknown_name_is_not_learned() -> None:
    """Its place could not be told without that name."""
    answers = [{"users": {f"person{i}": {"status": "ACTIVE"}}} for i in range(9)]
    assert all("person" not in str(where) for where in shown(learner(), answers).values)


def test_words_of_routes_are_learned_and_slugs_are_not() -> None:
    one = learner()
    for i in range(6):
        one.look(exchange("e", "GET", f"/parcels/slug-of-{'abcdef'[i]}/labels"), f"s{i}", f"t{i % 2}")
    assert one.learned().names == {"parcels", "labels"}


def test_parameters_and_forms_are_learned() -> None:
    one = learner()
    for i in range(4):
        one.look(exchange("e", "POST", "/orders?sort=newest", form={"note": "rush"}), f"s{i}", f"t{i % 2}")
    assert one.learned().values == {
        Where("POST /orders", "request", "query.sort[*]"): frozenset({"newest"}),
        Where("POST /orders", "request", "form.note[*]"): frozenset({"rush"}),
    }


def test_the_counters_hold_no_text() -> None:
    """What has not passed cannot be read out of the learner's memory: only keyed hashes are there."""
    one = learner()
    shown(one, [{"status": "Kowalskiwicz", "janesmithkey": 1}] * 2)
    held = repr([(place.names, place.values, where) for where, place in one._places.items()])
    assert "Kowalski" not in held
    assert "janesmith" not in held


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile client makes up words without end: counting stops, is told, and what was learned stays."""
    monkeypatch.setattr(learning, "_MOST_WORDS", 60)
    one = learner()
    shown(one, [{"parcelRef": 1}] * 3)
    for i in range(300):
        names = {f"{chr(97 + i % 26)}{chr(97 + i // 26)}word{n}": 1 for n in "abcdefgh"}
        one.look(exchange("e", "GET", "/orders" if i % 2 else "/items", json=names, answer={"id": names}), f"x{i}", "t")
    held = sum(len(place.names) + len(place.values) for place in one._places.values())
    assert one.is_full
    assert held <= 60
    assert one.learned().names == {"parcelRef"}


def test_lists_are_one_place() -> None:
    one = learner()
    found = shown(one, [{"items": [{"status": "NEW"}, {"status": "NEW"}], "tags": ["a", "b"]}] * 3)
    assert found.values[Where("GET /orders", "response", "body.items[*].status")] == {"NEW"}
    assert found.values[Where("GET /orders", "response", "body.tags[*]")] == {"a", "b"}


@pytest.mark.parametrize(
    ("body", "names", "where"),
    [
        (
            Body(b"<orders><zibbleItem>plover</zibbleItem></orders>", "application/xml"),
            {"zibbleItem"},
            "body.orders.zibbleItem",
        ),
        (
            Body(b'{"zibbleItem": "plover"}\n{"zibbleItem": "plover"}\n', "application/x-ndjson"),
            {"zibbleItem"},
            "body[*].zibbleItem",
        ),
        (Body(b"id,zibbleItem,status\n7,plover,1\n", "text/csv"), {"zibbleItem"}, "body[*].zibbleItem"),
        (Body(b'data: {"zibbleItem": "plover"}\n\n', "text/event-stream"), {"zibbleItem"}, ""),
        (
            Body(
                b'--b\r\nContent-Disposition: form-data; name="zibbleItem"\r\n\r\nplover\r\n--b--\r\n',
                "multipart/form-data; boundary=b",
            ),
            {"zibbleItem"},
            "form.zibbleItem[*]",
        ),
    ],
)
def test_other_formats_are_read_as_redaction_reads_them(body: Body, names: set[str], where: str) -> None:
    """Names after three sessions, values at their places after three more."""
    one = learner()
    for i in range(8):
        one.look(exchange("e", "POST", "/orders", body=body), f"s{i}", f"t{i % 2}")
    found = one.learned()
    assert found.names == names
    assert [str(w) for w in found.values if w.place == where] == ([f"POST /orders request {where}"] if where else [])


def test_broken_bodies_show_nothing() -> None:
    """Sightings are total: no body of any kind raises."""
    for body in (Body(b"{", "application/json"), Body(b"\xff\xfe", "text/plain"), Body(b"=&&=", "text/html")):
        assert all(seen.inside[0] != "body" for seen in sightings(exchange("e", "POST", "/x", body=body)))
