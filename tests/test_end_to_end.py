"""The main job on real clips, with a real Kinetics-600 model, through real sockets."""

import csv
import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from streamrec.build import load
from streamrec.cli import main
from streamrec.preprocess import Preprocessor
from streamrec.sampling import TimeGrid
from streamrec.smoothing import NoSmoothing
from streamrec.sources.open import open_source

MODEL = "kinetics"
LITERT_TOLERANCE = 0.3
"""Largest difference of the best class's probability to LiteRT's on whole clips. LiteRT rounds
activations to 8 bits; we run the same weights in float."""

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
    """A store with the published int8 model in it."""
    pytest.importorskip("tflite", reason="the tflite extra is not installed")
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STREAMREC_HOME", str(folder))
        model, labels = "movinet_a0_stream_int8.tflite", "kinetics_600_labels.txt"
        command = ["models", "import", str(data / "models" / model), "--as", MODEL]
        assert main([*command, "--labels", str(data / "models" / labels)]) == 0
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


@pytest.mark.parametrize("name", ["jumpingjack.gif", "carving_ice_rpi.mp4"])
def test_run_in_real_time_and_watch_name_the_clip(home, data, name):
    command = [sys.executable, "-m", "streamrec.cli"]
    clip = str(data / "clips" / name)
    run = [*command, "run", "--source", clip, "--realtime", "--model", MODEL]
    endpoint = f"tcp://127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [*command, "watch", endpoint, "--json", "--timeout", "5"], stdout=subprocess.PIPE
    ) as watch:
        finished = subprocess.run([*run, "--publish", endpoint], capture_output=True, timeout=60)
        lines = watch.communicate(timeout=60)[0].decode().splitlines()
    assert finished.returncode == 0, finished.stderr.decode()
    messages = [json.loads(line) for line in lines]
    assert messages[-1]["top"][0]["label"] == CLIPS[name]
    assert all(0 < message["latency"]["total_ms"] < 10_000 for message in messages)


def test_probabilities_agree_with_litert(home, data):
    runner = LiteRt(data / "models" / "movinet_a0_stream_int8.tflite")
    recognizer = load(MODEL)
    preprocess = Preprocessor(recognizer.spec.preprocessing)
    for name, label in CLIPS.items():
        best = recognizer.labels.index(label)
        with open_source(data / "clips" / name) as source:
            stream = recognizer.stream(
                predict="grid", smoother=NoSmoothing(), declared_fps=source.fps
            )
            grid = TimeGrid(fps=recognizer.spec.fps, declared_fps=source.fps)
            runner.reset()
            for frame in source:
                prediction = stream.push(frame)
                for _ in grid.push(frame.time_s).turns:
                    theirs = runner.step(preprocess(frame.image))
                if prediction is not None:
                    ours = prediction.raw
        assert theirs.argmax() == best == ours.argmax()
        assert abs(float(theirs[best] - ours[best])) <= LITERT_TOLERANCE, name


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
