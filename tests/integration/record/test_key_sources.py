"""Keys from the places where they are kept, through a real recorder; what two captures under one key have in common."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from integration.record.conftest import StartProxy
from replay.model.capture import CaptureInfo
from replay.model.errors import ConfigError, FileFormatError
from replay.model.exchange import Exchange
from replay.record.import_plan import plan_import
from replay.record.importing import import_capture
from replay.record.key_source import fetch_key
from replay.record.settings import RecordSettings, with_options
from replay.redact.keys import key_for
from replay.redact.pseudonyms import Pseudonym
from replay.store.audit_log import broken_lines, read_audit
from replay.store.capture_reader import CaptureReader
from replay.store.capture_verify import verify
from replay.store.key_files import destroy_key_file, make_key_file, read_unlock

KEY = bytes(range(180, 212))
MAIL = "ingrid.sorensen@acme.test"


def key_file(folder: Path, mode: int = 0o400) -> Path:
    path = folder / "root.key"
    path.write_bytes(KEY.hex().encode())
    path.chmod(mode)
    return path


def test_a_variable_is_gone_once_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking again still works: an addon that is loaded again asks again."""
    monkeypatch.setenv("REPLAY_ROOT", KEY.hex())
    assert fetch_key("env:REPLAY_ROOT") == KEY
    assert "REPLAY_ROOT" not in os.environ
    assert fetch_key("env:REPLAY_ROOT") == KEY


def test_proc_does_not_show_what_was_read() -> None:
    """Of a process that was started with the variable; and a program that it starts does not have it."""
    code = (
        "import subprocess, sys; from pathlib import Path; from replay.record.key_source import fetch_key;"
        "before = Path('/proc/self/environ').read_bytes(); key = fetch_key('env:REPLAY_ROOT');"
        "after = Path('/proc/self/environ').read_bytes(); child = subprocess.run(['env'], stdout=-1).stdout;"
        "word = key.hex().encode(); print(word in before, word in after, word in child, b'PATH' in after)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "REPLAY_ROOT": KEY.hex()}, stdout=subprocess.PIPE, check=True
    )
    assert done.stdout.split() == [b"True", b"False", b"False", b"True"]


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_private_file_is_read(tmp_path: Path, mode: int) -> None:
    assert fetch_key(f"file:{key_file(tmp_path, mode)}") == KEY


@pytest.mark.parametrize("mode", [0o440, 0o604, 0o666, 0o620])
def test_a_file_that_others_may_read_is_refused_with_the_command_to_run(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, mode)
    with pytest.raises(ConfigError, match=f"chmod 0400 {path}"):
        fetch_key(f"file:{path}")


def owned_by(monkeypatch: pytest.MonkeyPatch, owner: int, us: int) -> None:
    """Files look as if they were of `owner`, and this process as if it were of `us`: tests run as anybody."""
    real = os.fstat

    def seen(handle: int) -> os.stat_result:
        fields = list(real(handle)[:10])
        fields[4] = owner
        return os.stat_result(fields)

    monkeypatch.setattr(os, "fstat", seen)
    monkeypatch.setattr(os, "geteuid", lambda: us)


def test_a_file_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = key_file(tmp_path)
    owned_by(monkeypatch, 54321, 12345)
    with pytest.raises(ConfigError, match="belongs to another user"):
        fetch_key(f"file:{path}")


def test_a_credential_that_root_hands_to_a_service_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As systemd and Kubernetes mount them, 0440; never one that everybody may read or that a group may write."""
    path = key_file(tmp_path, 0o440)
    owned_by(monkeypatch, 0, 12345)
    assert fetch_key(f"file:{path}") == KEY
    for mode in (0o444, 0o460):
        path.chmod(mode)
        with pytest.raises(ConfigError, match="Others may read or write"):
            fetch_key(f"file:{path}")


def test_a_pipe_is_no_key_file(tmp_path: Path) -> None:
    """Nor does it hold its reader up."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ConfigError, match="not a regular file"):
        fetch_key(f"file:{tmp_path / 'pipe'}")


