"""`--append`: a restarted recorder goes on with its capture, under the same key and rules only."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
from pathlib import Path

from aiohttp import ClientSession

from replay.store.capture_reader import CaptureReader

RECORD = """
import sys
from replay.cli.record import record_command
from replay.model.errors import ReplayError
try:
    record_command(standalone_mode=False)
except ReplayError as error:
    print(f"replay: {error}", file=sys.stderr)
    sys.exit(2)
"""


async def record_one(shop: str, *words: str) -> tuple[int, str]:
    """Record one request with a proxy on a port of its own choosing; its exit status and what it said."""
    command = [sys.executable, "-c", RECORD, "--upstream", shop, "--listen", "127.0.0.1:0", "--append", *words]
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    first = (await process.stderr.readline()).decode()
    if first.startswith("recording "):
        async with ClientSession() as client, client.get(first.split()[1] + "/courses/17") as answer:
            assert answer.status == 200
            await answer.read()
        process.terminate()
    rest = (await process.stderr.read()).decode()
    return await process.wait(), first + rest


async def test_a_second_recording_goes_on(tmp_path: Path, shop: str) -> None:
    (tmp_path / "key").write_bytes(secrets.token_bytes(32))
    (tmp_path / "key").chmod(0o600)
    capture, key = tmp_path / "c.db", f"file:{tmp_path}/key"
    for _ in range(2):
        status, said = await record_one(shop, "--capture", str(capture), "--key", key)
        assert status == 0
        assert "captured 1, dropped none, refused 0" in said
    with CaptureReader.open(capture) as reader:
        exchanges = [one for session in reader.sessions() for one in session.exchanges]
        assert len(reader.sessions()) == 2
    assert [one.id for one in exchanges] == ["e1", "e2"]
    assert exchanges[0].response.body.data == exchanges[1].response.body.data


async def test_a_damaged_capture_is_refused_before_any_traffic(tmp_path: Path, shop: str) -> None:
    """One sentence and status 2; the file is not touched."""
    (tmp_path / "key").write_bytes(secrets.token_bytes(32))
    (tmp_path / "key").chmod(0o600)
    capture, key = tmp_path / "c.db", f"file:{tmp_path}/key"
    assert (await record_one(shop, "--capture", str(capture), "--key", key))[0] == 0
    whole = capture.read_bytes()
    for damaged in (whole[:100] + bytes(4000) + whole[4100:], b"no database at all" * 100, whole[:5000]):
        capture.write_bytes(damaged)
        status, said = await record_one(shop, "--capture", str(capture), "--key", key)
        assert status == 2
        assert said.startswith(f"replay: {capture} ")
        assert said.count("\n") == 1
        assert capture.read_bytes() == damaged


async def test_another_key_is_refused(tmp_path: Path, shop: str) -> None:
    capture = tmp_path / "c.db"
    assert (await record_one(shop, "--capture", str(capture)))[0] == 0
    status, said = await record_one(shop, "--capture", str(capture))
    assert status == 2
    assert said == f"replay: {capture} was recorded with another key: choose another name for this capture\n"
