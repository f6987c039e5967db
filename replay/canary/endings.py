"""How a recording ends: as it should, and in every way in which it should not.

Rule: an ending that this machine does not allow is told as not run, with the reason; it never counts as clean.
"""

from __future__ import annotations

import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from replay.canary.case import Planted
from replay.canary.driver import Driver, Sent
from replay.canary.tree import Tree
from replay.canary.wire_forms import request_bytes
from replay.model.errors import UsageError

_COMMIT_SECONDS = 1.5  # the writer commits twice a second
_PAGE_BYTES = 4096


class NotPossibleError(Exception):
    """This machine does not let us do that; the text says why."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A running tree, the client, and what to send. `look`: at the processes, while they are there."""

    tree: Tree
    driver: Driver
    planted: tuple[Planted, ...]
    look: Callable[[], None]

    def send_all(self) -> list[Sent]:
        sent = [self.driver.send(one) for one in self.planted]
        self.look()
        return sent

    def send_halves(self, between: Callable[[], None]) -> list[Sent]:
        middle = len(self.planted) // 2
        first = [self.driver.send(one) for one in self.planted[:middle]]
        self.look()
        between()
        return first + [self.driver.send(one) for one in self.planted[middle:]]

    def one(self, role: str) -> int:
        pids = self.tree.pids(role)
        if not pids:
            raise NotPossibleError("the system does not tell which process is which")
        return pids[0]

    def replace(self, role: str, number: int) -> None:
        """End the process of this role in a bad way, and wait for its successor."""
        old = self.one(role)
        self.tree.signal(number, old)
        self.tree.wait_for(lambda: any(pid != old for pid in self.tree.pids(role)))
        self.tree.wait_for(self._is_open, 20.0)

    def _is_open(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.tree.port), 0.5):
            return True
        return False


@dataclass(frozen=True, slots=True)
class Ending:
    """`act` sends the traffic and ends the tree. `is_whole`: afterwards each case must have its record."""

    name: str
    act: Callable[[Scene], list[Sent]]
    words: tuple[str, ...] = ()
    is_whole: bool = False
    file_kb: int = 0


def _normal(scene: Scene) -> list[Sent]:
    sent = scene.send_all()
    scene.tree.end()
    return sent


def _kill_supervisor(scene: Scene) -> list[Sent]:
    sent = scene.send_all()
    left = scene.tree.all_pids()
    scene.tree.signal(signal.SIGKILL, scene.tree.supervisor)
    scene.tree.wait_for_end(left)
    return sent


def _kill_all(scene: Scene) -> list[Sent]:
    """Some of it is committed and in the journal, some is on its way."""
    sent = scene.send_halves(lambda: _wait(scene, _COMMIT_SECONDS))
    scene.tree.kill()
    return sent


def _kill_worker(scene: Scene) -> list[Sent]:
    return _ended(scene, scene.send_halves(lambda: scene.replace("worker", signal.SIGKILL)))


def _kill_writer(scene: Scene) -> list[Sent]:
    return _ended(scene, scene.send_halves(lambda: scene.replace("writer", signal.SIGKILL)))


def _crash(scene: Scene) -> list[Sent]:
    """A fault of memory in each kind of process: a core file would hold raw traffic."""

    def crash() -> None:
        scene.replace("worker", signal.SIGSEGV)
        scene.replace("writer", signal.SIGSEGV)

    sent = scene.send_halves(crash)
    left = scene.tree.all_pids()
    scene.tree.signal(signal.SIGSEGV, scene.tree.supervisor)
    scene.tree.wait_for_end(left)
    return sent


def _refuse_writes(scene: Scene) -> list[Sent]:
    """From the middle on each write beyond a file's first page fails, as on a disk that is read-only after an error."""

    def forbid() -> None:
        try:
            resource.prlimit(scene.one("writer"), resource.RLIMIT_FSIZE, (_PAGE_BYTES, resource.RLIM_INFINITY))
        except (OSError, ValueError):
            raise NotPossibleError("another process's limits may not be set by this user") from None

    sent = scene.send_halves(forbid)
    _wait(scene, _COMMIT_SECONDS)
    return _ended(scene, sent)


def _full_disk(scene: Scene) -> list[Sent]:
    sent = scene.send_halves(lambda: _wait(scene, _COMMIT_SECONDS))
    _wait(scene, _COMMIT_SECONDS)
    return _ended(scene, sent)


def _full_queue(scene: Scene) -> list[Sent]:
    """The writer stands still while more comes than the queue may hold."""
    writer = scene.one("writer")
    scene.tree.signal(signal.SIGSTOP, writer)
    big = [one for one in scene.planted if len(one.plan.body) + len(one.plan.answer) > 100_000] or list(
        scene.planted[:1]
    )
    sent = scene.send_all() + [scene.driver.send(one) for one in big * 8]
    scene.tree.signal(signal.SIGCONT, writer)
    return _ended(scene, sent)


def _cut_body(scene: Scene) -> list[Sent]:
    """The worker dies while a request's body is half through."""
    bodies = [one for one in scene.planted if len(one.plan.body) > 40]
    sent = [scene.driver.send(one) for one in scene.planted[:10]]
    halves = [request_bytes(one.plan) for one in bodies[:20]]
    held = [scene.driver.begin(data[:-5]) for data in halves]
    _wait(scene, 0.3)
    scene.replace("worker", signal.SIGKILL)
    for connection in held:
        connection.close()
    return _ended(scene, sent)


def _ended(scene: Scene, sent: list[Sent]) -> list[Sent]:
    scene.tree.end()
    return sent


def _wait(scene: Scene, seconds: float) -> None:
    scene.tree.wait_for(lambda: False, seconds)


ENDINGS = (
    Ending("normal", _normal, is_whole=True),
    Ending("kill-supervisor", _kill_supervisor),
    Ending("kill-all", _kill_all),
    Ending("kill-worker", _kill_worker),
    Ending("kill-writer", _kill_writer),
    Ending("crash", _crash),
    Ending("full-disk", _full_disk, file_kb=256),
    Ending("refused-writes", _refuse_writes),
    Ending("full-queue", _full_queue, words=("--queue-mb=1",)),
    Ending("cut-body", _cut_body),
)


def chosen_endings(names: tuple[str, ...]) -> tuple[Ending, ...]:
    """Those named, in our order; all without any name. Raises UsageError."""
    unknown = sorted(set(names) - {ending.name for ending in ENDINGS})
    if unknown:
        raise UsageError(f"--endings knows no such ending; valid: {', '.join(ending.name for ending in ENDINGS)}")
    return tuple(ending for ending in ENDINGS if not names or ending.name in names)
