"""The redactors in the order in which they work; `framing` last, for it measures what the others wrote."""

from __future__ import annotations

from replay.redact.contract import Redactor
from replay.redact.cookies import Cookies
from replay.redact.credentials import Credentials
from replay.redact.form_body import FormBody
from replay.redact.framing import Framing
from replay.redact.header_fields import HeaderFields
from replay.redact.json_body import JsonBody
from replay.redact.locations import Locations
from replay.redact.origin_facts import OriginFacts
from replay.redact.other_body import OtherBody
from replay.redact.refused_passwords import RefusedPasswords
from replay.redact.request_line import RequestLine
from replay.redact.socket_messages import SocketMessages
from replay.redact.text_body import TextBody
from replay.redact.trailers import Trailers

BUILTIN: tuple[Redactor, ...] = (
    RequestLine(),
    Credentials(),
    Cookies(),
    Locations(),
    HeaderFields(),
    JsonBody(),
    FormBody(),
    TextBody(),
    OtherBody(),
    Trailers(),
    SocketMessages(),
    RefusedPasswords(),
    OriginFacts(),
    Framing(),
)
