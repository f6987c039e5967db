"""`replay capture`: what the commands make is a capture again, and nothing is lost or told twice on the way."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from make import exchange
from make_capture import write_capture
from replay.cli.capture import capture_command
from replay.model.exchange import Exchange
from replay.model.origin import is_origin
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(capture_command, [str(word) for word in words])


def traffic(*bearers: str, at: float = 1000.0, path: str = "/orders", tenant: str = "acme") -> list[Exchange]:
    """One request each, ten seconds apart, each on a connection of its own."""
    return [
        exchange(
            f"e{i}", "GET", f"{path}?page={i}", answer={"orders": [i]}, at=at + 10 * i,
            headers={"Authorization": f"Bearer {bearer}", "X-Tenant-Id": tenant},
        )
        for i, bearer in enumerate(bearers)
    ]  # fmt: skip


def capture(path: Path, exchanges: list[Exchange], identity: str) -> Path:
    """A capture with an id of its own: two recorders never have the same."""
    return write_capture(path, exchanges, ("shop.example", 443), identity)


def sessions(path: Path) -> list[int]:
    """How many exchanges each session has, by its beginning."""
    with CaptureReader.open(path) as reader:
        return [len(session.exchanges) for session in reader.sessions()]


def is_whole(path: Path) -> bool:
    return list(verify(path)) == []


ADA, BOB = "Zk3v9Qx7Lm2pT5wR8aY1", "Bw7r2Kd9Xn4cV6tQ1eZ3"


def test_merging_makes_sessions_whole_again(tmp_path: Path) -> None:
    """Ada's requests went through two sidecars, Bob's through one: two sessions, all exchanges, in time's order."""
    one = capture(tmp_path / "one.db", traffic(ADA, BOB, ADA, at=1000), "a" * 16)
    two = capture(tmp_path / "two.db", traffic(ADA, ADA, at=1005), "b" * 16)
    done = run("merge", one, two, "--out", tmp_path / "all.db")
    assert done.exit_code == 0, done.output
    assert "5 exchanges in 2 sessions" in done.output
    assert sorted(sessions(tmp_path / "all.db")) == [1, 4]
    with CaptureReader.open(tmp_path / "all.db") as reader:
        stored = list(reader.stored())
        info = reader.info()
    assert [one.exchange.started for one in stored] == sorted(one.exchange.started for one in stored)
    assert len({one.exchange.id for one in stored}) == 5
    assert is_whole(tmp_path / "all.db")
    assert info.key_id
    assert "+" not in info.key_id


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    """The same sessions with the same names, whichever capture is named first."""
    one = capture(tmp_path / "one.db", traffic(ADA, BOB, at=1000), "a" * 16)
    two = capture(tmp_path / "two.db", traffic(BOB, ADA, at=1003), "b" * 16)
    run("merge", one, two, "--out", tmp_path / "x.db")
    run("merge", two, one, "--out", tmp_path / "y.db")
    contents = []
    for name in ("x.db", "y.db"):
        with CaptureReader.open(tmp_path / name) as reader:
            contents.append(
                [(one.session_id, one.exchange.started, one.exchange.request.target) for one in reader.stored()]
            )
    assert contents[0] == contents[1]


def test_different_keys_are_not_mixed(tmp_path: Path) -> None:
    """One person would have two stand-ins: refused with a sentence, unless they are to stand side by side."""
    one = capture(tmp_path / "one.db", traffic(ADA), "a" * 16)
    two = capture(tmp_path / "two.db", traffic(ADA), "b" * 16)
    connection = sqlite3.connect(two)
    connection.execute("UPDATE meta SET key_id = 'other'")
    connection.commit()
    connection.close()
    refused = run("merge", one, two, "--out", tmp_path / "all.db")
    assert refused.exit_code != 0
    assert "different redaction keys" in str(refused.exception)
    assert not (tmp_path / "all.db").exists()
    assert run("merge", one, two, "--apart", "--out", tmp_path / "all.db").exit_code == 0
    assert sessions(tmp_path / "all.db") == [1, 1]


def test_the_same_capture_twice_is_refused(tmp_path: Path) -> None:
    """Its sessions would be there twice."""
    one = capture(tmp_path / "one.db", traffic(ADA), "a" * 16)
    refused = run("merge", one, one, "--out", tmp_path / "all.db")
    assert "the same capture" in str(refused.exception)


