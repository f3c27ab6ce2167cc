"""What ``streamrec doctor`` tries out: ``python -m streamrec.cli.probes PROBE [ARGUMENT]``.

A probe runs in a process of its own, because drivers and libraries may hang, crash or chatter. It
prints each finding as one line of JSON as soon as it is there. What stops it goes to stderr.
"""

import math
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import msgspec

from streamrec.config import DEFAULT_MODEL, EMBEDDED_MODEL
from streamrec.errors import (
    EndpointError,
    ModelError,
    OutputError,
    RuntimeMissingError,
    SourceError,
    StreamrecError,
)
from streamrec.types import DEFAULT_ENDPOINT

if TYPE_CHECKING:
    from streamrec.client import Subscriber
    from streamrec.sinks.zmq import ZmqPublisher
    from streamrec.types import Frame, Prediction

Status = Literal["ok", "missing", "failed"]

SPEED_TEST_S = 1.0

_CAMERAS = range(5)
_MESSAGES = 100
_MESSAGE_WAIT_S = 0.05
_INPUT_SIZE = 32
_BUILD = "then, in the checkout: pip install --force-reinstall --no-deps ."
_HOW_TO_BUILD = {
    "linux": f"for faster steps, install a C++ compiler (apt-get install g++), {_BUILD}",
    "darwin": f"for faster steps, install a C++ compiler (xcode-select --install), {_BUILD}",
    "win32": "none is needed; Visual C++ cannot build it, on Linux and macOS steps are faster",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        topic: what was looked at.
        status: ``missing``: recognition works without it; ``failed``: it does not.
        detail: what was found.
        advice: what to do about it.
    """

    topic: str
    status: Status
    detail: str
    advice: str = ""


def opencv() -> Iterator[Finding]:
    """Write a video and read it again."""
    from streamrec.opencv import cv2
    from streamrec.sinks.video import VideoRecorder
    from streamrec.sources.open import open_source
    from streamrec.sources.synthetic import Scene, SyntheticSource

    build = cv2.getBuildInformation()
    has_ffmpeg = re.search(r"FFMPEG:\s+YES", build) is not None
    gui = re.search(r"GUI:\s+(\w+)", build)
    about = (
        f"{cv2.__version__}, FFmpeg {'yes' if has_ffmpeg else 'no'}, "
        f"windows {gui[1] if gui and gui[1] != 'NONE' else 'no'}"
    )
    with tempfile.TemporaryDirectory(prefix="streamrec-") as folder:
        path = Path(folder) / "video.mp4"
        recorder = VideoRecorder(path)
        for frame in SyntheticSource(Scene(width=64, height=48, seconds=0.2)):
            recorder.show(frame, None)
        recorder.close()
        with open_source(str(path)) as source:
            frames = sum(1 for _ in source)
    yield Finding("opencv", "ok", f"{about}; wrote a video and read its {frames} frames")


def display() -> Iterator[Finding]:
    """Ask for a window."""
    from streamrec.sinks.window import WindowViewer

    try:
        WindowViewer().close()
    except OutputError:
        detail = "no window can be opened: there is no display, or OpenCV has no windows"
        yield Finding("display", "missing", detail, "run without --show, or with --record FILE.mp4")
    else:
        yield Finding("display", "ok", "windows can be opened")


def cameras() -> Iterator[Finding]:
    """Take a picture with every camera."""
    from streamrec.sources.camera import CameraSource

    found = False
    for index in _camera_indices():
        try:
            with CameraSource(index) as camera:
                frame = camera.read()
        except SourceError:
            continue
        if frame is not None:
            height, width = frame.image.shape[:2]
            rate = f", {camera.fps:g} fps" if camera.fps else ""
            yield Finding(f"camera {index}", "ok", f"{width}x{height}{rate}")
            found = True
    if not found:
        advice = "connect one, end the programs that use it, permit access to it; or use files"
        yield Finding("cameras", "missing", "none gives pictures", advice)


def _camera_indices() -> list[int]:
    if not sys.platform.startswith("linux"):
        return list(_CAMERAS)
    return [index for index in _CAMERAS if Path(f"/dev/video{index}").exists()]


def torch() -> Iterator[Finding]:
    """Step a small random network on the CPU, then on a GPU."""
    yield Finding("torch", "ok", f"PyTorch {version('torch')}; {_torch_step('cpu')}")
    device = "mps" if sys.platform == "darwin" else "cuda"
    try:
        yield Finding("gpu", "ok", f"device {device}: {_torch_step(device)}")
    except RuntimeMissingError:
        advice = "none is needed: the CPU is enough for streams"
        yield Finding("gpu", "missing", f"PyTorch has no device {device} here", advice)


def _torch_step(device: str) -> str:
    import numpy as np

    from streamrec.build import load
    from streamrec.model_source import UNTRAINED

    recognizer = load(f"{UNTRAINED}movinet-t0-stream", runtime="torch", device=device)
    prediction = recognizer.stream().push(np.full((64, 64, 3), 127, np.uint8), 0.0)
    if prediction is None or not np.isfinite(prediction.raw).all():
        raise ModelError(f"a network gives no scores on device {device}")
    return f"a frame gives {prediction.raw.size} scores"


def onnx() -> Iterator[Finding]:
    """Step the embedded model."""
    from streamrec.build import load
    from streamrec.sources.synthetic import Scene, SyntheticSource

    stream = load(EMBEDDED_MODEL, runtime="onnx").stream()
    for frame in SyntheticSource(Scene(seconds=0.1)):
        stream.push(frame)
    yield Finding("onnx", "ok", f"ONNX Runtime {version('onnxruntime')}; {EMBEDDED_MODEL} runs")


def native() -> Iterator[Finding]:
    """Compare the embedded model's steps with PyTorch's, where the native runtime was built."""
    from streamrec.build import load
    from streamrec.runtimes.native import compiled_part, targets

    if compiled_part() is None:
        advice = _HOW_TO_BUILD.get(sys.platform, _HOW_TO_BUILD["linux"])
        yield Finding("native", "missing", "it was not built; ONNX Runtime serves", advice)
        return
    load(EMBEDDED_MODEL, runtime="native")
    best, *others = targets()
    detail = f"takes {best} here, could take {', '.join(others)}" if others else f"takes {best}"
    yield Finding("native", "ok", f"{detail}; {EMBEDDED_MODEL} computes what PyTorch does")


def zeromq() -> Iterator[Finding]:
    """Publish until a subscriber on this machine hears it, then ask for the default port."""
    from streamrec.client import Subscriber
    from streamrec.sinks.zmq import ZmqPublisher

    publisher = ZmqPublisher("tcp://127.0.0.1:*")
    with closing(publisher), Subscriber(publisher.endpoint) as subscriber:
        if not any(_heard(publisher, subscriber) for _ in range(_MESSAGES)):
            raise EndpointError(
                f"no message arrives on {publisher.endpoint}; does a firewall block it?"
            )
        started_s = time.perf_counter()
        _heard(publisher, subscriber)
        took_ms = (time.perf_counter() - started_s) * 1e3
    yield Finding("zeromq", "ok", f"pyzmq {version('pyzmq')}; a message takes {took_ms:.1f} ms")
    try:
        ZmqPublisher(DEFAULT_ENDPOINT).close()
    except EndpointError as error:
        yield Finding("port", "missing", str(error), "or add --publish tcp://127.0.0.1:PORT")
    else:
        yield Finding("port", "ok", f"{DEFAULT_ENDPOINT} is free")


def _heard(publisher: "ZmqPublisher", subscriber: "Subscriber") -> bool:
    publisher.emit(*_made_up())
    return subscriber.receive(_MESSAGE_WAIT_S) is not None


def _made_up() -> "tuple[Prediction, Frame]":
    import numpy as np

    from streamrec.types import Frame, Latency, Prediction, now_s

    time_s, scores = now_s(), np.ones(1, np.float32)
    image = np.zeros((1, 1, 3), np.uint8)
    frame = Frame(image=image, index=0, captured_s=time_s, time_s=time_s, source="doctor")
    prediction = Prediction(
        source=frame.source,
        frame_index=frame.index,
        captured_s=time_s,
        time_s=time_s,
        pts_s=None,
        model="doctor",
        labels=("heard",),
        scores=scores,
        raw=scores,
        warm_up=False,
        state_age=1,
        lanes=1,
        lanes_wanted=1,
        gap_s=0.0,
        repeated=0,
        resets=0,
        dropped=0,
        skipped=0,
        ready_s=time_s,
        latency=Latency(),
    )
    return prediction, frame


def speed(model: str) -> Iterator[Finding]:
    """Run a model for a second on one core; without a name, the one that ``run`` would take."""
    from streamrec.build import load
    from streamrec.sources.synthetic import Scene, SyntheticSource
    from streamrec.weights.store import Store

    model = model or (DEFAULT_MODEL if DEFAULT_MODEL in Store() else EMBEDDED_MODEL)
    recognizer = load(model)
    fps = recognizer.spec.fps
    stream = recognizer.stream(predict="grid", declared_fps=fps)
    frames = iter(SyntheticSource(Scene(fps=fps, seconds=math.inf)))
    stream.push(next(frames))
    count, started_s = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started_s) < SPEED_TEST_S:
        stream.push(next(frames))
        count += 1
    rate = count / seconds
    detail = f"{recognizer.name}: {rate:.0f} frames/s on one core; it needs {fps:g}"
    advice = "" if rate >= fps else "take a smaller model"
    yield Finding("speed", "ok" if rate >= fps else "failed", detail, advice)


PROBES: Mapping[str, Callable[..., Iterator[Finding]]] = MappingProxyType(
    {
        probe.__name__: probe
        for probe in (opencv, display, cameras, torch, onnx, native, zeromq, speed)
    }
)


def main(arguments: Sequence[str]) -> int:
    """Run one probe and print its findings."""
    probe, *rest = arguments
    try:
        for finding in PROBES[probe](*rest):
            print(msgspec.json.encode(finding).decode(), flush=True)
    except StreamrecError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
