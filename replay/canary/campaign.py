"""A whole canary run: plant, record once for each ending, search everything, and check the detector itself first."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from replay.canary import in_process
from replay.canary.artefacts import Found, Watch, look_at_descriptors, read_trace, search, snapshots
from replay.canary.case import Case, Loss, Planted, plant
from replay.canary.detector import Detector, Hit
from replay.canary.driver import Driver, Sent
from replay.canary.endings import Ending, NotPossibleError, Scene
from replay.canary.matrix import EndingReport
from replay.canary.planted import Secret, SecretKind
from replay.canary.records import losses, missing_records
from replay.canary.tree import Place, Tree
from replay.canary.upstream import PlannedUpstream
from replay.canary.variants import SHORTEST, Needle, body_needles, needles
from replay.canary.wire_forms import answer_bytes, request_bytes

OWN_KEY = "key"  # stands for a case in the reports: the redaction key itself

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is planted with one seed, and the detector for it."""

    seed: int
    key: bytes
    planted: tuple[Planted, ...]
    detector: Detector

    @classmethod
    def of(cls, cases: Sequence[Case], seed: int) -> Campaign:
        key = hashlib.sha256(f"canary {seed}".encode()).digest()
        planted = tuple(plant(case, seed, key) for case in cases)
        secrets = [secret for one in planted for secret in one.secrets]
        short = [secret for secret in secrets if len(secret.text) < SHORTEST]
        return cls(seed, key, planted, Detector(_wanted(planted, key), short))

    @property
    def secrets(self) -> int:
        return sum(len(one.secrets) for one in self.planted)

    def blind(self) -> list[str]:
        """Cases whose secrets are not seen in their own raw traffic: the search would prove nothing."""
        return [one.case.id for one in self.planted if not self.sees(one, raw_bytes(one))]

    def sees(self, one: Planted, data: bytes) -> bool:
        plants_key = any(secret.kind is SecretKind.KEY for secret in one.secrets)
        owners = {one.case.id, OWN_KEY} if plants_key else {one.case.id}
        return any(hit.secret.case in owners for hit in self.detector.search("", data))


def raw_bytes(one: Planted) -> bytes:
    """All that a recorder without redaction might keep of a case."""
    plan = one.plan
    wire = [request_bytes(plan), answer_bytes(plan), *(message.data for message in plan.messages)]
    rebuilt = in_process.written(in_process.exchange(one))
    return b"\n".join([*wire, plan.body, plan.answer, plan.close_reason.encode(), plan.tls_name.encode(), rebuilt])


def perform(
    campaign: Campaign,
    ending: Ending,
    folder: Path,
    wall: Callable[[], float],
    *,
    with_trace: bool,
    words: Sequence[str] = (),
) -> EndingReport:
    """One recording with this ending, in `folder`. Raises RecordError when the recorder does not start."""
    place = Place(folder / "seen")
    place.make()
    trace = folder / "trace.txt" if with_trace else None
    shared = set(_shared_memory())
    with closing(PlannedUpstream()) as upstream:
        tree = Tree(place, upstream.url, campaign.key, (*ending.words, *words), trace, ending.file_kb)
        try:
            tree.wait_until_ready()
            watch = Watch("descriptors in /proc")
            extras: list[Hit] = []

            def look() -> None:
                for name, data in _seen_from_outside(tree, watch):
                    extras.extend(campaign.detector.search(name, data))

            scene = Scene(tree, Driver(tree.port, upstream, wall), campaign.planted, look)
            sent = ending.act(scene)
        except NotPossibleError as reason:
            return EndingReport(ending.name, not_run=str(reason))
        finally:
            tree.kill()
    if trace:
        watch = read_trace(trace)
    strangers = [] if trace else sorted(set(_shared_memory()) - shared)  # a trace tells which are the recorder's
    found = search(place.folder, watch, campaign.detector, folder, strangers)
    return _report(ending, sent, found, extras, watch, place)


def _report(
    ending: Ending, sent: list[Sent], found: Found, extras: list[Hit], watch: Watch, place: Place
) -> EndingReport:
    missing: list[tuple[str, str]] = []
    if ending.is_whole:
        missing = missing_records(place.capture, sent)
    return EndingReport(
        name=ending.name,
        sent=len(sent),
        losses=losses(place.capture) if place.capture.exists() and ending.is_whole else {},
        hits=[*extras, *found.hits],
        missing=missing,
        changed=[(one.planted.case.id, one.problem) for one in sent if one.problem] if ending.is_whole else [],
        files=found.files,
        vanished=found.vanished,
        watched_by=watch.how,
        left_out=sum(one.planted.case.may_lose is not Loss.NOTHING for one in sent),
    )


@contextmanager
def fresh_folder(keep: Path | None, name: str) -> Iterator[Path]:
    """Kept when asked for, else gone at the end."""
    if keep is not None:
        folder = keep / name
        folder.mkdir(mode=0o700)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="rc-"))  # short: a socket's path has 100 characters
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _seen_from_outside(tree: Tree, watch: Watch) -> Iterator[tuple[str, bytes]]:
    roles = dict.fromkeys(tree.all_pids(), "")
    for role in ("writer", "worker"):
        roles.update(dict.fromkeys(tree.pids(role), role))
    yield from snapshots(roles)
    yield from look_at_descriptors(watch, roles)


def _shared_memory() -> list[Path]:
    with suppress(OSError):
        return [path for path in Path("/dev/shm").iterdir() if path.is_file()]  # noqa: S108 - looked at, never written
    return []


def _wanted(planted: Sequence[Planted], key: bytes) -> Iterator[Needle]:
    yield from needles(Secret(OWN_KEY, SecretKind.KEY, key.hex()))
    for one in planted:
        for secret in one.secrets:
            if secret.kind is not SecretKind.KEY:
                yield from needles(secret)
        if one.secrets:
            for body in filter(None, (one.plan.body, one.plan.answer)):
                yield from body_needles(one.secrets[0], body)
