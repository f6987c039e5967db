"""DuplicateRows: an effect that stands twice is found when once was promised; ordinary repeats are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from replay.model.case import Expectation
from replay.model.evidence import Part, Role
from replay.model.finding import Level
from replay.oracle.duplicate_rows import DuplicateRows
from unit.oracle.evidence_make import case, evidence, inserted, sent, trace

ENDPOINT = "POST /courses/{id}/enrolments"
KEY = {"Idempotency-Key": "k-1"}


def enrol(world, copy=0, status=201, headers=(), json=None, answer=None):
    json = {"payment": "invoice"} if json is None else json
    return sent("e1", "POST", f"/courses/{world}7/enrolments", status, json=json, answer=answer, headers=headers,
                part=Part.JUDGED, copy=copy)  # fmt: skip


def enrolled(world, n, times=1):
    """What one enrolment stores: the enrolment, and an invoice with a number that the tenant counts."""
    out = []
    for i in range(times):
        key = world * 1000 + n + i
        out.append(inserted("enrolment", id=key, course_id=world * 10 + 7, account_id=world * 5, created_at=f"t{key}"))
        out.append(inserted("invoice", id=key + 500, enrolment_id=key, number=f"INV-{n + i:04}", total_cents=4900))
    return tuple(out)


def controls(headers=(), extra=()):
    return [trace(Role.CONTROL, w, enrol(w, headers=headers), rows=(*enrolled(w, 1), *extra)) for w in (1, 2)]


def race(serial, concurrent, headers=(), statuses=(201, 409, 409)):
    copies = [enrol(3, i, status, headers) for i, status in enumerate(statuses)]
    again = [enrol(4, i, 201, headers) for i in range(len(statuses))]
    return evidence(
        case(Expectation.AT_MOST_ONCE, ENDPOINT, "race"),
        *controls(headers),
        trace(Role.SERIAL, 3, *copies, rows=serial),
        trace(Role.MUTATED, 4, *again, rows=concurrent),
    )


def repeat(rows, headers=(), json=None, extra=(), copies=2):
    sends = [enrol(3, i, headers=headers, json=json) for i in range(copies)]
    about = case(Expectation.AT_MOST_ONCE, ENDPOINT, "duplicate")
    return evidence(about, *controls(headers, extra), trace(Role.MUTATED, 3, *sends, rows=rows))


FOUND = [
    # evidence, level, remark
    (race(enrolled(3, 1), enrolled(4, 1, 3)), Level.CONFIRMED, "three at once store what a row of them stores once"),
    (repeat(enrolled(3, 1, 2), KEY), Level.CONFIRMED, "the same idempotency key twice, stored twice"),
    (repeat(enrolled(3, 1, 2), {"X-Idempotency-Key": "k"}), Level.CONFIRMED, "the other spelling of the header"),
    (repeat(enrolled(3, 1, 2), json={"idempotency_key": "k"}), Level.CONFIRMED, "the key stands in the body"),
    (repeat(enrolled(3, 1, 2), json={"requestId": "r"}), Level.INFO, "a request id may be a mere tracing id"),
    (repeat((*enrolled(3, 1), enrolled(3, 2)[1]), KEY), Level.INFO, "only the child twice: perhaps a journal"),
]


@pytest.mark.parametrize(("found_in", "level", "remark"), FOUND)
def test_a_second_effect_is_found(found_in, level, remark):
    """One finding per case, as sure as its promise."""
    (finding,) = DuplicateRows().judge(found_in)
    assert (finding.level, finding.endpoint, finding.method) == (level, "/courses/{id}/enrolments", "POST"), remark
    assert finding.tenant == "acme"


def test_the_proof_names_entities_root_first_and_their_columns():
    """A person sees which rows, how many of each, and what tells them apart."""
    (finding,) = DuplicateRows().judge(race(enrolled(3, 1), enrolled(4, 1, 3)))
    assert finding.observed.startswith("3 enrolment, 3 invoice")
    proofs = {proof.label: proof.data for proof in finding.proofs}
    counts = {"entity": "enrolment", "clean": 1, "one after another": 1, "mutated": 3}
    assert proofs["equal rows per entity"][0] == counts
    assert [row["id"] for row in proofs["rows of enrolment"]] == [4001, 4002, 4003]
    assert proofs["columns of invoice"] == {"equal": "total_cents", "different": "id, enrolment_id, number"}
    assert proofs["answers"] == ["201", "201", "201"]


def lines(world, first, times=1):
    """An order with two lines: two rows of one entity per clean request."""
    return tuple(
        inserted("line", id=world * 100 + first + 2 * i + j, order_id=world * 9 + i, product=product)
        for i in range(times)
        for j, product in enumerate(("tea", "cup"))
    )


def debits(world, times=1):
    """Two equal rows per clean request."""
    return tuple(inserted("entry", id=world * 100 + i, amount=5) for i in range(2 * times))


def with_rows(make_rows, times, headers=KEY):
    sends = [enrol(3, i, headers=headers) for i in range(2)]
    clean = [trace(Role.CONTROL, w, enrol(w, headers=headers), rows=make_rows(w)) for w in (1, 2)]
    about = case(Expectation.AT_MOST_ONCE, ENDPOINT, "duplicate")
    return evidence(about, *clean, trace(Role.MUTATED, 3, *sends, rows=make_rows(3, times=times)))


def two_lines(world, times=1):
    return lines(world, 1, times)


@pytest.mark.parametrize("make_rows", [two_lines, debits])
def test_several_rows_per_request_count_as_one_effect(make_rows):
    """Two rows that every clean request makes are no duplicates; twice the two are."""
    assert not list(DuplicateRows().judge(with_rows(make_rows, 1)))
    assert len(list(DuplicateRows().judge(with_rows(make_rows, 2)))) == 1


def test_one_line_twice_and_another_never_is_found():
    """As many rows as a clean request makes, but two of them are equal."""

    def ordered(world, times=1):
        """Tea, cup and pot; in the mutated trace tea, tea and cup."""
        products = ("tea", "cup", "pot") if times == 1 else ("tea", "tea", "cup")
        return tuple(inserted("line", id=world * 10 + n, product=product) for n, product in enumerate(products))

    (finding,) = DuplicateRows().judge(with_rows(ordered, 2))
    assert finding.observed.startswith("2 line")


def test_a_business_table_that_is_called_like_a_journal_counts_when_it_is_all_there_is():
    def booked(world, times=1):
        """The request's only effect is an event."""
        return tuple(inserted("event", id=world * 10 + n, title="talk") for n in range(times))

    assert len(list(DuplicateRows().judge(with_rows(booked, 2)))) == 1
    assert list(DuplicateRows().judge(with_rows(booked, 1))) == []


