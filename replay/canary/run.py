"""The canary as one call: the detector's own check, one recording for each ending, the nesting fuzz, the matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from replay.canary.campaign import Campaign, Tell, fresh_folder, perform
from replay.canary.case import Case
from replay.canary.cases_live import LIVE_CASES
from replay.canary.endings import ENDINGS, Ending
from replay.canary.fuzzing import fuzz
from replay.canary.live import NAME as LIVE
from replay.canary.live import LiveCanary
from replay.canary.matrix import EndingReport, FuzzReport, Matrix
from replay.canary.nesting import nested_cases
from replay.canary.tree import can_trace
from replay.engine.clock import Clock
from replay.model.errors import UsageError
from replay.redact.lexicon import Level, Lexicon
from replay.redact.policy import Policy
from replay.redact.pseudonyms import Pseudonym

THROUGH_PROXY = 150  # flows of the fuzz that go through a real recorder as well


@dataclass(frozen=True, slots=True)
class CanaryPlan:
    """The fuzz goes on for so many flows and so many seconds; both 0: none. `keep`: a folder for artefacts."""

    cases: tuple[Case, ...]
    endings: tuple[Ending, ...]
    seed: int = 0
    level: Level = Level.STRICT
    fuzz_flows: int = 0
    fuzz_seconds: float = 0.0
    keep: Path | None = None
    is_traced: bool = True
    is_live: bool = False  # the replay side as well: a run against a QA that answers secrets


def run_canary(plan: CanaryPlan, clock: Clock, tell: Tell) -> Matrix:
    """Raises ReplayError when a recorder does not start, or the folder to keep cannot be written."""
    campaign = Campaign.of(plan.cases, plan.seed)
    tell(f"{len(plan.cases)} cases, {campaign.secrets} secrets, seed {plan.seed}")
    blind = campaign.blind()
    if blind:
        tell(f"the detector does not see {len(blind)} cases in raw traffic: {', '.join(blind)}")
    _prepare(plan.keep)
    recorder = _Recorder(plan, clock, tell, plan.is_traced and can_trace())
    reports = [recorder.record(campaign, ending) for ending in plan.endings]
    if plan.is_live:
        reports.append(_live(plan, tell))
    fuzzed = _fuzzed(plan, clock, recorder, tell) if plan.fuzz_flows or plan.fuzz_seconds else None
    cases = (*plan.cases, *(one.case for one in LIVE_CASES)) if plan.is_live else plan.cases
    return Matrix(plan.seed, cases, campaign.secrets, blind, reports, fuzzed)


@dataclass(frozen=True, slots=True)
class _Recorder:
    plan: CanaryPlan
    clock: Clock
    tell: Tell
    with_trace: bool

    def record(self, campaign: Campaign, ending: Ending, name: str = "") -> EndingReport:
        self.tell(f"{name or ending.name}: recording")
        with fresh_folder(self.plan.keep, name or ending.name) as folder:
            words = _words(self.plan.level, folder)
            report = perform(campaign, ending, folder, self.clock.wall, with_trace=self.with_trace, words=words)
        self.tell(f"{name or ending.name}: {_verdict(report)}")
        return report


def _live(plan: CanaryPlan, tell: Tell) -> EndingReport:
    tell(f"{LIVE}: a run against a QA that answers secrets")
    with fresh_folder(plan.keep, LIVE) as folder:
        report = LiveCanary(plan.cases, plan.seed).perform(folder)
    tell(f"{LIVE}: {_verdict(report)}")
    return report


def _fuzzed(plan: CanaryPlan, clock: Clock, recorder: _Recorder, tell: Tell) -> FuzzReport:
    policy = Policy(Pseudonym(Campaign.of((), plan.seed).key), lexicon=Lexicon(plan.level))
    deadline = clock.now() + plan.fuzz_seconds
    report = FuzzReport()
    for report in fuzz(plan.seed, policy, lambda flows: flows < plan.fuzz_flows or clock.now() < deadline):
        if report.flows % 5000 == 0:
            tell(f"fuzz: {report.flows} exchanges, {len(report.leaks)} leaks")
    tell(f"fuzz: {report.flows} exchanges, {len(report.leaks)} leaks (seed {plan.seed})")
    through = Campaign.of(tuple(nested_cases(plan.seed, 0, min(THROUGH_PROXY, report.flows))), plan.seed)
    proxied = recorder.record(through, ENDINGS[0], "fuzz")
    known = {flow for flow, _ in report.leaks}
    positions = {one.case.id: one.case.position for one in through.planted}
    leaks = {hit.secret.case: hit for hit in proxied.hits if hit.secret.case not in known}
    more = [(case, f"{positions.get(case, case)} ({hit.secret.kind})") for case, hit in leaks.items()]
    more += [(case, f"{what} is missing") for case, what in proxied.missing]
    return replace(report, through_proxy=len(through.planted), leaks=[*report.leaks, *more])


def _verdict(report: EndingReport) -> str:
    if report.not_run:
        return f"not run: {report.not_run}"
    if report.is_clean:
        return f"clean ({report.sent} sent, {len(report.files)} files searched)"
    counts = (
        (len({hit.secret.case for hit in report.hits}), "cases leak"),
        (len(report.missing), "records lack something"),
        (len(report.changed), "came through changed"),
        (len(report.vanished), "files are gone unsearched"),
    )
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def _words(level: Level, folder: Path) -> Sequence[str]:
    if level is Level.STRICT:
        return ()
    path = folder / "replay.toml"
    path.write_text(f'[redact]\nlevel = "{level}"\n')
    return ("--config", str(path))


def _prepare(keep: Path | None) -> None:
    if keep is None:
        return
    try:
        keep.mkdir(parents=True, exist_ok=True, mode=0o700)
        has_files = any(keep.iterdir())
    except OSError as error:
        raise UsageError(f"{keep} cannot be used for artefacts: {error.strerror}.") from None
    if has_files:
        raise UsageError(f"{keep} is not empty: name a fresh folder with --keep-artifacts.")
