"""Which requests only read: safe methods, and GraphQL documents that hold nothing but queries.

Rule: what is not understood is a write. A safe method stays one only without a header or parameter that asks the
server to take it for another (`X-HTTP-Method-Override`, `_method`), or for another protocol (`Upgrade`): what is said
over a WebSocket may change anything, and so may a conversation (see `replay.model.conversation`).
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from replay.model.codec import UndecodableError, parse_json
from replay.model.conversation import MEDIA_TYPE as CONVERSATION
from replay.model.exchange import Request
from replay.model.tree import Tree

_OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override", "upgrade"})
_GRAPHQL_TYPES = ("application/json", "application/graphql")
_MOST_BYTES = 2**20  # a longer document is not looked at: it is a write

# GraphQL, October 2021, section 2: comments, block strings and strings hold no operation; braces nest.
_TOKEN = re.compile(r'#[^\n\r]*|"""(?:\\"""|[^"]|"(?!""))*"""|"(?:\\.|[^"\\\n\r])*"|[{}()\[\]]|[A-Za-z_]\w*|"')


def is_read(request: Request) -> bool:
    """True when the request asks for no change of state (RFC 9110 section 9.2.1), as far as can be told from it."""
    if any(name.lower() in _OVERRIDES for name, _ in request.headers.fields) or _is_overridden(request.query):
        return False
    if request.body.is_form and _is_overridden(request.body.data.decode("utf-8", "replace")):
        return False  # some frameworks look for the parameter in the form of any request
    if request.body.media_type == CONVERSATION:
        return False
    if request.is_safe:
        return True
    return request.method == "POST" and _is_graphql_read(request)


def may_go_twice(request: Request) -> bool:
    """True when nobody is hurt by a request that reached the target before its connection was seen to be dead."""
    return request.is_safe and is_read(request)


def _is_overridden(query: str) -> bool:
    """Names of a query or a form are read as servers read them: without percent-encoding, case and outer blanks."""
    if "=" not in query:
        return False
    pieces = query.replace(";", "&").split("&")
    return any(unquote_plus(one.partition("=")[0]).strip().lower() == "_method" for one in pieces if "=" in one)


def _is_graphql_read(request: Request) -> bool:
    body = request.body
    media_type = body.content_type.partition(";")[0].strip().lower()
    if body.truncated or media_type not in _GRAPHQL_TYPES or not 0 < len(body.data) <= _MOST_BYTES:
        return False
    if media_type == "application/graphql":
        return is_query_document(body.data.decode("utf-8", "replace"))
    try:
        document = parse_json(body.data)
    except UndecodableError:
        return False
    several: list[Tree] = document if isinstance(document, list) else [document]
    return bool(several) and all(_asks_only(one) for one in several)


def _asks_only(one: Tree) -> bool:
    """A GraphQL-over-HTTP request: an object with `query`, and no other keys than the protocol's."""
    if not isinstance(one, dict) or not set(one) <= {"query", "operationName", "variables", "extensions"}:
        return False
    text = one.get("query")
    return isinstance(text, str) and is_query_document(text)


def is_query_document(text: str) -> bool:
    """True when every operation of the GraphQL document is a query. Odd documents are none."""
    depth, has_query, is_definition_open = 0, False, False
    for match in _TOKEN.finditer(text):
        piece = match[0]
        if piece[0] == "#" or (piece[0] == '"' and len(piece) > 1):
            continue
        if piece == '"':
            return False  # a string without an end
        if piece in "([{":
            if depth == 0 and piece == "{" and not is_definition_open:
                has_query = True  # the short form: a query without a name
            is_definition_open = is_definition_open or piece == "{"
            depth += 1
        elif piece in ")]}":
            depth -= 1
            if depth < 0:
                return False
            if depth == 0 and piece == "}":
                is_definition_open = False
        elif depth == 0 and not is_definition_open:
            if piece not in {"query", "fragment"}:
                return False  # mutation, subscription, or no operation at all
            has_query = has_query or piece == "query"
            is_definition_open = True
    return depth == 0 and has_query
