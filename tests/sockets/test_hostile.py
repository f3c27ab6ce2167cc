"""A publisher in a process of its own, under attack over bare TCP, and a subscriber who minds."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import zmq

from streamrec.sockets.keys import connect_securely, new_keys

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
    "messages that do not end",
    "distinct subscriptions",
    "long subscriptions",
    "the same subscription",
)
AT_THE_DOOR = ("garbage", "huge handshakes", "half-open handshakes", "connections that come and go")


def new_access(folder):
    """Keys of a publisher and of the one client that it knows."""
    (folder / "clients").mkdir()
    public, secret = new_keys("publisher", folder)
    _, client = new_keys("client", folder / "clients")
    return {"keys": str(secret), "clients": str(folder / "clients")}, (public, client)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.parametrize(
    ("attack", "has_keys"),
    [*((attack, False) for attack in ATTACKS), *((attack, True) for attack in AT_THE_DOOR)],
)
def test_a_subscriber_gets_every_message_whatever_others_do(
    attack, has_keys, monkeypatch, tmp_path
):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    access, keys = new_access(tmp_path) if has_keys else ({}, ())
    command = (sys.executable, str(BENCHMARKS / "publishing.py"), "100", json.dumps(access))
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as publisher,
        zmq.Context() as context,
        context.socket(zmq.SUB) as good,
    ):
        endpoint = publisher.stdout.readline().decode().strip()
        good.setsockopt(zmq.LINGER, 0)
        good.setsockopt(zmq.RCVHWM, 0)
        good.setsockopt(zmq.SUBSCRIBE, b"streamrec/v1/camera-0/prediction/")
        if keys:
            connect_securely(good, *keys)
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