LOG = (inserted("audit_log", id=1, action="enrol"),)


def own_keys():
    """Two clients' copies, each with a key of its own: two effects were asked for."""
    first = repeat(enrolled(3, 1, 2), KEY)
    judged = first.traces[-1].attempts
    other = replace(judged[1], request=enrol(3, 1, headers={"Idempotency-Key": "k-2"}).request)
    return replace(first, traces=(*first.traces[:-1], replace(first.traces[-1], attempts=(judged[0], other))))


def shared_and_own_keys():
    """Three copies, two keys, two rows: each key had its effect once."""
    three = repeat(enrolled(3, 1, 2), KEY, copies=3)
    judged = three.traces[-1].attempts
    other = replace(judged[2], request=enrol(3, 2, headers={"Idempotency-Key": "k-2"}).request)
    return replace(three, traces=(*three.traces[:-1], replace(three.traces[-1], attempts=(*judged[:2], other))))


def other_body():
    """The same key with another text: another fault, if any, but not the same row twice."""
    texts = [enrol(3, 0, headers=KEY, json={"text": text}) for text in ("one", "two")]
    clean = [
        trace(Role.CONTROL, w, enrol(w, headers=KEY, json={"text": text}), rows=(inserted("note", id=w, text=text),))
        for w, text in ((1, "three"), (2, "four"))
    ]
    rows = (inserted("note", id=3, text="one"), inserted("note", id=4, text="two"))
    return evidence(case(Expectation.AT_MOST_ONCE, ENDPOINT), *clean, trace(Role.MUTATED, 3, *texts, rows=rows))


def journal_of_varying_length():
    """A background job writes now and then into the window."""
    found = repeat((*enrolled(3, 1), *[inserted("tick", id=n) for n in range(3)]), KEY)
    first, second, mutated = found.traces
    return replace(found, traces=(replace(first, changes=(*first.changes, inserted("tick", id=9))), second, mutated))


