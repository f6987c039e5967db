"""TLS that cannot be agreed on is said rarely, with a remedy, and without the names that clients choose."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from replay.record.proxy.tls_trouble import TlsTrouble

UNTRUSTED = "Certificate verify failed: self-signed certificate"
UNKNOWN = "The client does not trust the proxy's certificate for pay.example (tlsv1 alert unknown ca)"


def failed(error: str | None) -> Any:
    """What mitmproxy hands to both hooks."""
    return SimpleNamespace(conn=SimpleNamespace(error=error, address=("pay.example", 443), sni="pay.example"))


def test_a_distrusted_service_is_said_with_reason_and_remedy(caplog: pytest.LogCaptureFixture) -> None:
    TlsTrouble().tls_failed_server(failed(UNTRUSTED))
    assert "is not trusted (self-signed certificate): say --set ssl_verify_upstream_trusted_ca=FILE" in caplog.text
    assert "pay.example" not in caplog.text


@pytest.mark.parametrize("error", [None, "", "no protocols for pay.example", "Certificate verify failed: \x1b[2J"])
def test_other_trouble_is_said_without_its_text(caplog: pytest.LogCaptureFixture, error: str | None) -> None:
    TlsTrouble().tls_failed_server(failed(error))
    assert caplog.messages == ["warning: TLS with the service failed; clients get 502; 1 so far"]


def test_a_distrusting_client_is_said_without_the_name_it_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    TlsTrouble().tls_failed_client(failed(UNKNOWN))
    assert "a client does not trust the certificate of this proxy: give it yours with --cert FILE" in caplog.text
    assert "pay.example" not in caplog.text


def test_clients_that_only_leave_are_not_said(caplog: pytest.LogCaptureFixture) -> None:
    """Port scans and health checks of balancers do that all day."""
    TlsTrouble().tls_failed_client(failed("connection closed early"))
    assert caplog.messages == []


def test_only_powers_of_ten_are_said_on_each_side(caplog: pytest.LogCaptureFixture) -> None:
    """A service that is not trusted fails at each request."""
    caplog.set_level(logging.WARNING)
    trouble = TlsTrouble()
    for _ in range(250):
        trouble.tls_failed_server(failed(UNTRUSTED))
    trouble.tls_failed_client(failed(UNKNOWN))
    assert [message.rpartition("; ")[2] for message in caplog.messages] == [
        "1 so far",
        "10 so far",
        "100 so far",
        "1 so far",
    ]
