"""The redactors in the order in which they work; `framing` last, for it measures what the others wrote."""

from __future__ import annotations

from replay.redact.contract import Redactor
from replay.redact.cookies import Cookies
from replay.redact.credentials import Credentials
from replay.redact.event_body import EventBody
from replay.redact.form_body import FormBody
from replay.redact.framing import Framing
from replay.redact.graphql_body import GraphqlBody
from replay.redact.header_fields import HeaderFields
from replay.redact.html_body import HtmlBody
from replay.redact.json_body import JsonBody
from replay.redact.json_lines_body import JsonLinesBody
from replay.redact.locations import Locations
from replay.redact.multipart_body import MultipartBody
from replay.redact.origin_facts import OriginFacts
from replay.redact.other_body import OtherBody
from replay.redact.refused_passwords import RefusedPasswords
from replay.redact.request_line import RequestLine
from replay.redact.script_body import ScriptBody
from replay.redact.socket_messages import SocketMessages
from replay.redact.table_body import TableBody
from replay.redact.text_body import TextBody
from replay.redact.trailers import Trailers
from replay.redact.xml_body import XmlBody

BUILTIN: tuple[Redactor, ...] = (
    RequestLine(),
    Credentials(),
    Cookies(),
    Locations(),
    HeaderFields(),
    JsonBody(),
    JsonLinesBody(),
    FormBody(),
    MultipartBody(),
    GraphqlBody(),
    EventBody(),
    XmlBody(),
    HtmlBody(),
    TableBody(),
    ScriptBody(),
    TextBody(),
    OtherBody(),
    Trailers(),
    SocketMessages(),
    RefusedPasswords(),
    OriginFacts(),
    Framing(),
)

BODIES: tuple[Redactor, ...] = BUILTIN[5:17]
"""Those of bodies: each format has one, and the last is for all that nobody reads."""

JSON_BODIES: tuple[Redactor, ...] = (BODIES[0], BODIES[-1])
"""Those that a JSON body passes."""

FIELDS: Redactor = BUILTIN[4]
"""The one of header fields that no other redactor knows."""
