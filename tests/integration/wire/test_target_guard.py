"""The target guard: the one named host, never the origin, and nothing that does not answer."""

import asyncio

import pytest

from replay.model.errors import TargetError, UsageError
from replay.model.origin import origin_mark
from replay.wire.target import (
    Target,
    refuse_origin,
    refuse_public,
    refuse_unlisted,
    require_reachable,
    resolve_target,
)


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1/path", "http://u:p@127.0.0.1"]
)
def test_a_bad_url_is_one_sentence_without_the_url_in_it(url):
    with pytest.raises(UsageError, match="--target takes"):
        resolve_target(url)


@pytest.mark.parametrize(
    ("recorded", "target", "is_refused"),
    [
        (("127.0.0.1", 8080), "http://127.0.0.1:8080", True),
        (("localhost", 8080), "http://127.0.0.1:8080", True),
        (("127.0.0.1", 8080), "http://localhost:8080", True),
        (("127.0.0.1", 8080), "http://127.0.0.1:8081", False),
        (("10.0.0.1", 8080), "http://127.0.0.1:8080", False),
        (("127.0.0.1", 8080), "http://0.0.0.0:8080", True),
        (("127.0.0.1", 8080), "http://[::ffff:127.0.0.1]:8080", True),
        (("LOCALHOST.", 8080), "http://127.0.0.1:8080", True),
    ],
)
def test_the_origin_is_refused_by_name_and_by_address(recorded, target, is_refused):
    origins = (origin_mark(*recorded, "capture-1"),)
    if not is_refused:
        refuse_origin(resolve_target(target), origins, "capture-1")
        return
    with pytest.raises(TargetError, match="is where this capture was recorded"):
        refuse_origin(resolve_target(target), origins, "capture-1")


async def test_a_silent_target_is_refused_before_anything_is_sent():
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await require_reachable(resolve_target(f"http://127.0.0.1:{port}"))
    await asyncio.sleep(0.05)  # let the accepted side close its socket
    server.close()
    await server.wait_closed()
    with pytest.raises(TargetError, match="Nothing answers"):
        await require_reachable(resolve_target(f"http://127.0.0.1:{port}"))


def test_an_alias_of_the_origin_is_refused_by_its_address_and_by_its_real_name():
    """DNS: `shop.qa.test` is a CNAME of `shop.test`, which has two addresses; the recorder saw one of the three."""
    alias = Target("http", "shop.qa.test", 80, "192.0.2.1", ("192.0.2.2", "shop.test"))
    for recorded in ("192.0.2.1", "192.0.2.2", "shop.test", "shop.qa.test"):
        with pytest.raises(TargetError, match="is where this capture was recorded"):
            refuse_origin(alias, (origin_mark(recorded, 80, "capture-1"),), "capture-1")
    refuse_origin(alias, (origin_mark("192.0.2.3", 80, "capture-1"),), "capture-1")


def test_a_name_brings_all_its_addresses(monkeypatch):
    """Whatever DNS answers is known to the guard; the first address is the one that is used."""
    found = [(2, 1, 6, "Real.Shop.Test.", ("10.1.2.3", 80)), (2, 1, 6, "", ("10.1.2.4", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: found)
    target = resolve_target("http://alias.test")
    assert target.address == "10.1.2.3"
    assert target.aliases == ("10.1.2.4", "real.shop.test")


@pytest.mark.parametrize(
    ("address", "is_public", "remark"),
    [
        ("127.0.0.1", False, "loopback"),
        ("::1", False, "loopback"),
        ("10.1.2.3", False, "RFC 1918"),
        ("172.16.0.1", False, "RFC 1918"),
        ("192.168.1.1", False, "RFC 1918"),
        ("100.64.0.1", False, "RFC 6598, shared by a carrier"),
        ("169.254.1.1", False, "RFC 3927"),
        ("fd00::1", False, "RFC 4193"),
        ("fe80::1%eth0", False, "RFC 4291, with a zone"),
        ("192.0.2.1", False, "RFC 5737, documentation"),
        ("::ffff:10.0.0.1", False, "IPv4 written as IPv6"),
        ("8.8.8.8", True, ""),
        ("::ffff:8.8.8.8", True, "IPv4 written as IPv6"),
        ("2606:4700::1111", True, ""),
    ],
)
def test_a_public_address_needs_somebody_to_say_so(address, is_public, remark):
    target = Target("https", "qa.test", 443, address)
    if not is_public:
        refuse_public(target)
        return
    with pytest.raises(TargetError, match="--allow-public-target"):
        refuse_public(target)


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("qa.test", True),
        ("QA.test.", True),
        ("qa.test:8443", True),
        ("https://qa.test:8443", True),
        ("https://qa.test:8443/", True),
        ("10.0.0.5", True),
        ("10.0.0.5:8443", True),
        ("qa.test:443", False),
        ("https://qa.test", False),
        ("http://qa.test:8443", False),
        ("test", False),
        ("a.qa.test", False),
        ("qa.test.evil.test", False),
        ("", False),
    ],
)
def test_the_list_of_targets_means_hosts_not_endings(allowed, expected):
    target = Target("https", "qa.test", 8443, "10.0.0.5")
    refuse_unlisted(target, ())
    if expected:
        refuse_unlisted(target, ("other.test", allowed))
        return
    with pytest.raises(TargetError, match="not among"):
        refuse_unlisted(target, ("other.test", allowed))


def test_an_ipv6_target_can_be_listed():
    target = Target("http", "fd00::5", 8080, "fd00::5")
    for allowed in ("[fd00::5]:8080", "[fd00::5]", "http://[fd00::5]:8080"):
        refuse_unlisted(target, (allowed,))
    with pytest.raises(TargetError):
        refuse_unlisted(target, ("[fd00::5]:80",))
