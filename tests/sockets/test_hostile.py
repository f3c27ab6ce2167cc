"""A publisher in a process of its own, under attack over bare TCP, and a subscriber who minds."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import zmq

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SECONDS = 10.0 if os.environ.get("STREAMREC_SLOW") else 0.7
MOST_GROWTH_MIB = 150.0
ATTACKS = (
    "garbage",
    "huge frames",
    "huge handshakes",
    "connections that come and go",
    "half-open handshakes",
    "idle connections",
    "byte by byte",
    "distinct subscriptions",
    "long subscriptions",
    "the same subscription",
)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_subscriber_gets_every_message_whatever_others_do(attack, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    command = (sys.executable, str(BENCHMARKS / "publishing.py"), "100", "{}")
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as publisher,
        zmq.Context() as context,
        context.socket(zmq.SUB) as good,
    ):
        endpoint = publisher.stdout.readline().decode().strip()
        good.setsockopt(zmq.LINGER, 0)
        good.setsockopt(zmq.RCVHWM, 0)
        good.setsockopt(zmq.SUBSCRIBE, b"streamrec/v1/camera-0/prediction/")
        good.connect(endpoint)
        assert good.poll(10_000)
        import_module("attacks").ATTACKS[attack](int(endpoint.rpartition(":")[2]), SECONDS)
        said = json.loads(publisher.communicate(b"")[0])
        numbers = []
        while good.poll(300):
            numbers.append(json.loads(good.recv_multipart()[1])["sequence"])
    assert publisher.returncode == 0
    assert numbers == list(range(numbers[0], said["sent"]))
    assert said["grown_mib"] < MOST_GROWTH_MIB
    assert said["dropped"] == 0
