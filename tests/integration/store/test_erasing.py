"""`replay redact erase`: afterwards no byte of the person is in any file of the capture, and everything else is."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from make import exchange
from make_capture import write_capture
from replay.cli.redact_erase import erase_command
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import Exchange
from replay.record.naming import Namer
from replay.redact.occurrence import Occurrence
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from replay.store import erasing
from replay.store.audit_log import audit_path, read_audit
from replay.store.capture_reader import CaptureReader
from replay.store.capture_schema import FORMAT_VERSION
from replay.store.capture_verify import verify
from replay.store.capture_writer import CaptureWriter
from replay.store.erasing import Erasure, erase
from replay.store.manifest import manifest_path, read_manifest
from replay.store.sealing import Unlock
from replay.store.segments import Rotation, open_segments

KEY = b"k" * 32
INGRID = "ingrid.soerensen@fjord-bank.no"
STAND_IN = Pseudonym(KEY).email(INGRID)


def run(*words: str | Path, stdin: str = "") -> Result:
    return CliRunner().invoke(erase_command, [str(word) for word in words], input=stdin)


def traffic(count: int = 400) -> list[Exchange]:
    """Forty people with ten requests each; Ingrid is the eighth. Enough to train a dictionary on."""
    out = []
    for i in range(count):
        person = i % 40
        email = INGRID if person == 7 else f"person.{person}@bank-{person}.example.org"
        note = "N" * 60 + f" long enough to be a term of person {person} and to be stored apart from its headers"
        out.append(
            exchange(
                f"e{i}", "POST", f"/orders/{i}?contact={email}",
                json={"email": email, "note": note, "lines": [{"sku": f"S-{person}-{n}", "qty": n} for n in range(6)]},
                answer={"id": i, "email": email}, at=1000.0 + i,
                headers={"Authorization": f"Bearer Zk3v9Qx7Lm2pT5wR8aY{person:02}", "X-Contact-Note": note},
            )
        )  # fmt: skip
    return out


def everything(folder: Path) -> bytes:
    """All bytes of all files of the capture, and all that can be unpacked from them; not the audit log."""
    out = b""
    for path in sorted(folder.iterdir()):
        if path.name.endswith(".audit.jsonl"):
            continue
        out += path.read_bytes()
        if path.suffix == ".db":
            out += unpacked(path)
    return out


def unpacked(path: Path) -> bytes:
    connection = sqlite3.connect(path)
    try:
        dictionaries = dict(connection.execute("SELECT id, data FROM dictionary"))
        cells = connection.execute("SELECT packing, data FROM body UNION ALL SELECT packing, headers FROM exchange")
        out = b"".join(dictionaries.values())
        for packing, data in cells.fetchall():
            if packing >= 0:
                kind = zstandard.ZstdCompressionDict(dictionaries[packing]) if packing else None
                data = zstandard.ZstdDecompressor(dict_data=kind).decompress(data)
            out += data
        return out
    finally:
        connection.close()


def numbers(path: Path) -> set[int]:
    with CaptureReader.open(path) as reader:
        return {stored.number for stored in reader.stored()}


def test_no_byte_of_the_person_is_left(tmp_path: Path) -> None:
    """F06, F07: rows, free pages, WAL, headers, terms and the trained dictionary; the capture stays whole."""
    path = write_capture(tmp_path / "c.db", traffic())
    assert STAND_IN.encode() in everything(tmp_path)
    ours = {number for number in numbers(path) if (number - 1) % 40 == 7}

    done = run(path, "--stand-in", STAND_IN, "--quiet")

    assert done.exit_code == 0, done.output
    assert "10 exchanges of 1 sessions erased (1 whole sessions)" in done.output
    left = everything(tmp_path)
    for trace in (STAND_IN, STAND_IN[:12], STAND_IN.partition("@")[2]):
        assert trace.encode() not in left, trace
    assert numbers(path) == set(range(1, 401)) - ours
    assert list(verify(path)) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["c.audit.jsonl", "c.db"]


def test_what_went_is_counted(tmp_path: Path) -> None:
    """seen = captured + skipped + ... still adds up, and the log says which stand-in it was."""
    path = write_capture(tmp_path / "c.db", traffic(80))
    run(path, "--stand-in", STAND_IN, "--quiet")
    with CaptureReader.open(path) as reader:
        assert [(one.kind, one.reason, one.count) for one in reader.losses()] == [("skipped", "erased", 2)]
        assert reader.contents().exchanges == 78
    (line,) = [one for one in read_audit(path) if one.event == "erase"]
    assert line.facts["stand_in"] == STAND_IN
    assert line.facts["exchanges"] == 2
    assert INGRID not in audit_path(path).read_text()


def test_the_old_file_is_overwritten(tmp_path: Path) -> None:
    """Whoever had the old file open, and whatever reads its blocks, finds zeros."""
    path = write_capture(tmp_path / "c.db", traffic(80))
    with path.open("rb") as old:
        run(path, "--stand-in", STAND_IN, "--quiet")
        assert set(old.read()) == {0}


def test_other_copies_under_another_name_are_refused(tmp_path: Path) -> None:
    """A hard link is the same bytes: they would be lost, or stay."""
    path = write_capture(tmp_path / "c.db", traffic(40))
    (tmp_path / "d.db").hardlink_to(path)
    before = path.read_bytes()
    done = run(path, "--stand-in", STAND_IN, "--quiet")
    assert done.exit_code != 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("stand_in", "why"),
    [
        ("no.such@d00000000.example", "it occurs nowhere"),
        (STAND_IN[1:], "it stands only inside a longer word"),
    ],
)
def test_what_does_not_occur_changes_nothing(tmp_path: Path, stand_in: str, why: str) -> None:
    path = write_capture(tmp_path / "c.db", traffic(40))
    before = path.read_bytes()
    done = run(path, "--stand-in", stand_in, "--quiet")
    assert done.exit_code == 1, why
    assert path.read_bytes() == before


def test_an_original_is_read_from_stdin_only(tmp_path: Path) -> None:
    """With the capture's key; the original is in no message and in no file."""
    path = write_capture(tmp_path / "c.db", traffic(80))
    key = tmp_path.with_name(tmp_path.name + "-key")
    key.write_bytes(KEY)
    key.chmod(0o400)
    done = run(path, "--original", "-", "--key", f"file:{key}", "--json", "--quiet", stdin=f"{INGRID}\n")
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["stand_ins"] == [STAND_IN]
    assert INGRID not in done.output
    assert STAND_IN.encode() not in everything(tmp_path)


