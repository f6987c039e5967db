"""Packed cells: everything comes back, and nothing is believed that a frame claims."""

from __future__ import annotations

import pytest
import zstandard

from replay.store.dictionary import DictionaryTrainer
from replay.store.packing import MOST_BYTES, PLAIN, RAW, DamagedPackingError, Packer, Unpacker
from replay.store.recent import Recent


def no_dictionary(number: int) -> bytes:
    raise LookupError(number)


def trained() -> bytes:
    trainer = DictionaryTrainer()
    for n in range(400):
        trainer.offer(b'{"id": %d, "name": "an ordinary name", "state": "open", "tags": ["a", "b", "c"]}' % n * 5)
        trainer.count_exchange()
    assert trainer.is_ready
    dictionary = trainer.train()
    assert dictionary
    return dictionary


@pytest.mark.parametrize(
    ("data", "packing"),
    [
        pytest.param(b"", RAW, id="nothing"),
        pytest.param(b"ab", RAW, id="too short to gain"),
        pytest.param(bytes(range(256)), RAW, id="cannot be packed"),
        pytest.param(b"x" * 1000, PLAIN, id="packs well"),
        pytest.param(bytes(MOST_BYTES), PLAIN, id="the longest"),
    ],
)
def test_what_is_packed_comes_back(data: bytes, packing: int) -> None:
    """And is never longer than it was."""
    found, packed = Packer().pack(data)
    assert found == packing
    assert len(packed) <= len(data)
    assert Unpacker(no_dictionary).unpack(found, packed, len(data)) == data


def test_a_dictionary_makes_short_cells_shorter() -> None:
    """Its number stands beside the frame; another dictionary does not give the data back."""
    dictionary, packer = trained(), Packer()
    data = b'{"id": 4711, "name": "an ordinary name", "state": "open", "tags": ["a", "b", "c"]}'
    plain = packer.pack(data)
    packer.use(7, dictionary)
    packing, packed = packer.pack(data)
    assert packing == 7
    assert len(packed) < len(plain[1]) / 2
    assert Unpacker({7: dictionary}.__getitem__).unpack(7, packed) == data
    assert Unpacker({7: dictionary}.__getitem__).unpack(*plain) == data
    with pytest.raises(DamagedPackingError):
        Unpacker({7: dictionary}.__getitem__).unpack(PLAIN, packed, len(data))


@pytest.mark.parametrize("size", [-1, 99, 101, MOST_BYTES + 1])
def test_a_cell_of_another_size_than_stated_is_refused(size: int) -> None:
    """-1 states nothing."""
    packing, packed = Packer().pack(b"x" * 100)
    if size == -1:
        assert Unpacker(no_dictionary).unpack(packing, packed, size) == b"x" * 100
        return
    with pytest.raises(DamagedPackingError):
        Unpacker(no_dictionary).unpack(packing, packed, size)


def test_too_much_is_refused_on_both_sides() -> None:
    """Before memory is taken."""
    with pytest.raises(ValueError, match="too long"):
        Packer().pack(bytes(MOST_BYTES + 1))
    bomb = zstandard.ZstdCompressor().compress(bytes(MOST_BYTES + 1))
    with pytest.raises(DamagedPackingError):
        Unpacker(no_dictionary).unpack(PLAIN, bomb)


def test_samples_are_bounded_and_forgotten() -> None:
    """Training never holds more than a few megabytes, and noise gives no dictionary worth keeping."""
    trainer = DictionaryTrainer()
    for _ in range(1000):
        trainer.offer(b"y" * 100_000)
    assert trainer._bytes < 4 << 20
    assert not trainer.is_ready, "exchanges were not counted"
    trainer.train()
    assert trainer._samples == []


def test_the_least_recently_used_goes_first() -> None:
    """By count and by weight."""
    recent: Recent[str] = Recent(2, most_bytes=10)
    recent.put("a", 1, 4)
    recent.put("b", 2, 4)
    assert recent.get("a") == 1
    recent.put("c", 3, 2)
    assert (recent.get("a"), recent.get("b"), recent.get("c")) == (1, None, 3)
    recent.put("d", 4, 9)
    assert (recent.get("a"), recent.get("c"), recent.get("d")) == (None, None, 4)