def test_the_guard_of_the_origin_goes_along(tmp_path: Path) -> None:
    """A merged, split or pruned capture still knows where it must not be replayed."""
    one = capture(tmp_path / "one.db", traffic(ADA, BOB), "a" * 16)
    two = capture(tmp_path / "two.db", traffic(ADA), "b" * 16)
    run("merge", one, two, "--out", tmp_path / "all.db")
    run("split", tmp_path / "all.db", "--by", "2", "--out", tmp_path / "parts")
    run("prune", tmp_path / "all.db", "--newer-than", "1s", "--out", tmp_path / "less.db")
    for path in (tmp_path / "all.db", tmp_path / "less.db", *(tmp_path / "parts").glob("*.db")):
        with CaptureReader.open(path) as reader:
            info = reader.info()
        assert is_origin("shop.example", 443, info.origins, info.id)
        assert not is_origin("qa.example", 443, info.origins, info.id)


@pytest.mark.parametrize("by", ["tenant", "day", "3"])
def test_splitting_loses_and_doubles_nothing(tmp_path: Path, by: str) -> None:
    """Every exchange is in exactly one part, every session whole in one, and every part is a sound capture."""
    people = [f"{ADA}{i}" for i in range(6)]
    exchanges = [
        one
        for i, person in enumerate(people)
        for one in traffic(person, person, at=1000 + 90_000 * i, tenant=f"tenant-{i % 2}")
    ]
    exchanges = [
        exchange(
            f"e{i}",
            "GET",
            one.request.target,
            answer={"n": i},
            at=one.started,
            headers=list(one.request.headers.fields),
        )
        for i, one in enumerate(exchanges)
    ]
    whole = capture(tmp_path / "all.db", exchanges, "a" * 16)
    done = run("split", whole, "--by", by, "--out", tmp_path / "parts")
    assert done.exit_code == 0, done.output
    parts = sorted((tmp_path / "parts").glob("*.db"))
    assert len(parts) in {"tenant": {2}, "day": {6}, "3": {2, 3}}[by]  # a hash may leave a part empty
    assert all(is_whole(part) for part in parts)
    assert all(part.stat().st_mode & 0o777 == 0o600 for part in parts)
    times: Counter[float] = Counter()
    names: list[str] = []
    for part in parts:
        with CaptureReader.open(part) as reader:
            for session in reader.sessions():
                names.append(session.id)
                times.update(one.started for one in session.exchanges)
    assert times == Counter(one.started for one in exchanges)
    assert len(names) == len(set(names)) == 6


def test_a_hostile_tenant_names_no_other_folder(tmp_path: Path) -> None:
    """A capture is untrusted input: its words become file names only in a plain form."""
    whole = capture(tmp_path / "all.db", traffic(ADA), "a" * 16)
    connection = sqlite3.connect(whole)
    connection.execute("UPDATE actor SET tenant = '../../../evil' || char(10) || '\\x'")
    connection.commit()
    connection.close()
    assert run("split", whole, "--by", "tenant", "--out", tmp_path / "parts").exit_code == 0
    assert [path.name for path in (tmp_path / "parts").glob("*.db")] == ["tenant-.._.._.._evil_x.db"]


def test_pruning_keeps_the_account(tmp_path: Path) -> None:
    """What goes is counted as skipped: captured + skipped is what there was."""
    whole = capture(tmp_path / "all.db", [*traffic(ADA, ADA, at=1000)], "a" * 16)
    done = run("prune", whole, "--endpoint", "GET /orders", "--out", tmp_path / "none.db")
    assert done.exit_code == 0, done.output
    with CaptureReader.open(tmp_path / "none.db") as reader:
        assert reader.contents().exchanges == 0
        assert [(one.kind, one.reason, one.count) for one in reader.losses()] == [("skipped", "pruned", 2)]
    assert is_whole(tmp_path / "none.db")


def test_old_sessions_go_whole(tmp_path: Path) -> None:
    """A session that ended long ago goes; --newer-than leaves what began before."""
    whole = capture(tmp_path / "all.db", traffic(ADA, BOB, ADA), "a" * 16)
    assert (
        "0 exchanges in 0 sessions; 3 exchanges left out"
        in run("prune", whole, "--older-than", "7d", "--out", tmp_path / "a.db").output
    )
    assert (
        "3 exchanges in 2 sessions; 0 exchanges left out"
        in run("prune", whole, "--newer-than", "7d", "--out", tmp_path / "b.db").output
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--older-than", "soon"), "--older-than takes an age"),
        ((), "say what goes"),
        (("--tenant", "nosuch"), "a tenant that is named is not in this capture"),
        (("--only-tenant", "nosuch"), "a tenant that is named is not in this capture"),
        (("--endpoint", "GET /nosuch"), "an endpoint that is named is not in this capture"),
    ],
)
def test_a_wrong_pruning_is_told_in_a_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """And nothing is written."""
    whole = capture(tmp_path / "all.db", traffic(ADA), "a" * 16)
    assert sentence in str(run("prune", whole, *words, "--out", tmp_path / "x.db").exception)
    assert not (tmp_path / "x.db").exists()


