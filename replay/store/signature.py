"""A detached signature of a capture: which bytes it had, with which key and rules it was recorded, and who says so.

    capture.db, capture.manifest.json  ->  capture.sig, see `signed_text`

The statement names every file with its size and BLAKE2b-256, key id, policy digest, counts, and where the audit log
stood. Files that are added, changed or taken away show, and so do lines taken out of the log.

"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from replay import __version__
from replay.model.errors import FileFormatError
from replay.store import audit_log, cells
from replay.store.capture_reader import CaptureReader
from replay.store.manifest import SUFFIX
from replay.store.segment_digest import digest_of
from replay.store.segment_files import open_parts
from replay.store.signed_text import MOST_BYTES, opened, signed_text, signer_of

SIGNATURE_SUFFIX = ".sig"
SIGNATURE_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Signed:
    """What a valid signature says. `at`: seconds, UTC; `signer`: an Ed25519 public key, hex."""

    signer: str
    at: float
    files: int
    exchanges: int


def signature_path(capture: Path) -> Path:
    """Of a capture, or of the manifest of a rotated one."""
    stem = capture.name.removesuffix(SUFFIX) if capture.name.endswith(SUFFIX) else capture.stem
    return capture.with_name(stem + SIGNATURE_SUFFIX)


def sign_capture(capture: Path, key: Ed25519PrivateKey, at: float) -> Path:
    """Write the signature beside the capture, in place of an earlier one; noted in the audit log. `at`: seconds, UTC.

    Raises FileFormatError, also for a capture that is being recorded.
    """
    files = _files(capture)
    for path in files:
        if path.with_name(path.name + "-wal").exists():
            raise FileFormatError(f"{path} is being recorded, or was cut off: stop the recorder before it is signed")
    signer = signer_of(key)
    audit_log.append(capture, "sign", at=at, signer=signer, files=len(files))
    out = signature_path(capture)
    _write(out, signed_text(_statement(capture, files, at), key))
    return out


def check_signature(capture: Path, signer: str = "") -> tuple[Signed | None, tuple[str, ...]]:
    """What is signed, and a sentence for everything that is not as it was. `signer`: the key that must have signed.

    Nothing is raised for what is in the files.
    """
    path = signature_path(capture)
    try:
        statement = _verified(path, signer)
        signed = Signed(
            cells.text(statement["signer"], 64),
            cells.seconds(statement["signed"]),
            len(statement["files"]),
            cells.whole(statement["exchanges"]),
        )
        return signed, tuple(_changes(capture, path, statement))
    except FileFormatError as error:
        return None, (str(error),)
    except (ValueError, TypeError, LookupError, AttributeError):
        return None, (f"{path} is damaged: it is no signature that replay writes",)


def require_signature(capture: Path, signer: str) -> Signed:
    """Raises FileFormatError with the first thing that is wrong."""
    signed, problems = check_signature(capture, signer)
    if signed is None or problems:
        raise FileFormatError(f"{capture} is not replayed: {problems[0]}")
    return signed


def _statement(capture: Path, files: list[Path], at: float) -> dict[str, Any]:
    with CaptureReader.open(capture) as reader:
        info, contents, expires = reader.info(), reader.contents(), reader.expires()
    chain = audit_log.chain_state(capture)
    return {
        "format": SIGNATURE_FORMAT,
        "capture": info.id,
        "files": [{"file": one.name, "bytes": one.stat().st_size, "digest": digest_of(one)} for one in files],
        "key_id": info.key_id,
        "policy_digest": info.policy_digest,
        "recipient": info.recipient,
        "exchanges": contents.exchanges,
        "sessions": contents.sessions,
        "expires": expires if info.lifetime else None,
        "audit": {"lines": chain.lines, "digest": chain.digest},
        "tool_version": __version__,
        "signed": at,
    }


def _verified(path: Path, signer: str) -> dict[str, Any]:
    statement = opened(_read(path), str(path), signer)
    if statement["format"] != SIGNATURE_FORMAT:
        raise FileFormatError(f"{path} has a format that this replay does not know: use a newer one")
    return statement


def _changes(capture: Path, path: Path, statement: dict[str, Any]) -> Iterator[str]:
    stated = {cells.text(one["file"], 255): one for one in statement["files"]}
    try:
        files = {one.name: one for one in _files(capture)}
    except FileFormatError as error:
        yield str(error)
        files = {}
    if len(stated) == len(files) == 1:  # a single file may have another name now
        stated = dict(zip(files, stated.values(), strict=True))
    for name in sorted(stated.keys() - files.keys()):
        yield f"{path}: {name} was there when it was signed, and is no part of the capture now"
    for name in sorted(files.keys() - stated.keys()):
        yield f"{files[name]}: it was added after the capture was signed"
    for name in sorted(files.keys() & stated.keys()):
        if not _is_as_stated(files[name], stated[name]):
            yield f"{files[name]}: it was changed after the capture was signed"
    try:
        found = audit_log.chain_state_at(capture, statement["audit"]["lines"])
    except OSError:
        found = audit_log.ChainState()
    if (found.lines, found.digest) != (statement["audit"]["lines"], statement["audit"]["digest"]):
        log = audit_log.audit_path(capture)
        yield f"{log}: lines that were there when the capture was signed are missing or changed"


def _is_as_stated(file: Path, stated: dict[str, Any]) -> bool:
    try:
        has_rest = file.with_name(file.name + "-wal").exists()
        return not has_rest and file.stat().st_size == stated["bytes"] and digest_of(file) == stated["digest"]
    except OSError:
        return False


def _files(capture: Path) -> list[Path]:
    """All files of a capture. Raises FileFormatError."""
    with ExitStack() as stack:
        parts = [part.path for part in open_parts(capture, stack).files]
    return [capture, *parts] if capture.name.endswith(SUFFIX) else parts


def _read(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as file:
            return file.read(MOST_BYTES)
    except FileNotFoundError:
        raise FileFormatError(f"{path} does not exist: the capture is not signed") from None
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from None


def _write(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + ".new")
    try:
        new.unlink(missing_ok=True)
        handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        new.replace(path)
    except OSError as error:
        raise FileFormatError(f"{path} cannot be written: {os.strerror(error.errno or 0)}") from None
