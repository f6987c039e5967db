"""Credentials taken off a request and put onto another one: header fields and a few query parameters."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import unquote

from replay.correlate.credentials import is_credential_header, is_credential_parameter
from replay.model.exchange import Request
from replay.model.headers import Headers


def undressed(request: Request) -> Request:
    """The request with nobody's credentials."""
    fields = tuple(pair for pair in request.headers.fields if not is_credential_header(pair[0].lower()))
    path, mark, query = request.target.partition("?")
    kept = "&".join(piece for piece in query.split("&") if not _is_credential_piece(piece))
    target = request.target if kept == query else path + (mark if kept else "") + kept
    return replace(request, target=target, headers=Headers(fields))


def borrowed(request: Request, bare: Request, lender: Request) -> Request:
    """`bare` (`request` undressed and reworded) with the lender's credentials, where `request` had its own first."""
    own = [is_credential_header(name.lower()) for name, _ in request.headers.fields]
    at = own.index(True) if True in own else len(bare.headers.fields)
    fields = tuple(pair for pair in lender.headers.fields if is_credential_header(pair[0].lower()))
    headers = Headers((*bare.headers.fields[:at], *fields, *bare.headers.fields[at:]))
    pieces = [piece for piece in lender.query.split("&") if _is_credential_piece(piece)]
    if not pieces:
        return replace(bare, headers=headers)
    query = "&".join([piece for piece in bare.query.split("&") if piece] + pieces)
    return replace(bare, target=f"{bare.path}?{query}", headers=headers)


def _is_credential_piece(piece: str) -> bool:
    name = piece.partition("=")[0]
    return bool(name) and is_credential_parameter(unquote(name.replace("+", " ")))
