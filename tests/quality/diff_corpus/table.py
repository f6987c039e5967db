"""The whole table: what a comparison finds in the labelled corpus, and what it cries about. Minutes.

python tests/quality/diff_corpus/table.py [--misses FILE] [--rivals]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from quality.diff_corpus.diff_methods import BESIDE, OURS, RIVALS, Method
from quality.diff_corpus.diff_scoring import Tally
from quality.diff_corpus.grouping import grouping
from quality.diff_corpus.regressions import KINDS
from quality.diff_corpus.sessions import Session, broken_session, clean_session, shared_session


def broken(sessions: int, requests: int = 60, *, is_hard: bool = False, first: int = 101) -> Iterable[Session]:
    return (broken_session(first + turn, turn, requests, is_hard=is_hard) for turn in range(sessions))


def tally(method: Method, sessions: Iterable[Session]) -> Tally:
    total = Tally()
    for session in sessions:
        total.add(method, session)
    return total


def line(name: str, total: Tally) -> str:
    counts = f"{sum(total.found.values())}/{sum(total.injected.values())} found, {total.wrong} false"
    return f"{name:44} P {total.precision:.3f}  R {total.recall:.3f}  F1 {total.f1:.3f}   {counts}"


def per_kind(totals: Sequence[Tally]) -> str:
    out = []
    for kind in KINDS:
        cells = [f"{one.found[kind.name]:3}/{one.injected[kind.name]:<3}" for one in totals]
        out.append(f"{'noisy ' if kind.is_noisy else '':6}{kind.name:34}" + "  ".join(cells))
    return "\n".join(out)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sessions", type=int, default=16)
    parser.add_argument("--clean", type=int, default=8, help="clean sessions of each sort")
    parser.add_argument("--misses", type=Path)
    parser.add_argument("--rivals", action="store_true")
    options = parser.parse_args(arguments)
    clean = range(201, 201 + options.clean)
    sets = {
        "60 requests an endpoint": list(broken(options.sessions)),
        "hard": list(broken(options.sessions, is_hard=True, first=301)),
        "5 requests an endpoint": list(broken(options.sessions, 5, first=501)),
        "clean": [clean_session(seed) for seed in clean],
        "clean, hard": [clean_session(seed, is_hard=True) for seed in clean],
        "clean, 5 requests": [clean_session(seed, 5) for seed in clean],
    }
    shared = [shared_session(701 + i) for i in range(min(3, options.sessions))]
    totals: dict[str, Tally] = {}
    for name, sessions in sets.items():
        totals[name] = tally(OURS, sessions)
        print(line(f"ours, {name}", totals[name]), flush=True)
    print(per_kind([totals[name] for name in list(totals)[:3]]))
    if options.misses:
        told = [text for name, one in totals.items() for text in _told(name, one)]
        options.misses.write_text("\n".join(told) + "\n")
    for session in shared:
        made = grouping(session)
        print(f"grouping, seed {session.seed}: {made.raw} differences, {made.groups} causes:", end=" ")
        print(f"{made.factor:.0f} to one, homogeneity {made.homogeneity:.3f}", flush=True)
    for method in (BESIDE, *RIVALS) if options.rivals else ():
        for name, sessions in sets.items():
            few = sessions[:2] if "deepdiff" in method.name else sessions
            print(line(f"{method.name}, {name}", tally(method, few)), flush=True)


def _told(name: str, total: Tally) -> Iterable[str]:
    yield f"== {name}: {line('', total).strip()}"
    yield from (f"missed       {one}" for one in total.missed)
    yield from (f"false alarm  {one}" for one in total.false_alarms)


if __name__ == "__main__":
    main()
