"""GraphQL sent as `application/graphql`; inside JSON, forms and queries it is opened like other text in text."""

from __future__ import annotations

from dataclasses import dataclass

from replay.model.exchange import Exchange
from replay.redact.body_formats import Format
from replay.redact.body_rewriting import as_text, with_rewritten
from replay.redact.contract import Notes
from replay.redact.graphql_text import rewritten_graphql
from replay.redact.pseudonyms import Pseudonym


@dataclass(frozen=True, slots=True)
class GraphqlBody:
    """The document stays valid; what is no operation is dropped."""

    name: str = "graphql-body"

    def redact(self, exchange: Exchange, pseudonym: Pseudonym, notes: Notes) -> Exchange:
        return with_rewritten(exchange, pseudonym, notes, Format.GRAPHQL, as_text(rewritten_graphql))