def test_a_descriptor_is_read_to_its_end_and_closed() -> None:
    ours, theirs = os.pipe()
    os.write(theirs, KEY)
    os.close(theirs)
    assert fetch_key(f"fd:{ours}") == KEY
    with pytest.raises(ConfigError, match="cannot be read for a key"):
        fetch_key(f"fd:{ours}")


def test_a_command_runs_without_a_shell_and_its_errors_stay_unseen(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = tmp_path / "kms.py"
    script.write_text(f"import sys; print('{KEY.hex()}'); print('{KEY.hex()}', file=sys.stderr)")
    assert fetch_key(f"cmd:{sys.executable} {script}") == KEY
    script.write_text("import sys; print('swordfish', file=sys.stderr); sys.exit(7)")
    with pytest.raises(ConfigError, match=r"python\S* failed with exit status 7") as error:
        fetch_key(f"cmd:{sys.executable} {script} ; touch {tmp_path / 'shell'}")
    with pytest.raises(ConfigError, match="cannot be started"):
        fetch_key("cmd:/nowhere/kms")
    assert "swordfish" not in str(error.value)
    assert not (tmp_path / "shell").exists()
    assert capfd.readouterr() == ("", "")


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.record.key_source._SECONDS", 0.3)
    with pytest.raises(ConfigError, match="gave no key within"):
        fetch_key(f"cmd:{sys.executable} -c 'import time; time.sleep(60)'")


def traffic(folder: Path, name: str = "taps.jsonl") -> Path:
    """Two requests of two tenants; both have an order 482130017 of the same person."""
    path = folder / name
    lines = [
        {
            "method": "POST",
            "url": "http://shop.test/orders/482130017",
            "request_headers": {
                "X-Tenant-Id": tenant,
                "Authorization": f"Bearer {tenant}-5f2c9d0e7a1b4c3d8e6f",
                "Content-Type": "application/json",
            },
            "request_body": json.dumps({"email": MAIL, "id": 482130017}),
            "status": 200,
            "response_headers": {"Content-Type": "application/json"},
            "response_body": json.dumps({"email": MAIL}),
            "started": 1_700_000_000.0 + number,
            "ended": 1_700_000_000.1 + number,
        }
        for number, tenant in enumerate(("acme", "globex", "acme"))
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def imported(folder: Path, name: str, **options: object) -> tuple[CaptureInfo, list[Exchange]]:
    settings = with_options(RecordSettings(tenant=("header:X-Tenant-Id",)), options)
    plan = plan_import([traffic(folder)], folder / name, 1.7e9, key=f"file:{folder / 'root.key'}", settings=settings)
    assert import_capture(plan).captured == 3
    with CaptureReader.open(folder / name) as reader:
        return reader.info(), [stored.exchange for stored in reader.stored()]


def mail_of(one: Exchange) -> str:
    return str(json.loads(one.request.body.data)["email"])


def test_captures_of_one_key_agree_unless_they_are_kept_apart(tmp_path: Path) -> None:
    """K12 and K13. Whoever has the root key can still name the key of each: for erasing and mapping."""
    key_file(tmp_path)
    (first, one), (_, two) = imported(tmp_path, "a.db"), imported(tmp_path, "b.db", key_scope="project")
    assert mail_of(one[0]) == mail_of(two[0]) != MAIL
    apart = [imported(tmp_path, name, key_scope="capture") for name in ("c.db", "d.db")]
    assert len({mail_of(one[0]), *(mail_of(found[0]) for _, found in apart)}) == 3
    assert len({first.key_id, *(info.key_id for info, _ in apart)}) == 3
    for info, found in apart:
        assert info.key_salt == info.id
        key = key_for(KEY, info.key_id, info.key_salt)
        assert Pseudonym(key).email(MAIL) == mail_of(found[0])
        assert mail_of(found[0]) == mail_of(found[2])


def test_a_capture_that_is_gone_on_with_keeps_its_own_key(tmp_path: Path) -> None:
    """Also when the scope is not said again; another one is refused."""
    key = f"file:{key_file(tmp_path)}"
    _, before = imported(tmp_path, "c.db", key_scope="capture")
    settings = RecordSettings(tenant=("header:X-Tenant-Id",))
    again = plan_import(
        [traffic(tmp_path, "again.jsonl")], tmp_path / "c.db", 1.7e9, key=key, settings=settings, append=True
    )
    assert import_capture(again).captured == 3
    with CaptureReader.open(tmp_path / "c.db") as reader:
        mails = {mail_of(stored.exchange) for stored in reader.stored()}
    assert mails == {mail_of(before[0])}
    other = replace(again, settings=replace(settings, key_scope="project"))
    with pytest.raises(FileFormatError, match='was recorded with key_scope = "capture"'):
        import_capture(other)


def test_each_tenant_may_have_a_key_of_its_own(tmp_path: Path) -> None:
    """K22: the same order of the same person shows as two, and what one tenant does in two requests as one."""
    key_file(tmp_path)
    _, (acme, globex, again) = imported(tmp_path, "t.db", key_per_tenant=True)
    assert mail_of(acme) == mail_of(again) != mail_of(globex)
    assert acme.request.target == again.request.target != globex.request.target
    assert json.loads(acme.request.body.data)["id"] != json.loads(globex.request.body.data)["id"]
    with CaptureReader.open(tmp_path / "t.db") as reader:
        assert len({one.actor.tenant for one in reader.contents().actors if one.actor}) == 2
    _, (acme, globex, _) = imported(tmp_path, "s.db")
    assert mail_of(acme) == mail_of(globex), "or this test could not fail"


def test_what_names_no_tenant_is_recorded_only_when_nothing_in_it_needs_a_stand_in(tmp_path: Path) -> None:
    """Under one key it would tell what two tenants have in common: it is refused, and counted by reason."""
    key_file(tmp_path)
    path = traffic(tmp_path)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines[:2]:
        line["request_headers"].pop("X-Tenant-Id")
    bare = {
        "request_body": "",
        "request_headers": {},
        "response_body": '{"status": "ok"}',
        "url": "http://shop.test/health",
    }
    named = {"response_body": '{"name": "Ingrid Halvorsen"}'}
    health, page = lines[0] | bare | {"method": "GET"}, lines[0] | bare | named | {"method": "GET"}
    path.write_text("".join(json.dumps(line) + "\n" for line in (*lines, health, page)))
    settings = RecordSettings(tenant=("header:X-Tenant-Id",), key_per_tenant=True, key=f"file:{tmp_path / 'root.key'}")
    summary = import_capture(plan_import([path], tmp_path / "n.db", 1.7e9, settings=settings))
    assert summary.captured == 2
    with CaptureReader.open(tmp_path / "n.db") as reader:
        assert [(one.kind, one.reason, one.count) for one in reader.losses()] == [("refused", "no-tenant", 3)]
        kept = [stored.exchange for stored in reader.stored()]
    assert [one.request.path for one in kept if one.request.method == "GET"] == ["/health"]
    assert MAIL not in str([one.request.body.data for one in kept])


@pytest.mark.parametrize("tenant", [(), ("claim:org_id",), ("header:X-Tenant-Id", "cookie:t")])
def test_a_tenant_that_a_login_does_not_name_gets_no_key_of_its_own(tmp_path: Path, tenant: tuple[str, ...]) -> None:
    settings = RecordSettings(tenant=tenant, key_per_tenant=True)
    with pytest.raises(ConfigError, match="sources that every request has"):
        plan_import([traffic(tmp_path)], tmp_path / "c.db", 1.0, settings=settings)


def test_without_a_key_each_capture_has_its_own(tmp_path: Path) -> None:
    """The default: two recordings have nothing in common, and say so."""
    infos = []
    for name in ("a.db", "b.db"):
        import_capture(plan_import([traffic(tmp_path)], tmp_path / name, 1.7e9))
        with CaptureReader.open(tmp_path / name) as reader:
            infos.append((reader.info(), mail_of(next(reader.stored()).exchange)))
    (one, mail), (two, other) = infos
    assert (one.key_salt, two.key_salt) == (one.id, two.id)
    assert one.key_id != two.key_id
    assert len({mail, other, MAIL}) == 3


def test_a_scope_for_many_needs_a_key_for_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='key_scope = "project" needs a key'):
        plan_import([traffic(tmp_path)], tmp_path / "c.db", 1.0, settings=RecordSettings(key_scope="project"))
    with pytest.raises(ConfigError, match='key_scope = "capture" says how a key of yours is used, and none is named'):
        plan_import([traffic(tmp_path)], tmp_path / "c.db", 1.0, settings=RecordSettings(key_scope="capture"))


async def test_a_recorder_encrypts_what_it_cannot_read_and_keeps_its_log(
    tmp_path: Path, shop: str, start_proxy: StartProxy, way: str
) -> None:
    """The key is in no process's environment or arguments and in no file; neither is what was recorded."""
    make_key_file(tmp_path / "reader", "encryption")
    proxy = start_proxy(
        way, shop, "replay_key=env:ROOT", f"replay_encrypt_to={tmp_path / 'reader.pub'}", env={"ROOT": KEY.hex()}
    )
    async with ClientSession() as client:
        answer = await client.post(proxy.url + "/echo?note=harbour", data="harbour", headers={"X-Note": "harbour"})
        assert (answer.status, await answer.read()) == (200, b"harbour")
    for pid in (proxy.process.pid, *proxy.writer_pids, *proxy.worker_pids):
        for name in ("environ", "cmdline"):
            assert KEY.hex().encode() not in Path(f"/proc/{pid}/{name}").read_bytes(), name
    assert await proxy.stop_while_serving() == 0, proxy.text()
    unlock = read_unlock(tmp_path / "reader")
    with CaptureReader.open(proxy.capture) as locked, CaptureReader.open(proxy.capture, unlock) as opened:
        assert locked.is_locked()
        assert locked.contents().exchanges == 1
        (stored,) = opened.stored()
        assert stored.exchange.request.path == "/echo"
        assert opened.info().lifetime == 14 * 86_400
    private = load_pem_private_key((tmp_path / "reader").read_bytes(), None).private_bytes_raw()
    files = [path for path in tmp_path.iterdir() if path.is_file() and path.name != "reader"]
    for path in files:
        data = path.read_bytes()
        assert KEY not in data
        assert KEY.hex().encode() not in data
        assert private not in data
    assert list(verify(proxy.capture, unlock)) == []
    lines = list(read_audit(proxy.capture))
    assert [line.event for line in lines] == ["start", "stop"]
    assert lines[0].facts["encrypted"] is True
    assert lines[1].facts["captured"] == 1
    assert list(broken_lines(proxy.capture)) == []
    left = {path.name for path in tmp_path.glob("c.*")}
    assert left == {"c.db", "c.audit.jsonl"}
    assert stat.S_IMODE((tmp_path / "c.audit.jsonl").stat().st_mode) == 0o600


def test_a_destroyed_key_file_is_gone(tmp_path: Path) -> None:
    """A second name of the file shows that it was overwritten, too."""
    path = tmp_path / "red.key"
    make_key_file(path, "redaction")
    assert stat.S_IMODE(path.stat().st_mode) == 0o400
    os.link(path, tmp_path / "copy")
    destroy_key_file(path)
    assert not path.exists()
    assert (tmp_path / "copy").read_bytes() == b""
    make_key_file(path, "redaction")
    with pytest.raises(ConfigError, match="exists already"):
        make_key_file(path, "redaction")
