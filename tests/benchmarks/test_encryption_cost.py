"""What encryption to a recipient costs the writer and the disk: the same exchanges, plain and sealed, in one run."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from benchmarks.shop_traffic import sessions
from replay.model.capture import CaptureInfo
from replay.model.exchange import RedactedExchange
from replay.store.capture_reader import CaptureReader
from replay.store.capture_writer import CaptureWriter
from replay.store.sealing import Opener, Sealer, Unlock

COUNT, ROUNDS, BATCH = 2000, 3, 256
UNLOCK = Unlock(X25519PrivateKey.generate().private_bytes_raw())


def record(path: Path, recipient: str) -> float:
    """CPU microseconds for each exchange: add, commit, close, without redaction."""
    rows = [(session, RedactedExchange(one)) for session, one in sessions(COUNT // 10, 10, unique=True)]
    writer = CaptureWriter.create(path, CaptureInfo("c", 3, 1.0, "k", "p", (), "0", recipient=recipient))
    started = time.process_time()
    for number, (session, one) in enumerate(rows, 1):
        writer.add(number, session, None, one, ())
        if number % BATCH == 0:
            writer.commit()
    writer.close()
    return (time.process_time() - started) / len(rows) * 1e6


def test_writing_sealed_and_plain(tmp_path: Path) -> None:
    """Medians of interleaved rounds, and what a file weighs more; all of it is read back."""
    plain, sealed = [], []
    for number in range(ROUNDS):
        plain.append(record(tmp_path / f"plain-{number}.db", ""))
        sealed.append(record(tmp_path / f"sealed-{number}.db", UNLOCK.recipient))
    one, other = statistics.median(plain), statistics.median(sealed)
    sizes = [(tmp_path / f"{name}-0.db").stat().st_size / COUNT for name in ("plain", "sealed")]
    print(f"\nwriter: plain {one:.0f} us, sealed {other:.0f} us CPU an exchange: ratio {other / one:.2f}")
    print(f"file: plain {sizes[0]:.0f} B, sealed {sizes[1]:.0f} B an exchange: ratio {sizes[1] / sizes[0]:.2f}")
    with CaptureReader.open(tmp_path / "sealed-0.db", UNLOCK) as reader:
        assert sum(1 for _ in reader.stored()) == COUNT


def test_one_cell(tmp_path: Path) -> None:
    """Seal, open and keyed digest of cells of several sizes."""
    sealer = Sealer("c", UNLOCK.recipient, 1)
    opener = Opener("c", {1: sealer.row}, UNLOCK)
    for size in (200, 1_000, 10_000, 100_000):
        data = os.urandom(size)
        cells = [sealer.seal(data, "body", b"1") for _ in range(200)]
        began = time.perf_counter()
        cells = [sealer.seal(data, "body", b"1") for _ in range(200)]
        sealed = time.perf_counter()
        opened = [opener.open(cell, "body", b"1") for cell in cells]
        done = time.perf_counter()
        print(f"\n{size} B: seal {(sealed - began) * 5000:.1f} us, open {(done - sealed) * 5000:.1f} us", end="")
        assert opened == [data] * 200