def throttled():
    """The serial copies were refused by a rate limit, so their single row says nothing."""
    return race(enrolled(3, 1), enrolled(4, 1, 3), statuses=(201, 429, 429))


SILENT = [
    (race(enrolled(3, 1), enrolled(4, 1)), "the fixed twin: at once as in a row"),
    (race(enrolled(3, 1, 3), enrolled(4, 1, 3)), "a POST that may be repeated: serial copies store as many"),
    (repeat(enrolled(3, 1, 2)), "a plain repeat, nothing promised"),
    (repeat(enrolled(3, 1), KEY), "the key is honoured"),
    (repeat((), KEY), "nothing stored at all"),
    (repeat((*enrolled(3, 1), *LOG, *LOG), KEY, extra=LOG), "the effect is single; the audit log notes both attempts"),
    (own_keys(), "two keys, two effects"),
    (shared_and_own_keys(), "two keys in three copies, two effects"),
    (other_body(), "rows that differ in what was sent are not equal"),
    (journal_of_varying_length(), "an entity whose count varies between controls proves nothing"),
    (throttled(), "the serial envelope was measured under a rate limit"),
]


@pytest.mark.parametrize(("quiet", "remark"), SILENT)
def test_what_is_right_raises_nothing(quiet, remark):
    """Traps that false alarms are made of."""
    assert list(DuplicateRows().judge(quiet)) == [], remark


def test_one_control_is_no_control():
    """Without a second control nothing tells noise from effect."""
    found = race(enrolled(3, 1), enrolled(4, 1, 3))
    assert list(DuplicateRows().judge(replace(found, traces=found.traces[1:]))) == []


def answers(ids, role, world, headers=()):
    copies = [enrol(world, i, 201, headers, answer={"id": made}) for i, made in enumerate(ids)]
    return trace(role, world, *copies, rows=None)


@pytest.mark.parametrize(
    ("serial", "concurrent", "headers", "findings", "remark"),
    [
        ((7, 7, 7), (7, 8, 9), (), 1, "three ids at once, one in a row"),
        ((7, 8, 9), (7, 8, 9), (), 0, "as many ids in a row"),
        (None, (7, 8), KEY, 1, "one key, two ids"),
        (None, (7, 7), KEY, 0, "one key, one id"),
        (None, (7, 8), (), 0, "nothing promised"),
    ],
)
def test_without_a_database_the_ids_in_the_answers_are_counted(serial, concurrent, headers, findings, remark):
    """The weaker reading is never more than probable, and says what it cannot see."""
    traces = [answers((1,), Role.CONTROL, w, headers) for w in (1, 2)]
    traces += [answers(serial, Role.SERIAL, 3, headers)] if serial else []
    traces += [answers(concurrent, Role.MUTATED, 4, headers)]
    found = list(DuplicateRows().judge(evidence(case(Expectation.AT_MOST_ONCE, ENDPOINT, "race"), *traces)))
    assert len(found) == findings, remark
    assert all(one.level is Level.PROBABLE and "child rows stay unseen" in one.observed for one in found)


def test_the_fingerprint_does_not_know_case_seed_or_ids():
    """The same fault in another run, with other ids, is the same finding."""
    first = race(enrolled(3, 1), enrolled(4, 1, 3))
    other = replace(
        race(enrolled(3, 40), enrolled(4, 70, 2)),
        case=case(Expectation.AT_MOST_ONCE, ENDPOINT, "race", case_id="case-99", seed=1234),
    )
    (one,), (two,) = DuplicateRows().judge(first), DuplicateRows().judge(other)
    assert one.fingerprint == two.fingerprint
    assert one.case_id != two.case_id


def test_columns_that_hold_credentials_are_hidden():
    """A proof shows rows, never a token or a password's hash."""
    rows = [inserted("account", id=n, email="a@b.example", password_hash=f"scrypt{n}") for n in (1, 2)]
    found = with_rows(lambda world, times=1: tuple(rows[:times]), 2)
    (finding,) = DuplicateRows().judge(found)
    text = repr([proof.data for proof in finding.proofs])
    assert "(hidden)" in text
    assert "scrypt" not in text
