"""Packed bytes: zstd frames with or without a trained dictionary, and back under bounds.

    -1  as it is (packing would not make it shorter)
     0  a zstd frame (RFC 8878)
     n  a zstd frame made with dictionary n of the same file

Rule: unpacking trusts nothing. The size that a frame claims is compared before one byte of memory is taken for it.
"""

from __future__ import annotations

from collections.abc import Callable

import zstandard

MOST_BYTES = 5 << 20  # of one unpacked cell: a body of 4 MiB, and what stand-ins add to it
MOST_DICTIONARY_BYTES = 1 << 20
MOST_PACKED_BYTES = 6 << 20
MOST_DICTIONARIES = 60  # that one file gets
RAW = -1
PLAIN = 0
_LEVEL = 3  # 1 is no faster and 6 hardly smaller (measured on JSON of 1 to 20 KB)
_LEAST_BYTES = 24  # below this a frame's header costs more than it saves

DictionarySource = Callable[[int], bytes]


class DamagedPackingError(ValueError):
    """A cell that our packer would not have made. Says nothing of its content."""


class Packer:
    """Packs cells, with the newest dictionary once there is one."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._packing = PLAIN

    def use(self, number: int, dictionary: bytes) -> None:
        """From now on pack with this dictionary. Raises zstandard.ZstdError when it is none."""
        data = zstandard.ZstdCompressionDict(dictionary)
        data.precompute_compress(level=_LEVEL)
        # The number of the dictionary stands beside the frame, so the four bytes of its id are saved.
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=data, write_dict_id=False)
        self._packing = number

    def pack(self, data: bytes) -> tuple[int, bytes]:
        """(packing, bytes). Raises ValueError for more than MOST_BYTES."""
        if len(data) > MOST_BYTES:
            raise ValueError("too long for one cell")
        if len(data) < _LEAST_BYTES:
            return RAW, data
        packed = self._compressor.compress(data)
        return (self._packing, packed) if len(packed) < len(data) else (RAW, data)


class Unpacker:
    """Unpacks cells of one file; dictionaries are fetched when a cell needs them."""

    def __init__(self, dictionary: DictionarySource) -> None:
        self._dictionary = dictionary
        self._decompressors = {PLAIN: zstandard.ZstdDecompressor()}

    def unpack(self, packing: int, data: bytes, size_bytes: int = -1) -> bytes:
        """The bytes. With `size_bytes` given they must be as many. Raises DamagedPackingError."""
        if size_bytes > MOST_BYTES or len(data) > MOST_PACKED_BYTES:
            raise DamagedPackingError("a cell is too long")
        unpacked = data if packing == RAW else self._inflate(packing, data, size_bytes)
        if size_bytes >= 0 and len(unpacked) != size_bytes:
            raise DamagedPackingError("a cell has another size than stated")
        return unpacked

    def _inflate(self, packing: int, data: bytes, size_bytes: int) -> bytes:
        try:
            claimed = zstandard.get_frame_parameters(data).content_size
            if not 0 <= claimed <= MOST_BYTES or (size_bytes >= 0 and claimed != size_bytes):
                raise DamagedPackingError("a frame claims an impossible size")
            # One frame and nothing behind it: the rest would be lost in silence.
            return self._decompressor(packing).decompress(data, max_output_size=max(claimed, 1), allow_extra_data=False)
        except zstandard.ZstdError:
            raise DamagedPackingError("a frame is damaged, or made with another dictionary") from None

    def _decompressor(self, packing: int) -> zstandard.ZstdDecompressor:
        found = self._decompressors.get(packing)
        if found is None:
            if len(self._decompressors) > MOST_DICTIONARIES + 1:
                raise DamagedPackingError("more dictionaries than any recorder trains")
            data = self._dictionary(packing)
            if not 0 < len(data) <= MOST_DICTIONARY_BYTES:
                raise DamagedPackingError("a dictionary is missing or too long")
            found = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(data))
            self._decompressors[packing] = found
        return found
