"""Everything that a recorder may have written: files wherever they lie, what it printed, cores, shared memory, names.

Rule: the list of files comes from watching the processes, not from what we believe in. A file that was opened for
writing and is gone cannot be searched, and is told.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from replay.canary.detector import Detector, Hit
from replay.canary.unfolding import Unfolding
from replay.store.every_cell import dictionaries, every_cell, is_sqlite

_OPENED = re.compile(r'(?:open|openat|creat)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)", ([A-Z_|0-9]+)[^)]*\)\s+= \d+')
_NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_BESIDE_SQLITE = ("-wal", "-shm", "-journal")  # SQLite itself takes them away when the last connection closes
_EXPLAINED = re.compile(
    r"^/dev/shm/replay-confdir-"  # the proxy's own authority: in memory, read once, taken away (record.proxy.authority)
    r"|\.lock$"  # of the store: never written to, only held
    r"|/seen/tmp/[a-z0-9_]{8}$"  # Python's tempfile: four fixed letters, to see whether the folder takes files
)
_NO_FILES = ("/dev/", "/proc/", "/sys/")
_SHARED_MEMORY = "/dev/shm/"  # noqa: S108 - looked at, never written
_MOST_BYTES = 1 << 30


@dataclass(slots=True)
class Watch:
    """What the processes of one tree were seen to open for writing, and how that was seen."""

    how: str
    paths: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # of everything that was made, renamed or opened


def read_trace(trace: Path) -> Watch:
    """From strace's own file."""
    watch = Watch("strace")
    for line in trace.read_text(errors="replace").splitlines():
        opened = _OPENED.search(line)
        if opened and ("O_WRONLY" in opened[2] or "O_RDWR" in opened[2]):
            watch.paths.add(opened[1])
            watch.names.add(opened[1])
        elif "memfd_create" in line or "rename" in line or "link" in line or "mkdir" in line:
            watch.names.update(_NAMED.findall(line))
    return watch


def look_at_descriptors(watch: Watch, pids: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Adds what is open for writing now; yields files that have no name any more, with what is in them (F43)."""
    for pid in pids:
        with suppress(OSError):
            for descriptor in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError, ValueError):
                    target = str(Path(descriptor.path).readlink())
                    flags = int(
                        Path(f"/proc/{pid}/fdinfo/{descriptor.name}").read_text().split("flags:")[1].split()[0], 8
                    )
                    if not S_ISREG(Path(descriptor.path).stat().st_mode) or not flags & (os.O_WRONLY | os.O_RDWR):
                        continue
                    if target.endswith("(deleted)"):
                        yield f"nameless file {target.partition(':')[0]}", Path(descriptor.path).read_bytes()
                    else:
                        watch.paths.add(target)


def snapshots(pids: dict[int, str]) -> Iterator[tuple[str, bytes]]:
    """Environment and arguments of the processes; of the recorder's own only the arguments, for it is given the key."""
    for pid, role in pids.items():
        with suppress(OSError):
            yield f"arguments of the {role or 'recorder'}", Path(f"/proc/{pid}/cmdline").read_bytes()
        if role:
            with suppress(OSError):
                yield f"environment of the {role}", Path(f"/proc/{pid}/environ").read_bytes()


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to. `vanished`: opened for writing, gone, and no file that SQLite takes away by itself."""

    hits: list[Hit]
    files: list[tuple[str, int]]  # name and bytes
    vanished: list[str]


def search(folder: Path, watch: Watch, detector: Detector, scratch: Path, strangers: Iterable[Path] = ()) -> Found:
    """Every file in `folder` and every other one that was written to. `scratch`: for copies of databases."""
    inside = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
    outside = {Path(name) for name in watch.paths if name.startswith("/") and not _is_no_file(name)}
    known = set(inside)
    outside = {path for path in outside if not path.is_relative_to(folder)} | set(strangers)
    hits: list[Hit] = []
    files: list[tuple[str, int]] = []
    for path in [*inside, *sorted(outside)]:
        with suppress(OSError):
            if S_ISREG(path.stat().st_mode) and path.stat().st_size < _MOST_BYTES:
                name = str(path.relative_to(folder)) if path in known else str(path)
                files.append((name, path.stat().st_size))
                hits += _search_file(name, path, detector, scratch)
    names = "\n".join([*watch.names, *(str(path.relative_to(folder)) for path in folder.rglob("*"))])
    hits += detector.search("file names", names.encode())
    return Found(hits, files, sorted(_vanished(watch, folder)))


def _search_file(name: str, path: Path, detector: Detector, scratch: Path) -> list[Hit]:
    data = path.read_bytes()
    if not is_sqlite(path):
        return detector.search(name, data, is_cell=False)
    copy = copied(path, scratch)
    unfolding = Unfolding(dictionaries(copy))
    hits = detector.search(name, data, unfolding, is_cell=False)
    seen: set[bytes] = set()
    for place, cell in every_cell(copy):
        if cell not in seen:
            seen.add(cell)
            hits += detector.search(f"{name}: {place}", cell, unfolding)
    return hits


def copied(path: Path, scratch: Path) -> Path:
    """With what lies beside it: opening would change the files that are evidence."""
    target = scratch / "copy"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for suffix in ("", *_BESIDE_SQLITE):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            shutil.copyfile(beside, target / beside.name)
    return target / path.name


def _is_no_file(name: str) -> bool:
    return name.startswith(_NO_FILES) and not name.startswith(_SHARED_MEMORY)


def _vanished(watch: Watch, folder: Path) -> Iterator[str]:
    for name in watch.paths:
        if _is_no_file(name) or name.endswith(_BESIDE_SQLITE) or _EXPLAINED.search(name):
            continue
        path = Path(name) if name.startswith("/") else folder / "cwd" / name
        if not path.exists():
            yield name
