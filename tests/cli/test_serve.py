"""``streamrec serve``, as a process with workers, signals and sockets of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import msgspec
import psutil
import pytest

from streamrec.client import Subscriber
from tests.cli.conftest import ANY_PORT, COMMAND

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

REFUSED = {"source": "rtsp://me:hunter2@127.0.0.1:9/", "model": "nonsense"}
"""A camera that a real worker refuses."""


@pytest.fixture
def config(tmp_path):
    """A configuration of one camera, on any ports."""
    path = tmp_path / "cameras.yaml"
    write(path, door=REFUSED)
    return path


def write(path, **cameras):
    endpoints = dict.fromkeys(("publish", "control", "replay"), ANY_PORT)
    document = {**endpoints, "cameras": cameras}
    path.write_bytes(msgspec.json.encode(document))


class Serving:
    """A service that runs, and the lines that it has logged."""

    def __init__(self, process):
        self.process, self.lines = process, []
        self.ready = self.wait_for("ready: ")
        self.publish, self.control, self.replay = re.findall(r"tcp://\S+[0-9]", self.ready)

    def wait_for(self, words):
        """Read the log until a line has these words."""
        while line := self.process.stderr.readline():
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(self.lines)

    def end(self, kind):
        """Send a signal; return the exit code and the seconds until then."""
        started_s = time.monotonic()
        self.process.send_signal(kind)
        code = self.process.wait(20)
        self.lines += self.process.stderr.readlines()
        return code, time.monotonic() - started_s


@contextmanager
def serving(config, **environment):
    command = [*COMMAND, "serve", "--config", str(config)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    try:
        yield Serving(process)
    finally:
        process.kill()
        process.communicate()


def children_of(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_one_line_says_that_it_is_ready(config):
    with serving(config) as service:
        assert "ready: 1 camera, 1 worker; publishing on tcp://127.0.0.1:" in service.ready


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_its_workers(config, kind):
    with serving(config) as service:
        service.wait_for("door is disabled")
        children = children_of(service.process)
        code, seconds = service.end(kind)
        assert (code, bool(children)) == (0, True)
        assert seconds < 2
        assert not psutil.wait_procs(children, timeout=5)[1]
        assert "Traceback" not in "".join(service.lines)


def test_its_workers_end_when_it_is_killed(config):
    with serving(config) as service:
        service.wait_for("door is disabled")
        children = children_of(service.process)
        service.end(signal.SIGKILL)
        assert children
        assert not psutil.wait_procs(children, timeout=10)[1]


def test_it_stops_in_time_while_a_worker_is_stopped(config):
    with serving(config) as service:
        service.wait_for("door is disabled")
        children = children_of(service.process)
        for child in children:
            child.suspend()
        code, seconds = service.end(signal.SIGTERM)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
    assert code == 0
    assert seconds < 2


def test_a_model_that_does_not_exist_is_said_in_the_status_and_no_password_anywhere(config):
    with serving(config) as service:
        with Subscriber(service.publish, kinds=("status",), timeout_s=20) as subscriber:
            while "nonsense" not in (status := subscriber.receive(20)).reason:
                assert status.state == "connecting"
        service.end(signal.SIGTERM)
    assert status.state == "disabled"
    assert "hunter2" not in "".join(service.lines) + str(status)


def test_sighup_reads_the_configuration_again(config):
    with serving(config) as service:
        write(config, door=REFUSED, yard=REFUSED)
        service.process.send_signal(signal.SIGHUP)
        service.wait_for("cameras: 1 added, 0 changed, 0 removed")
        config.write_text("cameras: 3\n")
        service.process.send_signal(signal.SIGHUP)
        assert "ERROR nothing is changed" in service.wait_for("nothing is changed")
        assert service.end(signal.SIGTERM)[0] == 0


def test_systemd_is_told(config, tmp_path):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(20)
        with serving(config, NOTIFY_SOCKET=address) as service:
            assert systemd.recv(4096) == b"READY=1"
            assert systemd.recv(4096) == b"WATCHDOG=1"
            service.end(signal.SIGTERM)
        systemd.setblocking(False)
        said = []
        while not said or said[-1] != b"STOPPING=1":
            said.append(systemd.recv(4096))
    assert set(said[:-1]) <= {b"WATCHDOG=1"}


def test_a_configuration_that_is_wrong_ends_it_at_once(cli, config):
    config.write_text("cameras:\n  door:\n    sauce: x\n")
    result = cli("serve", "--config", config)
    assert result.code == 2 and "Traceback" not in result.err
    places = [line.partition(": ")[0] for line in result.err.splitlines()]
    assert places == [f"{config}:2:3", f"{config}:3:5"]


def test_a_label_that_the_model_does_not_have_ends_it_at_once(cli, config):
    config.write_text(
        "cameras:\n  door:\n    source: 0\n    model: gestures\n    events: {allow: [stil]}\n"
    )
    result = cli("serve", "--config", config)
    assert result.code == 2
    assert result.err.startswith(f"{config}:5:5: cameras.door: events, allow: 'stil' is no label")


def test_an_endpoint_in_use_ends_it_at_once(cli, config):
    with serving(config) as service:
        document = {"publish": service.publish, "cameras": {}}
        config.write_bytes(msgspec.json.encode(document))
        cli("serve", "--config", config).fails(5, "in use")


def test_no_socket_gets_the_number_of_a_standard_stream_that_is_closed():
    code = (
        "import os; from streamrec.cli.serve import _fill_standard_streams as fill\n"
        "for fd in range(3): os.close(fd)\n"
        "fill(); first, _ = os.pipe()\n"
        "os._exit(10 * first + all(map(os.get_inheritable, range(3))))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 31