def test_an_existing_file_is_never_overwritten(tmp_path: Path) -> None:
    """Not by a merge, a prune, a split or an export."""
    one = capture(tmp_path / "one.db", traffic(ADA), "a" * 16)
    other = tmp_path / "other.db"
    other.write_bytes(b"precious")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/part-1.db").write_bytes(b"precious")
    (tmp_path / "parts/part-2.db").write_bytes(b"precious")
    for words in (
        ("merge", one, "--out", other),
        ("prune", one, "--newer-than", "1s", "--out", other),
        ("export", one, "--format", "jsonl", "--out", other),
        ("split", one, "--by", "2", "--out", tmp_path / "parts"),
    ):
        assert run(*words).exit_code != 0
    assert {path.read_bytes() for path in (other, *(tmp_path / "parts").glob("*.db"))} == {b"precious"}


def test_the_list_shows_what_is_there(tmp_path: Path) -> None:
    """Every capture of a folder with its counts; a file that is none is named with the reason."""
    capture(tmp_path / "one.db", traffic(ADA, BOB), "a" * 16)
    (tmp_path / "broken.db").write_bytes(b"no database")
    found = {Path(one["file"]).name: one for one in json.loads(run("ls", tmp_path, "--json").output)}
    assert found["one.db"]["exchanges"] == 2
    assert found["one.db"]["sessions"] == 2
    assert "is not a capture" in found["broken.db"]["problem"]
    text = run("ls", tmp_path).output
    assert "one.db" in text
    assert "is not a capture" in text


def test_a_damaged_capture_does_not_verify(tmp_path: Path) -> None:
    """Status 1 and a line that names the table; a sound one is whole and has status 0."""
    sound = capture(tmp_path / "sound.db", traffic(ADA), "a" * 16)
    damaged = capture(tmp_path / "damaged.db", traffic(ADA), "b" * 16)
    connection = sqlite3.connect(damaged)
    connection.execute("DELETE FROM session")
    connection.commit()
    connection.close()
    assert run("verify", sound).exit_code == 0
    done = run("verify", sound, damaged)
    assert done.exit_code == 1
    assert "sound.db: whole" in done.output
    assert "damaged.db" in done.output
    assert "session" in done.output


@pytest.mark.parametrize("format_name", ["har", "jsonl"])
def test_what_is_exported_can_be_imported(tmp_path: Path, format_name: str) -> None:
    """As many exchanges, the same methods, targets and statuses, and the same sessions."""
    one = capture(tmp_path / "one.db", traffic(ADA, BOB, ADA), "a" * 16)
    out = tmp_path / f"out.{format_name}"
    assert run("export", one, "--format", format_name, "--out", out).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    done = run("import", out, "--capture", tmp_path / "again.db", "--quiet")
    assert done.exit_code == 0, done.output
    seen = []
    for path in (one, tmp_path / "again.db"):
        with CaptureReader.open(path) as reader:
            stored = list(reader.stored())
            seen.append(
                [(one.exchange.request.method, one.exchange.request.path, one.exchange.status) for one in stored]
            )
    assert seen[0] == seen[1]
    assert sorted(sessions(one)) == sorted(sessions(tmp_path / "again.db"))


def test_an_import_that_breaks_off_says_so(tmp_path: Path) -> None:
    """Status 2, the sentence names the file, and what was read before is there."""
    one = capture(tmp_path / "one.db", traffic(ADA, BOB, ADA), "a" * 16)
    run("export", one, "--format", "har", "--out", tmp_path / "out.har")
    text = (tmp_path / "out.har").read_bytes()
    (tmp_path / "cut.har").write_bytes(text[: text.rindex(b'"request"')])
    done = run("import", tmp_path / "cut.har", "--capture", tmp_path / "again.db")
    assert done.exit_code == 2
    assert "cut.har" in done.output
    with CaptureReader.open(tmp_path / "again.db") as reader:
        assert reader.contents().exchanges == 2
