"""Builds the stage of each group of sessions: what was learned from it, and the means that all groups share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from replay.compose.live_values import live_key, live_redaction
from replay.compose.redacted_places import text_classes
from replay.correlate.bindings import Bindings
from replay.correlate.closure import Scenarios
from replay.correlate.crossing import Crossing
from replay.correlate.fresh import FreshPlan
from replay.correlate.learn import learn_with_fresh
from replay.engine.hiding import AsItIs
from replay.engine.stage import Recording, Stage
from replay.model.capture import RedactedField
from replay.model.session import Session
from replay.record.settings import RecordSettings
from replay.redact.live import LiveRedaction

MakeStage = Callable[[Recording, Bindings, Scenarios, FreshPlan], Stage]


@dataclass(slots=True)
class Stages:
    """`make` puts the shared means to what was learned. `redaction` None: live values are stored as they are."""

    make: MakeStage
    redacted: Sequence[RedactedField]
    redaction: RecordSettings | None
    hosts: tuple[str, ...]
    has_cases: bool
    secrets: Callable[[], Iterable[str]] = tuple  # exact ones, of identities
    crossing: Crossing | None = None  # None: there is one group, and it is the whole capture
    _withheld: Counter[tuple[str, str]] = field(default_factory=Counter)
    _key: bytes = field(default_factory=live_key, repr=False)  # one for all groups: equal values have equal stand-ins
    _live: LiveRedaction | None = None  # of the latest stage; those before it are forgotten with their sessions

    @property
    def withheld(self) -> dict[tuple[str, str], int]:
        """Answers that are stored without their content, by endpoint and reason, of all groups so far."""
        return dict(self._withheld + Counter(self._live.withheld if self._live else {}))

    def empty(self) -> Stage:
        """A stage without sessions: what many groups share."""
        return self.make(Recording.of(()), Bindings(), Scenarios((), Bindings()), FreshPlan())

    def of(self, sessions: Sequence[Session], unit: str) -> Stage:
        """It knows which of its exchanges need what only another group was given."""
        bindings, fresh = learn_with_fresh(sessions, text_classes(self.redacted))
        scenarios = Scenarios(sessions if self.has_cases else (), bindings)
        stage = self.make(Recording.of(sessions), bindings, scenarios, fresh)
        stage.unit = unit
        if self.crossing is not None:
            stage.crossing = self.crossing.of(unit, sessions, stage.bindings)
        stage.hiding = self._hiding(sessions, bindings) or AsItIs()
        return stage

    def each(self, groups: Iterable[tuple[str, Sequence[Session]]]) -> Iterator[Stage]:
        """One after another."""
        return (self.of(sessions, unit) for unit, sessions in groups)

    def _hiding(self, sessions: Sequence[Session], bindings: Bindings) -> LiveRedaction | None:
        if self.redaction is None:
            return None
        if self._live is not None:
            self._withheld.update(self._live.withheld)
        self._live = live_redaction(self.redaction, sessions, bindings, self.hosts, self._key)
        self._live.told = self.secrets
        return self._live
