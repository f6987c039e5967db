"""Secrets that are looked for a second time: those of the configuration, and those that a login brought."""

from types import SimpleNamespace

from replay.compose.live_values import secret_texts
from replay.identity.secrets import LiveSecrets, Secret


def test_a_fetched_token_gets_the_second_look_as_soon_as_it_is_known():
    """Bounded, since each of them costs time at every answer."""
    book = LiveSecrets([Secret(f"configured-{n}", "identity a: password") for n in range(70)])
    texts = secret_texts(SimpleNamespace(secrets=book))
    assert len(texts()) == 64
    for n in range(70):
        book.add(Secret(f"fetched-{n:03d}", "identity a: token"))
    assert len(texts()) == 128
    assert {"configured-0", "fetched-000"} <= set(texts())


def test_without_identities_nothing_is_looked_for():
    """No wardrobe, no secrets."""
    assert secret_texts(None)() == ()
