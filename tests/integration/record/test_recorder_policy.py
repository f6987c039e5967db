"""The redaction policy of a replay.toml, through real recorder processes: what is written, what is refused at start."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web

from integration.record.conftest import MITMDUMP
from replay.model.errors import ConfigError
from replay.model.message import body_tree
from replay.record.addon import addon_path
from replay.record.settings import load_settings
from replay.store.capture_reader import CaptureReader
from upstreams import served

ORDER = {
    "note": "left at the door",
    "mood": "all is well",
    "who": "Ann Berg",
    "ref": 482133,
    "pin": "4711",
    "x": [1, 2],
}
POLICY = r"""
version = 1
schema = ["api/openapi.yaml"]
learned = "vocabulary.json"

[[rule]]
where = '"POST /orders" body $.note'
action = "keep"
reason = "shown on the parcel"

[[rule]]
where = 'request body $.pin'
action = "mask"
with = "0000"

[[rule]]
where = "any body $..ref"
class = "id"
domain = "order"

[[rule]]
where = "response body $.x"
action = "drop"

[[rule]]
where = "any cookie /^trk_/ or header x-trace"
action = "drop"

[[detector]]
name = "customer number"
regex = '\bAC-\d{6}[A-Z]\b'
class = "id"
examples = ["AC-123456X"]
counter = ["AC-12"]
"""
SCHEMA = """
openapi: 3.0.3
paths:
  /orders:
    post:
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'200': {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
components:
  schemas:
    Order:
      properties: {note: {}, mood: {enum: [all is well, all is lost]}, who: {}, ref: {}, pin: {}, x: {}}
"""
VOCABULARY = {"version": 1, "k": 5, "tenants": 2, "names": ["xqzvorn"], "values": {}}


def write_policy(folder: Path) -> Path:
    """The files as a team would keep them: all named relative to the file that names them."""
    (folder / "conf" / "api").mkdir(parents=True)
    (folder / "conf" / "replay.toml").write_text('[redact]\npolicy = "redact.toml"\n')
    (folder / "conf" / "redact.toml").write_text(POLICY)
    (folder / "conf" / "vocabulary.json").write_text(json.dumps(VOCABULARY))
    (folder / "conf" / "api" / "openapi.yaml").write_text(SCHEMA)
    return folder / "conf" / "replay.toml"


async def answer(request: web.Request) -> web.Response:
    await request.read()
    reply = web.json_response({**ORDER, "xqzvorn": 1})
    reply.set_cookie("trk_a", "tracking-cookie-1")
    return reply


def app() -> web.Application:
    made = web.Application()
    made.router.add_route("*", "/{tail:.*}", answer)
    return made


async def post(url: str, document: Any) -> None:
    headers = {"X-Trace": "trace of somebody", "Cookie": "trk_b=tracking-cookie-2; sid=abc"}
    async with ClientSession(url) as client, client.post("/orders", json=document, headers=headers) as response:
        assert (await response.json())["note"] == ORDER["note"]  # the traffic is never touched


async def test_a_policy_in_files_decides_what_is_written(start_proxy, way: str, tmp_path: Path) -> None:
    """Both ways to run: rules, a detector, a schema and learned names reach the process that writes."""
    config = write_policy(tmp_path)
    async with served(app()) as url:
        proxy = await asyncio.to_thread(start_proxy, way, url, f"replay_config={config}")
        await post(proxy.url, ORDER)
        await post(proxy.url, {**ORDER, "note": "for AC-123456X"})
        assert await proxy.stop_while_serving() == 0
    with CaptureReader.open(proxy.capture) as reader:
        first, second = (one.exchange for one in reader.stored())
        done = {(one.side, one.place): one.action for one in reader.redacted_fields()}
    sent, answered = body_tree(first.request.body), body_tree(first.response.body)
    assert (sent["note"], sent["mood"], sent["pin"]) == ("left at the door", "all is well", "0000")
    assert sent["who"] != ORDER["who"]
    assert sent["ref"] == answered["ref"] != ORDER["ref"]
    assert (answered["x"], answered["xqzvorn"], sent["x"]) == (None, 1, [1, 2])
    assert "x-trace" not in first.request.headers
    assert "set-cookie" not in first.response.headers
    assert "trk_" not in str(first.request.headers.get("cookie"))
    assert "123456" not in body_tree(second.request.body)["note"]
    assert done["request", "body.pin"] == "mask"
    assert done["response", "body.x"] == "drop"


async def test_a_capture_goes_on_with_the_same_rules_only(start_proxy, tmp_path: Path) -> None:
    """The digest in the capture covers the policy file."""
    config = write_policy(tmp_path)
    key = {"REPLAY_TEST_KEY": "11" * 32}
    options = (f"replay_config={config}", "replay_key=env:REPLAY_TEST_KEY", "replay_append=true")
    async with served(app()) as url:
        for _ in range(2):
            proxy = await asyncio.to_thread(start_proxy, "record", url, *options, env=key)
            await post(proxy.url, ORDER)
            assert await proxy.stop_while_serving() == 0
        policy = tmp_path / "conf" / "redact.toml"
        policy.write_text(policy.read_text().replace('"0000"', '"9999"'))
        with pytest.raises(AssertionError, match="rules"):
            await asyncio.to_thread(start_proxy, "record", url, *options, env=key)


BAD = [
    ("unknown key", '[redact]\nlevle = "strict"', "replay.toml: [redact] has an unknown key 'levle'"),
    ("off", '[redact]\nlevel = "off"', "level must be strict or balanced: there is no way to switch"),
    ("no reason", "[[redact.rule]]\nwhere='body $.a'\naction='keep'", "[[redact.rule]] 1 keeps without a reason"),
    (
        "second rule",
        "[[redact.rule]]\nwhere='body $.a'\n[[redact.rule]]\nwhere='body a'",
        "rule]] 2 can never",
    ),
    ("typing", "[[redact.rule]]\nwhere=3", "[[redact.rule]] 1: where must be a text"),
    ("example", "[[redact.detector]]\nname='n'\nregex='a'\nexamples=['b']", "[[redact.detector]] 1 does not match its"),
    ("missing file", '[redact]\npolicy = "no.toml"', "no.toml does not exist"),
    ("both", '[redact]\npolicy = "x.toml"\nlevel = "strict"', "names a policy file and says level itself"),
    ("schema", '[redact]\nschema = ["no.yaml"]', "no.yaml cannot be read"),
    ("vocabulary", '[redact]\nlearned = "replay.toml"', "vocabulary"),
]


@pytest.mark.parametrize(("text", "words"), [pytest.param(*row[1:], id=row[0]) for row in BAD])
def test_a_policy_that_cannot_be_meant_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    """It names the file, and the rule or detector by its number; whoever reads settings is told."""
    (tmp_path / "replay.toml").write_text(text + "\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "replay.toml")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("way", ["mitmdump", "record", "import"])
def test_a_wrong_policy_ends_the_start_whichever_command_was_typed(tmp_path: Path, way: str) -> None:
    """Before a proxy listens or a file is made, with a status of failure and no traceback."""
    config, capture = tmp_path / "replay.toml", tmp_path / "c.db"
    config.write_text("[[redact.rule]]\nwhere = 'body $.a'\naction = 'keep'\n")
    if way == "mitmdump":
        options = ("--set", f"replay_config={config}", "--set", f"replay_capture={capture}")
        command = ["-c", MITMDUMP, "-q", "-p", "0", "-s", str(addon_path()), "--set", f"confdir={tmp_path}", *options]
    elif way == "record":
        where = ["--upstream", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", "--capture", str(capture)]
        command = ["-m", "replay", "record", *where, "--config", str(config)]
    else:
        (tmp_path / "a.har").write_text('{"log": {"entries": []}}')
        command = ["-m", "replay", "capture", "import", str(tmp_path / "a.har"), "--capture", str(capture)]
        command += ["--config", str(config)]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=60, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == (1 if way == "mitmdump" else 2)
    assert "[[redact.rule]] 1 keeps without a reason" in said
    assert said.count("replay: ") == 1
    assert "Traceback" not in said
    assert not capture.exists()


async def test_raw_data_is_recorded_for_the_named_upstream_alone_and_loudly(start_proxy, tmp_path: Path) -> None:
    """At start, in the capture's head and in `replay inspect`; a Host header opens nothing."""
    async with served(app()) as url:
        named = {"raw": "127.0.0.1", "usual": "synthetic.test"}
        for folder, host in named.items():
            (tmp_path / folder).mkdir()
            option = f"replay_i_accept_raw_personal_data={host}"
            proxy = await asyncio.to_thread(start_proxy, "record", url, option, folder=tmp_path / folder)
            async with ClientSession(proxy.url) as client:
                headers = {"Host": "synthetic.test"}
                async with client.post("/orders", json={"note": "Ann Berg"}, headers=headers) as response:
                    await response.read()
            assert await proxy.stop_while_serving() == 0
            assert f"what goes to {host} is recorded RAW" in proxy.text()
            with CaptureReader.open(proxy.capture) as reader:
                (stored,) = reader.stored()
                assert reader.info().policy_digest.endswith("+raw")
            assert (body_tree(stored.exchange.request.body)["note"] == "Ann Berg") is (folder == "raw")
            shown = subprocess.run(
                [sys.executable, "-m", "replay", "inspect", str(proxy.capture)],
                capture_output=True, text=True, timeout=60, check=True,
            )  # fmt: skip
            assert "recorded RAW" in shown.stdout
    (tmp_path / "replay.toml").write_text('[record]\ni_accept_raw_personal_data = "a.test"\n')
    words = ["--upstream", url, "--capture", str(tmp_path / "c.db"), "--config", str(tmp_path / "replay.toml")]
    done = subprocess.run(
        [sys.executable, "-m", "replay", "record", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, "unknown key" in done.stderr) == (2, True)
