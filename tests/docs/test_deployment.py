"""The deployment files are real: read by the programs that they are for, with command lines that are accepted."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from docs import generate
from docs.fenced import ROOT, blocks
from replay.record.settings import parse_settings

FOLDER = ROOT / "docs/deployment"


def documents(name: str) -> list[Any]:
    return list(YAML(typ="safe").load_all((FOLDER / name).read_text("utf-8")))


def accepts(words: list[str]) -> None:
    """The words after `replay record`, as click sees them. Raises click.ClickException."""
    context = click.Context(generate.group(), info_name="replay", help_option_names=["-h", "--help"])
    name, command, rest = generate.group().resolve_command(context, ["record", *words])
    assert command is not None
    with command.make_context(name, rest, parent=context):
        pass


def sidecar() -> dict[str, Any]:
    (deployment,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "Deployment"]
    containers = deployment["spec"]["template"]["spec"]["containers"]
    (found,) = [one for one in containers if one["name"] == "replay-recorder"]
    return {**found, "pod": deployment["spec"]["template"]["spec"]}


def docker(instruction: str) -> list[str]:
    text = (FOLDER / "Dockerfile").read_text("utf-8")
    return re.findall(rf"^{instruction} (.*)$", text, re.MULTILINE)


def test_the_container_starts_the_recorder_without_root() -> None:
    """Entry point and default arguments are accepted; the last USER is not root; SIGTERM drains."""
    entry, command = (json.loads(docker(name)[-1]) for name in ("ENTRYPOINT", "CMD"))
    assert entry == ["replay", "record"]
    accepts(command)
    assert docker("USER")[-1].split(":")[0] not in {"0", "root"}
    assert docker("STOPSIGNAL") == ["SIGTERM"]


def test_the_sidecar_starts_the_recorder() -> None:
    """Its arguments are accepted, its ports are the ones it listens on, its probes ask the metrics port."""
    container = sidecar()
    accepts(list(container["args"]))
    said = dict(word.removeprefix("--").split("=", 1) for word in container["args"] if "=" in word)
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert said["listen"].rpartition(":")[2] == ports["http"]
    assert said["metrics"].rpartition(":")[2] == ports["metrics"]
    for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
        assert container[probe]["httpGet"] == {"path": path, "port": "metrics"}


def test_the_sidecar_has_little_and_ends_in_time() -> None:
    """No root, a read-only root, no capabilities; a grace period longer than sleep and drain; the key from a Secret."""
    container = sidecar()
    security = container["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["readOnlyRootFilesystem"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    sleep = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert container["pod"]["terminationGracePeriodSeconds"] >= sleep + 10 + 10
    (variable,) = container["env"]
    assert variable["name"] == "REPLAY_KEY"
    assert "secretKeyRef" in variable["valueFrom"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/captures", "/tmp"} <= mounts  # what is written there: captures, and sockets


def test_the_config_map_is_a_configuration() -> None:
    """The replay.toml in it passes the recorder's own reading."""
    (config,) = [one for one in documents("kubernetes.yaml") if one["kind"] == "ConfigMap"]
    settings = parse_settings(tomllib.loads(config["data"]["replay.toml"]), "replay.toml")
    assert settings.sample == 0.25
    assert len(settings.routes) >= 2


def test_the_examples_of_the_page_are_configurations() -> None:
    """Every TOML block of the recorder's page passes the recorder's own reading."""
    found = [block.text for block in blocks("docs/recorder.md") if block.language == "toml"]
    assert len(found) >= 2
    for text in found:
        parse_settings(tomllib.loads(text), "replay.toml")


def test_the_unit_starts_the_recorder(tmp_path: Path) -> None:
    """Its command line is accepted, and systemd has nothing to say against the file."""
    text = (FOLDER / "replay-recorder.service").read_text("utf-8")
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    program, name, *words = shlex.split(line)
    assert (Path(program).name, name) == ("replay", "record")
    accepts([word.replace("%d", "/run/credentials") for word in words])
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd")
    unit = tmp_path / "replay-recorder.service"
    unit.write_text(text.replace(program, shutil.which("true") or "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    complaints = [one for one in done.stderr.splitlines() if "replay-recorder" in one]
    assert complaints == []


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    """`nginx -t` on the file as it stands."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("needs nginx")
    copy = tmp_path / "nginx.conf"
    copy.write_text(
        f"pid {tmp_path}/nginx.pid; error_log {tmp_path}/e.log;\n" + (FOLDER / "nginx.conf").read_text("utf-8")
    )
    done = subprocess.run(
        [program, "-t", "-c", str(copy), "-p", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_envoy_goes_past_a_recorder_that_is_down() -> None:
    """The recorder has priority 0, the service priority 1; the tap filter is there and off."""
    (document,) = documents("envoy.yaml")
    (cluster,) = document["static_resources"]["clusters"]
    ports = {
        group["priority"]: group["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]["port_value"]
        for group in cluster["load_assignment"]["endpoints"]
    }
    assert ports == {0: 8080, 1: 8000}
    assert cluster["health_checks"]
    (listener,) = document["static_resources"]["listeners"]
    filters = listener["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    assert [(one["name"].rpartition(".")[2], one.get("disabled", False)) for one in filters] == [
        ("tap", True),
        ("router", False),
    ]
