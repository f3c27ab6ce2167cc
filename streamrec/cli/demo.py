"""``streamrec demo``: the whole path on a short video that comes along, or on a webcam."""

import argparse
import json
import sys
from contextlib import ExitStack
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from streamrec.config import (
    EMBEDDED_MODEL,
    ModelOptions,
    OutputOptions,
    SourceOptions,
)

if TYPE_CHECKING:
    from streamrec.client import Subscriber
    from streamrec.sinks.base import Viewer
    from streamrec.sinks.zmq import ZmqPublisher
    from streamrec.types import Frame, Prediction
    from streamrec.wire import PredictionMessage

_ANY_PORT = "tcp://127.0.0.1:*"
_SURE = 0.4
_GRACE_S = 1.0
_BAR_WIDTH = 20


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("demo", help="see it work: no network, camera or display needed")
    parser.add_argument(
        "--source",
        metavar="SOURCE",
        help="watch this instead, such as 0 for a webcam; default: a generated video",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    if args.source is not None:
        return _watch_own(args.source)
    assets = files("streamrec") / "assets"
    script = json.loads((assets / "demo.json").read_text(encoding="utf-8"))
    with as_file(assets / "demo.mp4") as path:
        return _play(str(path), script)


def _watch_own(source: str) -> int:
    from streamrec.cli.live import LiveSettings, watch_source
    from streamrec.window import has_display

    return watch_source(
        LiveSettings(
            source=SourceOptions(source=source, mirror=source.isdigit()),
            model=ModelOptions(model=EMBEDDED_MODEL),
            output=OutputOptions(publish=_ANY_PORT, show=has_display()),
        )
    )


def _play(path: str, script: list[dict[str, Any]]) -> int:
    """Play the video as a camera would give it, and print what a subscriber receives."""
    from streamrec.build import load
    from streamrec.cli.live import describe
    from streamrec.client import Subscriber
    from streamrec.pipeline import run as run_pipeline
    from streamrec.sinks.zmq import ZmqPublisher
    from streamrec.sources.open import open_source

    with ExitStack() as stack:
        source = stack.enter_context(open_source(path, realtime=True))
        recognizer = load(EMBEDDED_MODEL)
        publisher = ZmqPublisher(_ANY_PORT)
        stack.callback(publisher.close)
        subscriber = stack.enter_context(Subscriber(publisher.endpoint))
        echo = _Echo(publisher, subscriber, script)
        print(
            f"{recognizer.name} watches {source.name}; a subscriber on {publisher.endpoint} hears:"
        )
        stream = recognizer.stream(source.name, declared_fps=source.fps)
        summary = run_pipeline(source, stream, [echo], _viewers(stack))
        echo.drain()
    seen = sum(echo.heard_during(scene) for scene in script)
    print(f"{seen} of {len(script)} motions of the script heard\n{describe(summary)}")
    print("next: `streamrec demo --source 0` before a webcam, `streamrec run --help`")
    return 0


def _viewers(stack: ExitStack) -> "list[Viewer]":
    from streamrec.sinks.window import WindowViewer
    from streamrec.window import has_display

    if not has_display():
        return []
    window = WindowViewer("streamrec demo")
    stack.callback(window.close)
    return [window]


class _Echo:
    """A sink that publishes, and prints what a subscriber of its own receives of that."""

    def __init__(
        self, publisher: "ZmqPublisher", subscriber: "Subscriber", script: list[dict[str, Any]]
    ) -> None:
        self._publisher, self._subscriber, self._script = publisher, subscriber, script
        self._leading = ""
        self._heard: list[tuple[float, str]] = []

    def emit(self, prediction: "Prediction", frame: "Frame") -> None:
        """Publish, and print what has arrived."""
        self._publisher.emit(prediction, frame)
        self.drain(wait_s=0.0)

    def drain(self, wait_s: float = 0.2) -> None:
        """Print what has arrived, and what arrives in the next moment."""
        while (message := self._subscriber.receive(wait_s)) is not None:
            self._hear(message)

    def heard_during(self, scene: dict[str, Any]) -> bool:
        """Tell whether a motion of the script was named while it went on, or just after."""
        return any(
            label == scene["label"] and scene["start_s"] <= time_s <= scene["end_s"] + _GRACE_S
            for time_s, label in self._heard
        )

    def close(self) -> None:
        """Nothing is held back; publisher and subscriber are closed where they were opened."""

    def _hear(self, message: "PredictionMessage") -> None:
        best, time_s = message.top[0], message.pts_s or 0.0
        if best.score < _SURE:
            return
        self._heard.append((time_s, best.label))
        if best.label != self._leading:
            self._leading = best.label
            told = f"  {time_s:5.1f} s  {best.label:<26}{best.score:4.0%} {_bar(best.score)}"
            print(f"{told:<66}{self._shown_at(time_s)}".rstrip(), flush=True)

    def _shown_at(self, time_s: float) -> str:
        """Say what the script shows at a moment, if anything."""
        for scene in self._script:
            if scene["start_s"] <= time_s <= scene["end_s"]:
                return f"(shown: {scene['label']})"
        return ""


def _bar(score: float) -> str:
    full = "█" if "utf" in (sys.stdout.encoding or "").lower() else "#"
    return full * round(score * _BAR_WIDTH)
