"""The choice between keeping and leaving an exchange, made on the raw one: redaction costs far more than this.

Rule: of raw values only keyed hashes are remembered. The same grouping works before and after redaction, because
redaction keeps equal values equal; under sampling the session told here is the session.
"""

from __future__ import annotations

from replay.model.exchange import Exchange
from replay.record.facts import FactReader
from replay.record.grouping import Grouper, Placed
from replay.record.identify import Sources
from replay.record.sampling import Sampler
from replay.record.subdomains import Site


class Selection:
    """Takes raw exchanges in the order in which they ended."""

    def __init__(self, secret: bytes, sources: Sources, gap_seconds: float) -> None:
        self._sampler = Sampler(secret)
        self._reader = FactReader(sources)
        self._grouper = Grouper(gap_seconds=gap_seconds, disguise=self._sampler.disguise)

    def place(self, exchange: Exchange, site: Site) -> Placed:
        return self._grouper.place(exchange, self._reader.read(exchange, site))

    def keeps(self, placed: Placed, share: float) -> bool:
        """True when the session is among the `share` that its route keeps."""
        return self._sampler.draw(placed.group.anchor) < share
