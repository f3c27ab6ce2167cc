"""The main job on real clips, with a real Kinetics-600 model, through real sockets."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
import zmq

from streamrec.build import load
from streamrec.cli import main
from streamrec.client import Subscriber
from streamrec.preprocess import Preprocessor
from streamrec.recognizer import Recognizer
from streamrec.sampling import TimeGrid
from streamrec.smoothing import NoSmoothing
from streamrec.sources.open import open_source

MODEL = "kinetics"
COMMAND = (sys.executable, "-m", "streamrec.cli")

# How far LiteRT may be, which rounds activations to 8 bits; we run the same weights in float.
LAST_TOLERANCE = 0.3
"""Of the best class's probability at a clip's last frame."""

MEAN_TOLERANCE, CLIP_TOLERANCE = 5e-4, 8e-4
"""Mean absolute difference of probabilities, over all clips and in the worst one. Measured: 3.7e-4
and 6.7e-4. Another activation gives 7e-4 or more over all clips, kernels that are transposed or
reversed in time, lost residual scales and shifted classes 2.8e-3 to the most possible, 3.3e-3."""

LEAST_CORRELATION = 0.955
"""Of the logits, mean over all clips. Measured: 0.965. It sees one layer that is wrong: a kernel
transposed gives 0.949, a residual scale lost 0.933, a kernel reversed in time 0.88 or less. Blocks
of equal shape that change places in a group give 0.94 to 0.96, so they may pass."""

CLIPS = {
    "jumpingjack.gif": "jumping jacks",
    "carving_ice_rpi.mp4": "carving ice",
    "mmaction2_demo_arm_wrestling.mp4": "arm wrestling",
    "mmaction2_tests_test.mp4": "cleaning pool",
    "v_CricketShot_g04_c01_rgb.gif": "playing cricket",
    "decord_flipping_a_pancake.mkv": "flipping pancake",
    "paddlevideo_horse_riding.gif": "riding or walking with horse",
    "tfjs_pose_squats.mp4": "squat",
}


@pytest.fixture(scope="module")
def data(shared) -> Path:
    return shared / "data"


@pytest.fixture(scope="module")
def home(data, tmp_path_factory):
    """A store with the published int8 model in it, ready to run."""
    pytest.importorskip("tflite", reason="the tflite extra is not installed")
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMREC_HOME", str(folder))
        model, labels = "movinet_a0_stream_int8.tflite", "kinetics_600_labels.txt"
        command = ["models", "import", str(data / "models" / model), "--as", MODEL]
        assert main([*command, "--labels", str(data / "models" / labels)]) == 0
        load(MODEL)  # exported now, so that no command waits for it
        yield folder


def test_the_table_of_clips_is_the_published_one(data):
    with (data / "clips" / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kinetics600_label"]]
    assert {row["file"]: row["kinetics600_label"] for row in rows} == CLIPS


def test_classify_names_every_clip(home, data, capsys):
    files = [str(data / "clips" / name) for name in CLIPS]
    assert main(["classify", *files, "--model", MODEL, "--json", "--top", "1"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    named = {Path(answer["file"]).name: answer["top"][0]["label"] for answer in answers}
    assert named == CLIPS


def test_a_stream_reaches_the_same_answer_on_every_clip(home, data):
    recognizer = load(MODEL)
    named = {}
    for name in CLIPS:
        with open_source(data / "clips" / name) as source:
            stream = recognizer.stream(declared_fps=source.fps)
            predictions = [stream.push(frame) for frame in source]
        named[name] = [p for p in predictions if p is not None][-1].top(1)[0].label
    assert named == CLIPS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def in_real_time(name: str, quick: bool) -> object:
    """A clip of the quick tests, or one that is played only where a minute is to spare."""
    wanted = quick or os.environ.get("STREAMREC_SLOW") == "1"
    skip = pytest.mark.skipif(not wanted, reason="a minute of clips: set STREAMREC_SLOW=1")
    return pytest.param(name, marks=() if quick else (pytest.mark.slow, skip))


@pytest.mark.parametrize(
    "name",
    [in_real_time(name, name in ("jumpingjack.gif", "carving_ice_rpi.mp4")) for name in CLIPS],
)
def test_run_in_real_time_and_watch_name_the_clip(home, data, name):
    clip = data / "clips" / name
    with open_source(clip) as source:
        frames = sum(1 for _ in source)
    run = [*COMMAND, "run", "--source", str(clip), "--realtime", "--model", MODEL]
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [*COMMAND, "watch", endpoint, "--json", "--timeout", "5"], stdout=subprocess.PIPE
    ) as watch:
        finished = subprocess.run([*run, "--publish", endpoint], capture_output=True, timeout=60)
        lines = watch.communicate(timeout=60)[0].decode().splitlines()
    assert finished.returncode == 0, finished.stderr.decode()
    messages = [json.loads(line) for line in lines]
    assert messages[0]["pts_s"] < 0.5
    assert 0.9 * frames <= len(messages) <= frames
    assert messages[-1]["top"][0]["label"] == CLIPS[name]
    assert all(0 < message["latency"]["total_ms"] < 10_000 for message in messages)


def test_a_camera_behind_a_password_is_recognised_and_the_password_stays_secret(
    home, data, rtsp_server
):
    name, password = "carving_ice_rpi.mp4", "s3:cr@t/#?%"
    server = rtsp_server("joe doe", password, play=data / "clips" / name)
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    options = ("--model", MODEL, "--publish", endpoint)
    with Subscriber(endpoint, timeout_s=1.0) as subscriber, raw_subscriber(endpoint) as raw:
        said = watched_once("--source", server.url, *options)
        messages = [message for message in subscriber if not message.resets]
        frames = b"".join(everything(raw))
    assert messages[-1].top[0].label == CLIPS[name]
    assert f"/{messages[-1].source}/".encode() in frames
    for secret in (password, quote(password, safe=""), "s3:cr", "s3%3Acr", "joe"):
        assert secret.encode() not in frames
        assert secret not in said


def watched_once(*options: str) -> str:
    """Run until a camera is lost, then end it with Ctrl-C; return all that it said."""
    process = subprocess.Popen(
        [*COMMAND, "run", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        said = ""
        while "trying again" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGINT)
        said += "".join(process.communicate(timeout=10))
    assert process.returncode == 0, said
    return said


@contextmanager
def raw_subscriber(endpoint: str) -> Iterator[zmq.Socket]:
    """A socket that shows topics and payloads as they are on the wire."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.subscribe(b"")
        socket.connect(endpoint)
        yield socket


