"""The shop as a process: its one line, its flags, and how it ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from integration.demo.shop_harness import POSTGRES, SQLITE, new_database, ready_url, running_shop, start_process
from replay.demo.shop.__main__ import main


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stdin"])
async def test_it_ends_promptly(tmp_path: Path, how: str) -> None:
    process = await start_process("--db", new_database(SQLITE, tmp_path), "--exit-with-stdin")
    url = await ready_url(process)
    # An idle keep-alive connection must not hold it up.
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    if how == "stdin":
        assert process.stdin is not None
        process.stdin.close()
    else:
        process.send_signal(getattr(signal, how))
    assert process.stdout is not None
    assert process.stderr is not None
    assert await asyncio.wait_for(process.wait(), 2) == 0
    assert await process.stdout.read() == b""
    assert await process.stderr.read() == b""
    writer.close()


async def test_without_the_flag_it_outlives_its_stdin(tmp_path: Path) -> None:
    process = await start_process("--db", new_database(SQLITE, tmp_path))
    await ready_url(process)
    assert process.stdin is not None
    process.stdin.close()
    await asyncio.sleep(0.3)
    process.terminate()  # raises if the process has ended already
    _, complaints = await process.communicate()
    assert complaints == b""
    assert process.returncode == 0


BAD_FLAGS: tuple[tuple[str, str, str], ...] = (
    ("--port", "x", "must be a number from 0 to 65535"),
    ("--port", "65536", "must be a number from 0 to 65535"),
    ("--id-offset", "-1", "the id offset must be"),
    ("--faults", "nix", "There is no fault called 'nix'"),
    ("--build", "newer", "invalid choice"),
    ("--db", "/nowhere/at/all.db", "cannot be opened"),
    ("--db", "postgresql://127.0.0.1:1/x", "cannot be reached"),
)


async def test_a_bad_flag_is_one_sentence(tmp_path: Path) -> None:
    async def outcome(flag: str, value: str) -> tuple[int | None, bytes, str]:
        process = await start_process("--db", str(tmp_path / "a.db"), flag, value)
        out, complaints = await process.communicate()
        return process.returncode, out, complaints.decode()

    outcomes = await asyncio.gather(*(outcome(flag, value) for flag, value, _ in BAD_FLAGS))
    for (flag, value, told), (status, out, complaints) in zip(BAD_FLAGS, outcomes, strict=True):
        assert (status, out, complaints.count("\n")) == (2, b"", 1), (flag, value)
        assert told in complaints


def test_a_missing_psycopg_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "replay.demo.shop.postgres", raising=False)
    assert main(["--db", "postgresql://127.0.0.1:1/x"]) == 2
    out, complaint = capsys.readouterr()
    assert out == ""
    assert complaint.startswith("A postgresql:// database needs psycopg, which is not installed")


async def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    async with running_shop(tmp_path) as shop:
        port = shop.url.rsplit(":", 1)[1]
        process = await start_process("--db", str(tmp_path / "b.db"), "--port", port)
        _, complaints = await process.communicate()
        assert process.returncode == 2
        assert complaints.decode().startswith(f"The shop cannot listen on port {port}: ")


@pytest.mark.parametrize("kind", [SQLITE, POSTGRES])
async def test_ids_start_above_the_offset_and_never_go_back(tmp_path: Path, kind: str) -> None:
    database = new_database(kind, tmp_path)
    async with running_shop(tmp_path, "none", "--id-offset", "7000", database=database) as shop:
        tenant = await shop.tenant("acme")
        assert tenant.course == 7001
        assert (await shop.enrol(tenant.student, tenant.course)).body["invoice_id"] == 7001
    async with running_shop(tmp_path, "none", "--id-offset", "50", database=database) as shop:
        token = (await shop.login("boss@acme.example")).body["token"]
        assert await shop.course(token) == 7002
    async with running_shop(tmp_path, database=database) as shop:
        token = (await shop.login("boss@acme.example")).body["token"]
        assert await shop.course(token) == 7003


@pytest.mark.parametrize("kind", [SQLITE, POSTGRES])
async def test_duplicates_left_by_the_fault_stop_the_twin_from_starting(tmp_path: Path, kind: str) -> None:
    database = new_database(kind, tmp_path)
    async with running_shop(tmp_path, "enrol-race", database=database) as shop:
        tenant = await shop.tenant("acme")
        await asyncio.gather(*(shop.enrol(tenant.student, tenant.course, "k") for _ in range(3)))
    process = await start_process("--db", database, "--faults", "none")
    _, complaints = await process.communicate()
    assert process.returncode == 2
    assert "duplicate enrolments" in complaints.decode()
