"""Places and writings by which an attack got a value through once: each is closed, and what is plain there stays."""

from __future__ import annotations

import pytest

from replay.model.message import body_tree
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym
from unit.redact.canary_cases import exchange

POLICY = Policy(Pseudonym(bytes(range(32))))


def answered(name: str, value: str) -> str:
    response = POLICY.redact(exchange(answer={"ok": True}, answer_headers={name: value})).exchange.response
    assert response is not None
    return response.headers.get(name)


def sent(document: object) -> object:
    return body_tree(POLICY.redact(exchange(body=document)).exchange.request.body)


def page(html: str) -> str:
    response = POLICY.redact(exchange(answer=html, answer_type="text/html")).exchange.response
    assert response is not None
    return response.body.data.decode()


@pytest.mark.parametrize("rel", ["halvorsen", "katarzyna next", "733 574 049", "app-halvorsen", "HALVORSEN"])
def test_a_relation_of_a_link_stays_only_when_it_is_registered(rel: str):
    """Any other word may be a name, or a number in pieces."""
    fresh = answered("Link", f'</items?page=2>; rel="{rel}"')
    assert not any(word in fresh.lower() for word in ("halvorsen", "katarzyna", "733", "574", "049"))
    assert answered("Link", '</items?page=2>; rel="next last"') == '</items?page=2>; rel="next last"'


@pytest.mark.parametrize("scheme", ["app-halvorsen", "halvorsen", "x733574049"])
def test_the_scheme_of_a_url_stays_only_when_everybody_has_it(scheme: str):
    """In header fields, documents and pages."""
    url = f"{scheme}://open/items"
    for fresh in (answered("Location", url), str(sent({"url": url})), page(f'<a href="{url}">x</a>')):
        assert "halvorsen" not in fresh
        assert "733574049" not in fresh
    assert answered("Location", "https://a.test/items").startswith("https://h")


def test_numbers_that_spell_an_address_are_an_address():
    """Lists of measurements stay; a typed array is one text whatever it spells, or else bytes that say nothing."""
    mail, name = "ingrid@north.test", "Ingrid Halvorsen"
    rates = [72, 75, 80, 71, 69, 90, 100, 65]
    typed = {str(i): byte for i, byte in enumerate(name.encode())}
    fresh = sent({"list": list(mail.encode()), "rates": rates, "typed": typed, "few": {"0": 72, "1": 75}})
    assert isinstance(fresh, dict)
    assert fresh["rates"] == rates
    assert fresh["few"] == {"0": 72, "1": 75}
    assert (
        bytes(fresh["list"]).decode()
        == POLICY.redact(exchange(body={"m": mail})).exchange.request.body.data[6:-2].decode()
    )
    written = bytes(fresh["typed"].values()).decode()
    assert (len(written), written != name, written.count(" ")) == (len(name), True, 1)
    rows = sent({"rows": [{"codes": list(f"p{i}@north.test".encode())} for i in range(5)]})
    assert "north" not in "".join(bytes(row["codes"]).decode() for row in rows["rows"])


def test_a_number_in_pieces_is_no_version():
    """Of programs and of media types."""
    agent = POLICY.redact(exchange(headers={"User-Agent": "curl/733.574.049 x"})).exchange.request.headers.get(
        "user-agent"
    )
    assert agent == "curl/733"
    usual = POLICY.redact(exchange(headers={"User-Agent": "curl/7.88.1"})).exchange.request.headers.get("user-agent")
    assert usual == "curl/7.88.1"
    for kind in ("application/733-574-049", "text/x-733.574.049", "application/10.0.3.17+json"):
        fresh = POLICY.redact(exchange(body="x", content_type=kind)).exchange.request.body.content_type
        assert not any(char.isdigit() for char in fresh)
    assert (
        POLICY.redact(exchange(body=b"{}", content_type="application/vnd.api.v2+json")).exchange.request.body.data
        == b"{}"
    )


def test_a_number_in_pieces_is_no_list_of_names():
    """In attributes that hold names."""
    assert "574" not in page("<input name='733 574 049'><label for='733.574.049'>x</label>")
    assert "name='a1'" in page("<input name='a1'>").replace('"', "'")
