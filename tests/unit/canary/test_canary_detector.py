"""The canary's search: each writing of a secret is found, alone and inside of others, and nothing else is."""

from __future__ import annotations

import gzip
import hashlib
import random
import string
import zlib
from base64 import b32encode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest
import zstandard

from replay.canary.detector import Detector
from replay.canary.planted import Secret, SecretKind
from replay.canary.unfolding import Unfolding
from replay.canary.variants import needles

EMAIL = Secret("C1", SecretKind.EMAIL, "talimo.begiduwa@nomirape.com")
NAME = Secret("C2", SecretKind.FOREIGN_NAME, "Talåöé Éöåmorina")
CARD = Secret("C3", SecretKind.CARD, "4539148803436467")
CODE = Secret("C4", SecretKind.SIX, "728164")
KEY = Secret("C5", SecretKind.KEY, hashlib.sha256(b"k").hexdigest())
ALL = (EMAIL, NAME, CARD, CODE, KEY)
DETECTOR = Detector((needle for one in ALL for needle in needles(one)), [CODE])

WRITINGS: dict[str, Callable[[str], bytes]] = {
    "raw": str.encode,
    "upper case": lambda text: text.upper().encode(),
    "inside of words": lambda text: f"xx{text}yy".encode(),
    "percent": lambda text: quote(text, safe="").encode(),
    "percent, three times": lambda text: quote(quote(quote(text, safe=""), safe=""), safe="").encode(),
    "percent of every byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "JSON escapes": lambda text: "".join(f"\\u{ord(char):04X}" for char in text).encode(),
    "JSON escapes of escapes": lambda text: "".join(f"\\\\u{ord(char):04x}" for char in text).encode(),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text).encode(),
    "hex": lambda text: text.encode().hex().upper().encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16, the other way": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: b64encode(text.encode()),
    "base64, one on": lambda text: b64encode(b"x" + text.encode()),
    "base64, two on": lambda text: b64encode(b"xy" + text.encode()),
    "base64url": lambda text: urlsafe_b64encode(b"\xfb\xff" + text.encode()),
    "base64 of base64": lambda text: b64encode(b64encode(text.encode())),
    "base64 of gzip": lambda text: b64encode(gzip.compress(text.encode())),
    "gzip in the middle": lambda text: b"head" + gzip.compress(text.encode()) + b"tail",
    "zlib": lambda text: zlib.compress(text.encode()),
    "zstd": lambda text: b"page" + zstandard.ZstdCompressor().compress(text.encode()),
    "second member": lambda text: gzip.compress(b"first") + gzip.compress(text.encode()),
    "hex in base64 in percent": lambda text: quote(b64encode(text.encode().hex().encode()).decode(), safe="").encode(),
}


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("secret", [EMAIL, NAME, CARD], ids=lambda one: one.kind.value)
def test_a_writing_is_found(name: str, secret: Secret) -> None:
    """Wherever it stands, whatever surrounds it."""
    data = b'{"a": "' + WRITINGS[name](secret.text) + b'", "b": 12}'
    assert secret in {hit.secret for hit in DETECTOR.search("x", data)}


MORE = {
    "latin-1": (NAME, NAME.text.encode("latin-1")),
    "other blanks": (NAME, NAME.text.replace(" ", "_").encode()),
    "reversed": (EMAIL, EMAIL.text[::-1].encode()),
    "first eight and stars": (EMAIL, EMAIL.text[:8].encode() + b"*****"),
    "last eight": (CARD, b"**** " + CARD.text[-8:].encode()),
    "groups of four": (CARD, b"4539 1488 0343 6467"),
    "md5": (EMAIL, hashlib.md5(EMAIL.text.encode()).hexdigest().encode()),
    "sha256 in base64": (EMAIL, b64encode(hashlib.sha256(EMAIL.text.encode()).digest())),
    "sha1 of the digits": (CARD, hashlib.sha1(CARD.text.encode()).hexdigest().upper().encode()),
    "raw key": (KEY, bytes.fromhex(KEY.text)),
    "key in base64": (KEY, b64encode(bytes.fromhex(KEY.text))),
    "short number alone": (CODE, b'"otp": 728164}'),
}


@pytest.mark.parametrize("name", MORE)
def test_traces_of_a_secret_are_found(name: str) -> None:
    """Masks, hashes without a key, the key of redaction itself."""
    secret, data = MORE[name]
    assert secret in {hit.secret for hit in DETECTOR.search("x", b"<" + data + b">")}


def test_a_trained_dictionary_opens_its_frames() -> None:
    """As cells of a capture are packed; without the dictionary nothing could be seen in them."""
    samples = [f'{{"id": {number}, "mail": "{EMAIL.text}"}}'.encode() for number in range(2000)]
    trained = zstandard.train_dictionary(4096, samples)
    packed = zstandard.ZstdCompressor(dict_data=trained, write_dict_id=False).compress(EMAIL.text.encode())
    assert DETECTOR.search("x", packed) == []
    assert EMAIL in {hit.secret for hit in DETECTOR.search("x", packed, Unfolding([trained.as_bytes()]))}


def test_other_text_is_not_taken_for_a_secret() -> None:
    """Half a megabyte of text, numbers, hex and base64 without any secret in it: no hit at all."""
    chance = random.Random(3)
    words = "".join(chance.choices(string.ascii_letters + string.digits + " ./-", k=300_000)).encode()
    data = words + b64encode(chance.randbytes(60_000)) + chance.randbytes(60_000) + b32encode(chance.randbytes(20_000))
    assert DETECTOR.search("x", data, is_cell=False) == []
    assert DETECTOR.search("x", b"1728164 a728164 72816 0.728164") == []


def test_a_hit_tells_no_value() -> None:
    """What is reported is read by people who may not see it."""
    (hit, *_) = DETECTOR.search("x", EMAIL.text.encode())
    assert EMAIL.text not in repr(hit)
    assert "e-mail" in repr(hit)


@pytest.mark.parametrize(
    "text", ["453914******6467 4539148803", "last:48803436467", "99 88034364", "x4539148803436467"]
)
def test_what_is_left_of_a_masked_number_is_found(text: str) -> None:
    """One end of it is the end of a number."""
    assert CARD in {hit.secret for hit in DETECTOR.search("", text.encode())}


def test_eight_digits_in_the_midst_of_a_hexadecimal_number_are_chance() -> None:
    """A stand-in in hexadecimal digits once held eight of another case's card; see `detector._place`."""
    number = b'{"v":"523839656758694172488034369343536436c617332386e43"}'
    assert CARD.text[5:13].encode() in number
    assert DETECTOR.search("", number) == []
    assert DETECTOR.search("", number.replace(b"48803436", b"4539148803436467")), "all of it is no chance"
