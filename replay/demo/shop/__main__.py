"""Runs the course shop: `python -m replay.demo.shop --port 0 --db shop.db --faults all`.

Rule: stdout carries exactly one line, `ready URL`; everything else goes to stderr.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import NoReturn

from aiohttp import web

from replay.demo.shop.app import build_app
from replay.demo.shop.database import DatabaseUnavailableError
from replay.demo.shop.faults import ENROL_RACE, UnknownFaultError, choose_faults
from replay.demo.shop.opening import open_database
from replay.demo.shop.state import Shop

_HOST = "127.0.0.1"
_SHUTDOWN_SECONDS = 0.5
_ID_OFFSET_LIMIT = 10**12


class _OneSentenceParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message[:1].upper()}{message[1:].rstrip('.')}.\n")


def _number(name: str, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most):
            raise argparse.ArgumentTypeError(f"{name} must be a number from 0 to {most}, not {text!r}")
        return int(text)

    return read


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = _OneSentenceParser(prog="python -m replay.demo.shop", description="The course shop.", allow_abbrev=False)
    parser.add_argument("--port", type=_number("the port", 65535), default=0, help="0 picks a free one")
    parser.add_argument("--db", required=True, help="path of a SQLite file, or postgresql://…")
    parser.add_argument("--faults", default="none", help="all, none or names with commas between them")
    parser.add_argument("--build", choices=("old", "new"), default="old", help="new adds the new build's faults")
    parser.add_argument(
        "--id-offset", "--seed-offset", dest="id_offset", default=0,
        type=_number("the id offset", _ID_OFFSET_LIMIT), help="the first id given out is one above this",
    )  # fmt: skip
    parser.add_argument("--exit-with-stdin", action="store_true", help="stop when stdin ends")
    options = parser.parse_args(arguments)
    try:
        options.faults = choose_faults(options.faults, options.build)
    except UnknownFaultError as error:
        parser.error(str(error))
    return options


def _watch_stdin(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # os.read and not sys.stdin: a thread inside the buffered reader would trip the interpreter at exit.
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass  # a closed stdin has ended, too
    try:
        loop.call_soon_threadsafe(stop.set)
    except RuntimeError:
        pass  # the loop was closed first


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = await open_database(
        options.db, unique_enrolments=ENROL_RACE not in options.faults, id_offset=options.id_offset
    )
    # A fresh key per run: a token of one environment is worth nothing in another.
    shop = Shop(database=database, faults=options.faults, signing_key=secrets.token_hex(32))
    runner = web.AppRunner(
        build_app(shop),
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        auto_decompress=False,  # compressed bodies are refused, so that a small one can never unfold into a huge one
    )
    try:
        await runner.setup()
        await web.TCPSite(runner, _HOST, options.port).start()
        print(f"ready http://{_HOST}:{runner.addresses[0][1]}", flush=True)
        if options.exit_with_stdin:
            threading.Thread(target=_watch_stdin, args=(loop, stop), daemon=True).start()
        await stop.wait()
    finally:
        await runner.cleanup()
        await database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the shop until it is told to stop; 2 means it could not start."""
    options = _parse(arguments)
    try:
        asyncio.run(_serve(options))
    except DatabaseUnavailableError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"The shop cannot listen on port {options.port}: {error.strerror or error}.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
