"""``streamrec run`` and ``streamrec watch``, through real sockets, files and signals."""

import json
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import msgspec
import pytest
import zmq

from streamrec.client import Subscriber
from streamrec.sources.open import open_source
from tests.cli.conftest import ANY_PORT, COMMAND

ENDLESS = "synthetic:?live=1&seconds=inf&width=64&height=48"


@contextmanager
def running(*arguments):
    """A command that runs while the test does."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_watch_hears_what_run_publishes(process, model):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with running("run", "--source", ENDLESS, "--model", model, "--publish", endpoint):
        result = process("watch", endpoint, "--json", "--count", 5, "--timeout", 30)
    assert result.code == 0, result.err
    messages = [json.loads(line) for line in result.out.splitlines()]
    numbers = [message["sequence"] for message in messages]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert {message["source"] for message in messages} == {"synthetic"}
    assert {message["model"] for message in messages} == {"tiny"}
    assert all(0 <= top["score"] <= 1 for message in messages for top in message["top"])


@pytest.mark.parametrize("encoding", ["json", "msgpack"])
def test_messages_are_encoded_as_asked(model, encoding):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    options = ("--publish", endpoint, "--format", encoding)
    with (
        running("run", "--source", ENDLESS, "--model", model, *options),
        zmq.Context() as context,
        context.socket(zmq.SUB) as socket,
    ):
        socket.setsockopt(zmq.RCVTIMEO, 30_000)
        socket.subscribe(b"streamrec/v1/synthetic/")
        socket.connect(endpoint)
        topic, payload = socket.recv_multipart()
    message = {"json": msgspec.json, "msgpack": msgspec.msgpack}[encoding].decode(payload)
    assert message["type"] == "prediction" and message["model"] == "tiny"
    assert topic.decode().startswith(f"streamrec/v1/{message['source']}/")


def test_others_may_listen_where_that_is_asked_for(cli, video, model):
    port = free_port()
    run = ("run", "--source", video(), "--model", model, "--publish", f"tcp://0.0.0.0:{port}")
    cli(*run).fails(5, "0.0.0.0", "--insecure")
    result = cli(*run, "--insecure")
    assert result.code == 0, result.err
    assert f"publishing on tcp://0.0.0.0:{port}" in result.err


def test_watch_without_a_publisher_says_so(cli):
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    cli("watch", endpoint, "--json", "--timeout", 0.2).fails(5, endpoint, "0 messages")


@pytest.mark.skipif(sys.platform == "win32", reason="a console's signals cannot be sent here")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_a_summary_and_a_whole_recording(tmp_path, model, kind):
    record = tmp_path / "record.mp4"
    options = ("--model", model, "--publish", ANY_PORT, "--json", "--record", record)
    with running("run", "--source", ENDLESS, *options) as process:
        for _ in range(10):
            assert process.stdout.readline()
        process.send_signal(kind)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert "predictions in" in err.splitlines()[-1]
    assert "Traceback" not in err and "error" not in err
    assert all(json.loads(line) for line in out.splitlines())
    assert [path.name for path in tmp_path.iterdir()] == ["record.mp4"]
    with open_source(str(record)) as video:
        assert list(video)


def test_every_frame_of_a_file_gets_a_prediction(cli, video, model):
    result = cli("run", "--source", video(), "--model", model, "--publish", ANY_PORT, "--json")
    messages = [json.loads(line) for line in result.out.splitlines()]
    assert [message["frame_index"] for message in messages] == list(range(10))
    assert "10 frames, 10 predictions" in result.err


def test_the_grid_gives_predictions_at_the_models_own_rate(cli, video, model):
    options = ("--publish", ANY_PORT, "--json", "--predict", "grid")
    result = cli("run", "--source", video(frames=50), "--model", model, *options)
    assert len(result.out.splitlines()) == 10


def test_a_camera_that_is_lost_is_said_and_tried_again_until_it_is_back(tmp_path, cameras, model):
    server, record = cameras(login=("joe", "geheim")), tmp_path / "record.mp4"
    options = ("--model", model, "--publish", ANY_PORT, "--json", "--record", record)
    capture = ("--name", "door", "--retry-most", "1", "--transport", "tcp")
    with running("run", "--source", server.url(), *options, *capture) as process:
        assert json.loads(process.stdout.readline())["resets"] == 0
        server.restart()
        while not json.loads(process.stdout.readline())["resets"]:
            pass
        assert process.stdout.readline()  # the one before has been counted now
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    said = err.splitlines()
    assert len([line for line in said if "trying again" in line]) == 1
    assert [line for line in said if line.startswith("door: back after ")]
    assert "1 resets" in said[-1]
    assert "Traceback" not in err and "geheim" not in err
    with open_source(str(record)) as video:
        assert list(video)


@pytest.mark.skipif(sys.platform == "win32", reason="a console's signals cannot be sent here")
def test_ctrl_c_ends_a_run_that_waits_for_a_camera_to_come_back(cameras, model):
    server = cameras()
    with running("run", "--source", server.url(), "--model", model, "--publish", ANY_PORT) as ran:
        while "publishing on" not in ran.stderr.readline():
            pass
        server.kill()
        while "trying again" not in ran.stderr.readline():
            pass
        ran.send_signal(signal.SIGINT)
        _, err = ran.communicate(timeout=10)
    assert ran.returncode == 0, err
    assert "predictions in" in err.splitlines()[-1]


@pytest.mark.skipif(sys.platform == "win32", reason="a console's signals cannot be sent here")
def test_each_reason_to_withhold_pictures_is_said_once(cameras, model):
    server = cameras()
    options = ("--model", model, "--publish", ANY_PORT, "--frozen-after", "2", "--name", "door")
    with running("run", "--source", server.url(), *options) as ran:
        while "publishing on" not in ran.stderr.readline():
            pass
        server.do("freeze cam0")
        assert ran.stderr.readline() == "door: the picture is frozen, and not shown to the model\n"
        server.do("restore cam0")
        server.do("black cam0")
        assert ran.stderr.readline() == "door: the picture is black, and not shown to the model\n"
        ran.send_signal(signal.SIGINT)
        _, err = ran.communicate(timeout=10)
    assert "frozen" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="a console's signals cannot be sent here")
def test_how_it_stands_with_the_camera_is_published_also_while_it_is_away(cameras, model):
    server, states = cameras(), []
    with running("run", "--source", server.url(), "--model", model, "--publish", ANY_PORT) as ran:
        while not (said := re.search(r"publishing on (\S+);", ran.stderr.readline())):
            pass
        with Subscriber(said[1], timeout_s=30, kinds=("status",)) as subscriber:
            for message in subscriber:
                states.append(message.state)
                if message.state == "live":
                    server.kill()
                elif message.state == "backing-off":
                    break
        ran.send_signal(signal.SIGINT)
        ran.communicate(timeout=10)
    assert states[0] == "live" and states[-2:] == ["lost", "backing-off"]


def test_a_camera_that_is_not_there_at_the_start_is_an_error(cli, model):
    url = f"rtsp://joe:geheim@127.0.0.1:{free_port()}/cam0"
    result = cli("run", "--source", url, "--model", model, "--publish", ANY_PORT)
    result.fails(3, "cannot open rtsp://***@127.0.0.1", "nothing listens")
    assert "geheim" not in result.err and "trying again" not in result.err


@pytest.mark.parametrize("source", ["rtsp://127.0.0.1:1/cam0", "synthetic:"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(cli, model, source):
    result = cli("run", "--source", source, "--name", "front door", "--model", model)
    result.fails(2, "front door", "letters, digits")


def test_a_stored_model_runs_by_its_name(cli, home, video, weights_file):
    assert cli("models", "import", weights_file, "--as", "mine").code == 0
    result = cli("run", "--source", video(), "--model", "mine", "--publish", ANY_PORT, "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out.splitlines()[0])["model"] == "mine"
