"""TLS towards the target: whom to trust, which certificate to show, which name to ask for."""

from __future__ import annotations

import ssl
from pathlib import Path

from replay.model.errors import UsageError
from replay.wire.options import WireOptions
from replay.wire.target import Target


def tls_context(target: Target, options: WireOptions) -> ssl.SSLContext | None:
    """None for a target without TLS. Raises UsageError for files that are not what they should be."""
    if target.scheme != "https":
        _refuse_idle(options)
        return None
    context = _trusting(options.ca)
    context.set_alpn_protocols(["http/1.1"])
    if options.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if options.client_cert is not None:
        _show(context, options.client_cert, options.client_key)
    return context


def _refuse_idle(options: WireOptions) -> None:
    """An option that protects nothing must not look as if it did."""
    for name, value in (
        ("--ca", options.ca),
        ("--client-cert", options.client_cert),
        ("--sni", options.sni),
        ("--insecure", options.insecure),
    ):
        if value:
            raise UsageError(f"{name} is about TLS, and the target is http: name an https target, or leave it out.")


def _trusting(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError):
        raise UsageError(f"--ca {ca} cannot be read as certificates: name a PEM file of authorities.") from None


def _show(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    def never() -> str:
        raise UsageError(f"--client-cert {certificate}: the key is encrypted. Give one that is not, in a private file.")

    try:
        context.load_cert_chain(certificate, key, password=never)
    except FileNotFoundError:
        missing = key if key is not None and certificate.is_file() else certificate
        raise UsageError(f"--client-cert: there is no file {missing}.") from None
    except (OSError, ssl.SSLError):
        raise UsageError(
            f"--client-cert {certificate} is no certificate with its key: name a PEM file, or FILE:KEY."
        ) from None
