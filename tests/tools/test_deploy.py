"""The examples of deployment use commands that exist, as the README states them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streamrec.cli import make_parser
from streamrec.health.metrics import Health
from streamrec.health.server import HealthServer

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "tools" / "deploy" / "streamrec.service"
CONTAINER = ROOT / "tools" / "deploy" / "Containerfile"
PACKAGES = ("g++", "libgl1", "libglib2.0-0")


def started_by_systemd():
    return shlex.split(re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.MULTILINE)[1])


def started_in_a_container():
    return container_command("ENTRYPOINT")


def container_command(instruction):
    text = CONTAINER.read_text().replace("\\\n", "")
    return json.loads(re.search(rf"^{instruction} [^\[\n]*(\[.*\])$", text, re.MULTILINE)[1])


@pytest.mark.parametrize("command", [started_by_systemd(), started_in_a_container()])
def test_what_is_started_is_a_command_that_parses(command):
    program, name, *options = command
    assert program.endswith(".venv/bin/streamrec")
    args = make_parser(name).parse_args([name, *options])
    assert str(args.config) == "/etc/streamrec/cameras.yaml"
    assert args.metrics == "9464"


@pytest.mark.parametrize("path", [UNIT, CONTAINER], ids=["systemd", "container"])
def test_it_is_installed_as_the_readme_says(path):
    install = re.search(r"pip install (?:--no-cache-dir )?\.", path.read_text())
    assert install and "pip install . && .venv/bin/streamrec demo" in (
        ROOT / "README.md"
    ).read_text(encoding="utf-8")


def test_the_container_has_the_packages_that_the_readme_names():
    text, readme = CONTAINER.read_text(), (ROOT / "README.md").read_text(encoding="utf-8")
    for package in PACKAGES:
        assert package in text and package in readme


@pytest.mark.parametrize("path", [UNIT, CONTAINER], ids=["systemd", "container"])
def test_events_and_footage_are_kept_where_they_outlive_the_service(path):
    text = path.read_text()
    assert "STREAMREC_HOME=/var/lib/streamrec " in text
    assert re.search(r"^(StateDirectory=streamrec|VOLUME /var/lib/streamrec)$", text, re.MULTILINE)


def test_the_container_is_healthy_while_its_loop_goes_round(monkeypatch):
    server = HealthServer("0", Health())
    program, *rest = container_command("HEALTHCHECK")
    assert program == ".venv/bin/python" and "http://127.0.0.1:9464/healthz" in rest[-1]
    command = [sys.executable, *(part.replace("127.0.0.1:9464", server.address) for part in rest)]
    healthy = subprocess.run(command, capture_output=True, timeout=60)
    monkeypatch.setattr("streamrec.health.metrics.SILENCE_S", -1.0)
    hangs = subprocess.run(command, capture_output=True, timeout=60)
    server.close()
    assert (healthy.returncode, hangs.returncode) == (0, 1)


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "streamrec"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "streamrec.service"
    unit.write_text(re.sub(r"(?m)^ExecStart=\S+", f"ExecStart={program}", UNIT.read_text()))
    result = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