def test_another_key_is_refused(tmp_path: Path) -> None:
    """Its stand-ins would be those of nobody, and "it does not occur" would be a lie."""
    path = write_capture(tmp_path / "c.db", traffic(40))
    key = tmp_path / "key"
    key.write_bytes(b"x" * 32)
    key.chmod(0o400)
    done = run(path, "--original", "-", "--key", f"file:{key}", stdin=INGRID)
    assert "not the redaction key" in str(done.exception)


@pytest.mark.parametrize("words", [(), ("--stand-in", "abc"), ("--stand-in", STAND_IN, "--original", "-")])
def test_wrong_words_change_nothing(tmp_path: Path, words: tuple[str, ...]) -> None:
    path = write_capture(tmp_path / "c.db", traffic(40))
    before = path.read_bytes()
    assert run(path, *words, stdin="x").exit_code != 0
    assert path.read_bytes() == before


def test_a_dry_run_only_counts(tmp_path: Path) -> None:
    path = write_capture(tmp_path / "c.db", traffic(80))
    before = path.read_bytes()
    done = run(path, "--stand-in", STAND_IN, "--dry-run", "--quiet")
    assert "2 exchanges of 1 sessions would be erased" in done.output
    assert path.read_bytes() == before
    assert not audit_path(path).exists()


def test_single_exchanges_leave_a_partial_session(tmp_path: Path) -> None:
    """What is left of the session says that something is missing."""
    mixed = traffic(40)[:8]
    other = exchange(
        "e9", "GET", "/health", answer={}, at=1100.0, headers={"Authorization": "Bearer Zk3v9Qx7Lm2pT5wR8aY07"}
    )
    path = write_capture(tmp_path / "c.db", [*mixed, other])
    done = run(path, "--stand-in", STAND_IN, "--exchanges", "--quiet")
    assert "1 exchanges of 1 sessions erased (0 whole sessions)" in done.output
    with CaptureReader.open(path) as reader:
        assert list(reader.gaps().values()) == [("erased",)]
    assert list(verify(path)) == []


def rotated(path: Path, exchanges: list[Exchange]) -> Path:
    """A capture in several segments, as a recorder makes them."""
    policy, namer = Policy(Pseudonym(KEY)), Namer()
    info = CaptureInfo("a" * 16, FORMAT_VERSION, 1000.0, policy.key_id, policy.digest, (), "0.1.0")
    capture = open_segments(path, info, append=False, rotation=Rotation(rotate_seconds=100.0))
    for number, one in enumerate(exchanges, 1):
        redacted = policy.redact(one)
        named = namer.name(redacted.exchange)
        capture.add(number, named.session_id, named.actor, redacted.exchange, redacted.fields)
        if number % 20 == 0:
            capture.commit()
    capture.close()
    return path


def test_all_segments_are_searched(tmp_path: Path) -> None:
    """A session spans segments, and the dictionary of the first is that of all; the manifest stays true."""
    path = rotated(tmp_path / "c.db", traffic())
    assert len(read_manifest(manifest_path(path)).segments) >= 2
    done = run(path, "--stand-in", STAND_IN, "--quiet")
    assert "10 exchanges of 1 sessions" in done.output, done.output
    left = everything(tmp_path)
    assert STAND_IN.encode() not in left
    assert STAND_IN[:12].encode() not in left
    assert list(verify(manifest_path(path))) == []
    assert len(numbers(manifest_path(path))) == 390