def everything(socket: zmq.Socket) -> Iterator[bytes]:
    """All parts that have arrived; two subscribers need not have heard the same first message."""
    while socket.poll(500):
        yield from socket.recv_multipart()


def test_probabilities_agree_with_litert(home, data):
    runner = LiteRt(data / "models" / "movinet_a0_stream_int8.tflite")
    recognizer = load(MODEL)
    differences, correlations = [], []
    for name, label in CLIPS.items():
        ours, theirs = both(recognizer, runner, data / "clips" / name)
        best = recognizer.labels.index(label)
        assert theirs[-1].argmax() == best == ours[-1].argmax()
        assert abs(theirs[-1, best] - ours[-1, best]) <= LAST_TOLERANCE, name
        differences.append(np.abs(ours - theirs).mean())
        correlations.append(np.mean(list(map(correlation, ours, theirs))))
    print("mean differences of probabilities:", *(f"{value:.1e}" for value in differences))
    print("correlations of logits:", *(f"{value:.3f}" for value in correlations))
    assert max(differences) <= CLIP_TOLERANCE
    assert np.mean(differences) <= MEAN_TOLERANCE
    assert np.mean(correlations) >= LEAST_CORRELATION


def both(recognizer: Recognizer, runner: "LiteRt", clip: Path) -> tuple[np.ndarray, np.ndarray]:
    """The probabilities of both, [frames, classes], for each frame that takes a grid point."""
    preprocess = Preprocessor(recognizer.spec.preprocessing)
    ours, theirs, last = [], [], None
    runner.reset()
    with open_source(clip) as source:
        stream = recognizer.stream(predict="grid", smoother=NoSmoothing(), declared_fps=source.fps)
        grid = TimeGrid(fps=recognizer.spec.fps, declared_fps=source.fps)
        for frame in source:
            prediction, x = stream.push(frame), preprocess(frame.image)
            steps = [runner.step(last if t.repeat else x) for t in grid.push(frame.time_s).turns]
            last = x
            assert (prediction is not None) == bool(steps)
            if prediction is not None:
                ours.append(prediction.raw)
                theirs.append(steps[-1])
    return np.array(ours), np.array(theirs)


def correlation(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Of the logits of one frame, which logarithms of probabilities differ from by a constant."""
    return float(np.corrcoef(np.log(ours), np.log(theirs))[0, 1])


class LiteRt:
    """LiteRT running a published stream model, states carried by name."""

    def __init__(self, path: Path) -> None:
        interpreter = pytest.importorskip("ai_edge_litert.interpreter")
        self._run = interpreter.Interpreter(str(path)).get_signature_runner()
        self._shapes = {
            name: detail
            for name, detail in self._run.get_input_details().items()
            if name != "image"
        }
        self.reset()

    def reset(self) -> None:
        self._states = {
            name: np.zeros(detail["shape"], detail["dtype"])
            for name, detail in self._shapes.items()
        }

    def step(self, x: np.ndarray) -> np.ndarray:
        image = x.transpose(0, 2, 3, 1)[:, None]
        outputs = self._run(image=image, **self._states)
        logits = outputs.pop("logits")[0]
        self._states = {name: outputs[name] for name in self._states}
        powers = np.exp(logits - logits.max())
        return powers / powers.sum()


def test_a_camera_is_watched_in_windows(home, data, rtsp_server):
    server = rtsp_server(play=data / "clips" / "carving_ice_rpi.mp4")
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    windows = ("--model", "untrained:mobilenet3d-v2-0.2", "--window", "8", "--hop", "4")
    with Subscriber(endpoint, timeout_s=1.5) as subscriber:
        said = watched_once("--source", server.url, *windows, "--publish", endpoint)
        messages = [message for message in subscriber if not message.resets]
    assert "windows of 8 frames at 25/s, every 4" in said
    assert [message.warm_up for message in messages[:3]] == [True, False, False]
    assert {message.lanes for message in messages} == {1}
    ages = [message.state_age for message in messages]
    assert all(later - earlier == 4 for earlier, later in pairwise(ages[:-1]))
    seconds = messages[-1].captured_s - messages[0].captured_s
    assert len(messages) == pytest.approx(1 + seconds * 25 / 4, abs=3)
