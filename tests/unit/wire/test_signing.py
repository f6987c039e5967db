"""Tokens are signed whatever was recorded in them; only a key that does not fit is blamed on the key."""

import jwt
import pytest

from replay.model.errors import ConfigError
from replay.wire.identities_signing import signed

KEY = "k" * 40


@pytest.mark.parametrize("issuer", [5, None, ["a"], {"b": 1.5}, "https://idp.test/ü"])
def test_a_recorded_issuer_of_any_kind_is_signed_as_it_is(issuer):
    """RFC 7519 wants a text there; what the recorded service made of it is its own matter."""
    token = signed({"iss": issuer, "sub": "s"}, KEY, "HS256", "kid-1")
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "kid": "kid-1", "typ": "JWT"}
    assert jwt.decode(token, KEY, ["HS256"], {"verify_iss": False}) == {"iss": issuer, "sub": "s"}


def test_a_text_is_signed_as_the_library_does():
    """Byte by byte."""
    claims = {"iss": "https://idp.test", "sub": "ü", "n": [1, 2.5, None, True]}
    assert signed(claims, KEY, "HS256") == jwt.encode(claims, KEY, "HS256")


def test_a_key_that_does_not_fit_is_named():
    with pytest.raises(ConfigError, match="an RSA private key"):
        signed({"sub": "s"}, KEY, "RS256")
