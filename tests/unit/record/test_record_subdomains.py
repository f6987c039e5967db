"""Tenants by subdomain: which labels may be tenants, and from when on."""

from __future__ import annotations

import pytest

from replay.record.subdomains import NO_SITE, Subdomains, site_of


@pytest.mark.parametrize(
    ("host", "remark"),
    [
        ("example.com", "a registered domain"),
        ("localhost:8080", "one label"),
        ("10.0.0.5:80", "an address"),
        ("[2001:db8::1]:443", "another"),
        ("acme.co.uk", "registered below a country's registry"),
        ("www.example.com", "the site itself"),
        ("api.example.com", "a product"),
        ("eu-west-1.example.com", "a region"),
        ("", "nothing"),
        ("a..example.com", "an empty label"),
        ("a b.app.example.com", "no host name"),
    ],
)
def test_hosts_that_name_no_tenant(host: str, remark: str) -> None:
    assert site_of(host) == NO_SITE, remark


def test_hosts_under_one_parent_are_of_one_site() -> None:
    """Ports, case and the final dot do not count."""
    site = site_of("acme.app.example.com")
    assert site != NO_SITE
    assert site_of("Globex.App.Example.com.:8443") == site
    assert site_of("acme.other.example.com") != site


def test_one_label_alone_is_no_tenant() -> None:
    """A service with one subdomain has a name, not a tenant."""
    seen, site = Subdomains(), site_of("acme.app.example.com")
    assert not seen.note(site, "h1")
    assert not seen.note(site, "h1")
    assert not seen.is_shared(site)
    assert seen.note(site, "h2")
    assert seen.is_shared(site)
    assert not seen.note(site, "h3")  # nothing new
    assert not seen.is_shared(site_of("acme.other.example.com"))
    assert not seen.is_shared(NO_SITE)
