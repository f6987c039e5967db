"""A dictionary for packing, trained once from the first exchanges of a capture: names and habits of one API."""

from __future__ import annotations

from typing import Final

import zstandard

_LEAST_EXCHANGES = 200
_LEAST_BYTES = 128 << 10
_MOST_SAMPLE_BYTES: Final = 8 << 10  # of one cell: what repeats stands at its beginning
_MOST_BYTES = 3 << 20  # of all samples; training takes about 0.1 s for each 2 MB
_DICTIONARY_BYTES = 64 << 10  # beyond this, gains are below one percent (measured)
_SHARE = 8  # a dictionary is at most this part of its samples, else it learns them by heart


class DictionaryTrainer:
    """Collects samples (redacted bytes only), says when they suffice, and trains."""

    def __init__(self) -> None:
        self._samples: list[bytes | bytearray | memoryview] = []
        self._bytes = 0
        self._exchanges = 0

    def offer(self, data: bytes) -> None:
        """One cell that was stored for the first time."""
        if data and self._bytes < _MOST_BYTES:
            sample = data[:_MOST_SAMPLE_BYTES]
            self._samples.append(sample)
            self._bytes += len(sample)

    def count_exchange(self) -> None:
        self._exchanges += 1

    @property
    def is_ready(self) -> bool:
        return self._exchanges >= _LEAST_EXCHANGES and self._bytes >= _LEAST_BYTES

    def train(self) -> bytes | None:
        """The dictionary, or None when the samples have nothing in common. Forgets the samples."""
        samples, self._samples = self._samples, []
        size = min(_DICTIONARY_BYTES, self._bytes // _SHARE)
        self._bytes = self._exchanges = 0
        try:
            trained: bytes = zstandard.train_dictionary(size, samples).as_bytes()
        except zstandard.ZstdError:
            return None
        return trained