def test_one_segment_alone_is_refused(tmp_path: Path) -> None:
    path = rotated(tmp_path / "c.db", traffic(200))
    done = run(tmp_path / "c-0001.db", "--stand-in", STAND_IN)
    assert "one of several segments" in str(done.exception)
    assert STAND_IN.encode() in everything(tmp_path)
    assert path.exists()


def test_a_wal_of_a_killed_recorder_is_folded_in(tmp_path: Path) -> None:
    """What was committed and never brought into the file is erased as well, and the rest of it stays."""
    path = write_capture(tmp_path / "c.db", traffic(40))
    reader = sqlite3.connect(path)
    writer = sqlite3.connect(path)
    try:
        writer.execute("PRAGMA journal_mode = WAL").fetchone()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM exchange").fetchone()
        writer.execute("UPDATE session SET last = last")
        writer.commit()
        folder = tmp_path / "killed"
        folder.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(path.with_name(path.name + suffix), folder / f"k.db{suffix}")
    finally:
        reader.close()
        writer.close()
    done = run(folder / "k.db", "--stand-in", STAND_IN, "--quiet")
    assert done.exit_code == 0, done.output
    assert sorted(one.name for one in folder.iterdir()) == ["k.audit.jsonl", "k.db"]
    assert STAND_IN.encode() not in everything(folder)


def test_an_encrypted_capture_is_erased_with_its_private_key(tmp_path: Path) -> None:
    """Without the key nothing can be found and nothing is changed; afterwards it is encrypted to the same recipient."""
    unlock = Unlock(X25519PrivateKey.generate().private_bytes_raw())
    policy, namer = Policy(Pseudonym(KEY)), Namer()
    info = CaptureInfo(
        "a" * 16, FORMAT_VERSION, 1000.0, policy.key_id, policy.digest, (), "0.1.0", "", 0.0, unlock.recipient
    )
    path = tmp_path / "c.db"
    writer = CaptureWriter.create(path, info)
    for number, one in enumerate(traffic(80), 1):
        redacted = policy.redact(one)
        named = namer.name(redacted.exchange)
        writer.add(number, named.session_id, named.actor, redacted.exchange, redacted.fields)
    writer.close()
    occurrence = Occurrence([STAND_IN])
    erasure = Erasure(lambda stored: occurrence.is_in(stored.exchange, stored.actor), occurrence.is_named)
    before = path.read_bytes()
    with pytest.raises(FileFormatError, match="is encrypted"):
        erase(path, erasure)
    assert path.read_bytes() == before
    assert erase(path, erasure, unlock).exchanges == 2
    assert list(verify(path, unlock)) == []
    with CaptureReader.open(path, unlock) as reader:
        assert reader.info().recipient == unlock.recipient
        assert not any(occurrence.is_in(stored.exchange) for stored in reader.stored())
        assert reader.contents().exchanges == 78


@pytest.mark.parametrize("killed_at", ["_fold", "_copy", "_overwrite", "_refresh"])
def test_killed_at_any_step_the_same_call_finishes_the_work(
    tmp_path: Path, killed_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is as it was or as it shall be, and nothing of a half-made one stays."""

    class Killed(BaseException):
        """As a SIGKILL: no handler of ours expects it."""

    path = rotated(tmp_path / "c.db", traffic())
    calls = iter(range(99))
    own = getattr(erasing, killed_at)

    def dies(*words: object) -> object:
        if next(calls) == (1 if killed_at in ("_copy", "_overwrite") else 0):
            raise Killed
        return own(*words)

    with monkeypatch.context() as patch:
        patch.setattr(erasing, killed_at, dies)
        occurrence = Occurrence([STAND_IN])
        erasure = Erasure(lambda stored: occurrence.is_in(stored.exchange, stored.actor), occurrence.is_named)
        with pytest.raises(Killed):
            erase(path, erasure)
    run(path, "--stand-in", STAND_IN, "--quiet")
    assert STAND_IN.encode() not in everything(tmp_path)
    assert list(verify(manifest_path(path))) == []
    assert len(numbers(manifest_path(path))) == 390
    assert not [one.name for one in tmp_path.iterdir() if "erasing" in one.name]


def test_a_full_disk_leaves_the_capture_as_it_was(tmp_path: Path) -> None:
    """In one sentence, with nothing half-made beside it."""
    path = write_capture(tmp_path / "c.db", traffic())
    before = path.read_bytes()
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) * 8 // 10}, {len(before) * 8 // 10}));"
        "from replay.cli import main; main(sys.argv[1:])"
    )
    words = [sys.executable, "-c", code, "redact", "erase", str(path), "--stand-in", STAND_IN, "--quiet"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert "is as it was" in done.stderr
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["c.db"]
