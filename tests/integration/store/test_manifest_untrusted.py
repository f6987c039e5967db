"""A manifest from a stranger: it names plain files of its own folder, or it is refused with one sentence."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from make import exchange
from replay.model.capture import CaptureInfo
from replay.model.errors import FileFormatError
from replay.model.exchange import RedactedExchange
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.segments import Rotation, open_segments

Document = dict[str, Any]


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return recorded(tmp_path / "own", "cap1")


def recorded(folder: Path, name: str) -> Path:
    folder.mkdir()
    info = CaptureInfo(name, 2, 1.0, "key-1", "rules-1", (), "0.1.0")
    writer = open_segments(folder / "c.db", info, append=False, rotation=Rotation(rotate_bytes=1))
    for number in (1, 2, 3):
        writer.add(number, "s1", None, RedactedExchange(exchange(f"e{number}", "GET", "/x", at=float(number))), ())
        writer.commit()
    writer.close()
    return folder / "c.manifest.json"


def first(name: str, value: Any) -> Callable[[Document], None]:
    return lambda found: found["segments"][0].__setitem__(name, value)


def expired(name: str, value: Any) -> Callable[[Document], None]:
    return lambda found: found["expired"].__setitem__(name, value)


FORGED: list[tuple[str, Callable[[Document], None]]] = [
    ("a file elsewhere", first("file", "../elsewhere.db")),
    ("an absolute path", first("file", "/etc/passwd")),
    ("a Windows path", first("file", "..\\elsewhere.db")),
    ("no name", first("file", "")),
    ("its folder", first("file", ".")),
    ("a name with a NUL", first("file", "c\0.db")),
    ("itself", first("file", "c.manifest.json")),
    ("another manifest", first("file", "other.manifest.json")),
    ("the active file", first("file", "c.db")),
    ("a file twice", first("file", "c-0002.db")),
    ("a name that is a number", first("file", 7)),
    ("an active file elsewhere", lambda found: found.__setitem__("active", "../c.db")),
    ("an active file that is this", lambda found: found.__setitem__("active", "c.manifest.json")),
    ("a negative number", first("segment", -1)),
    ("a number twice", first("segment", 2)),
    ("a number out of order", first("segment", 3)),
    ("a number in words", first("segment", "one")),
    ("a truth as a number", first("segment", True)),
    ("an endless number", first("bytes", 10**30)),
    ("a negative count", first("exchanges", -1)),
    ("a time that never comes", first("first", float("inf"))),
    ("a digest of a megabyte", first("digest", "a" * 1_000_000)),
    ("a loss of an unknown kind", first("losses", [["stolen", "x", 1]])),
    ("losses that are none", first("losses", 7)),
    ("deleted less than nothing", expired("through", -1)),
    ("another format", lambda found: found.__setitem__("format", 2)),
    ("no segments", lambda found: found.__delitem__("segments")),
    ("segments by name", lambda found: found.__setitem__("segments", {"a": 1})),
    ("a list", lambda found: found.__setitem__("expired", [])),
]


@pytest.mark.parametrize("forge", [pytest.param(row[1], id=row[0]) for row in FORGED])
def test_a_forged_manifest_is_one_sentence(manifest: Path, forge: Callable[[Document], None]) -> None:
    """Nothing that it names is opened."""
    shutil.copy(manifest.with_name("c-0001.db"), manifest.parents[1] / "elsewhere.db")
    found = json.loads(manifest.read_text())
    forge(found)
    manifest.write_text(json.dumps(found))
    with pytest.raises(FileFormatError, match="damaged: it is no manifest") as caught:
        CaptureReader.open(manifest)
    assert str(caught.value).isprintable()
    assert len(list(verify(manifest))) == 1


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b" " * (17 << 20), b'{"format": 1}'],
    ids=["empty", "cut", "list", "null", "number", "no text", "nested", "endless", "bare"],
)
def test_what_is_no_manifest_is_one_sentence(manifest: Path, text: bytes) -> None:
    manifest.write_bytes(text)
    with pytest.raises(FileFormatError, match="damaged: it is no manifest"):
        CaptureReader.open(manifest)


def link(manifest: Path) -> None:
    segment = manifest.with_name("c-0001.db")
    segment.rename(manifest.parents[1] / "elsewhere.db")
    segment.symlink_to(manifest.parents[1] / "elsewhere.db")


def link_of_the_active_file(manifest: Path) -> None:
    active = manifest.with_name("c.db")
    active.rename(manifest.parents[1] / "elsewhere.db")
    active.symlink_to(manifest.parents[1] / "elsewhere.db")


def pipe(manifest: Path) -> None:
    manifest.with_name("c-0002.db").unlink()
    os.mkfifo(manifest.with_name("c-0002.db"))


def swapped(manifest: Path) -> None:
    one, two = manifest.with_name("c-0001.db"), manifest.with_name("c-0002.db")
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


def of_another_capture(manifest: Path) -> None:
    shutil.copy(recorded(manifest.parents[1] / "other", "cap2").with_name("c-0002.db"), manifest.with_name("c-0002.db"))


CHANGED: list[tuple[str, Callable[[Path], object], str]] = [
    ("a link out of the folder", link, "not a regular file"),
    ("a link as the active file", link_of_the_active_file, "not a regular file"),
    ("a pipe would block the reader", pipe, "not a regular file"),
    ("a segment is missing", lambda path: path.with_name("c-0002.db").unlink(), "files that belong to it are missing"),
    ("a segment is no capture", lambda path: path.with_name("c-0002.db").write_text("x" * 200), "no SQLite file"),
    ("segments under each other's names", swapped, "numbers of its segments"),
    ("a segment of another capture", of_another_capture, "different captures"),
    ("the manifest is missing", Path.unlink, "does not exist"),
]


@pytest.mark.parametrize(("change", "words"), [pytest.param(*row[1:], id=row[0]) for row in CHANGED])
def test_files_that_are_not_what_the_manifest_says(
    manifest: Path, change: Callable[[Path], object], words: str
) -> None:
    """One sentence, and no file stays open (warnings are errors)."""
    change(manifest)
    with pytest.raises(FileFormatError, match=words):
        CaptureReader.open(manifest)
    assert list(verify(manifest)) != []


def test_a_folder_may_be_moved_as_a_whole(manifest: Path) -> None:
    """Names in a manifest are relative to it."""
    moved = manifest.parent.rename(manifest.parents[1] / "moved") / manifest.name
    with CaptureReader.open(moved) as reader:
        assert [one.number for one in reader.stored()] == [1, 2, 3]
