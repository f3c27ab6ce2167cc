"""Recovery: from the end of a fault to the first frame that is handed on."""

import statistics
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from h264 import write_h264
from options import Options
from serving import cameras
from timing import Row

from streamrec.config import CaptureOptions, SourceOptions
from streamrec.sources.messages import Reading
from streamrec.sources.watch_camera import open_camera
from streamrec.types import CameraState, CameraStatus, Frame, now_s

LASTS_S = 4.0
LONG_S = 12.0
"""Longer than the time-out, so that the connection is given up."""

PATIENCE_S = 120.0
CALM_S = 2.0

FAULTS: Mapping[str, tuple[float, Callable[[Any], None], Callable[[Any], None]]] = {
    "server killed, then restarted": (LASTS_S, lambda s: s.kill(), lambda s: s.restart()),
    "server halted": (LASTS_S, lambda s: s.pause(), lambda s: s.resume()),
    "server halted for longer than the time-out": (
        LONG_S,
        lambda s: s.pause(),
        lambda s: s.resume(),
    ),
    "connection cut": (0.2, lambda s: s.do("drop cam0"), lambda s: None),
    "no frames": (LASTS_S, lambda s: s.do("mute cam0"), lambda s: s.do("restore cam0")),
    "picture frozen": (LASTS_S, lambda s: s.do("freeze cam0"), lambda s: s.do("restore cam0")),
    "picture black": (LASTS_S, lambda s: s.do("black cam0"), lambda s: s.do("restore cam0")),
    "all pictures damaged": (
        LASTS_S,
        lambda s: s.do("corrupt cam0 1"),
        lambda s: s.do("restore cam0"),
    ),
    "a tenth of the packets lost": (
        LASTS_S,
        lambda s: s.do("loss cam0 0.1"),
        lambda s: s.do("restore cam0"),
    ),
}
"""How long each lasts, seconds, what begins it and what ends it."""


def measure(options: Options) -> list[Row]:
    """Let each fault befall a camera, some times over."""
    video = options.video or write_h264(options.folder / "camera.mp4", options.heights[-1], 4.0)
    rounds = max(1, options.rounds // 5)
    with cameras("cam0", play=video) as server:
        return [_row(name, [_recover(server, name) for _ in range(rounds)]) for name in FAULTS]


def _row(name: str, times: list[tuple[float, bool]]) -> Row:
    seconds = [seconds for seconds, _ in times]
    return {
        "fault": name,
        "lasted_s": FAULTS[name][0],
        "connections lost": sum(lost for _, lost in times),
        "times": len(times),
        "median_s": statistics.median(seconds),
        "longest_s": max(seconds),
    }


def _recover(server: Any, name: str) -> tuple[float, bool]:
    """Return the seconds until a frame came, and whether the connection was lost."""
    lasts_s, begin, end = FAULTS[name]
    watch = _Watch(server.url())
    try:
        watch.await_frame(0.0)
        time.sleep(CALM_S)
        begin(server)
        time.sleep(lasts_s)
        ended_s = now_s()
        end(server)
        captured_s = watch.await_frame(ended_s)
    finally:
        watch.close()
    return captured_s - ended_s, CameraState.LOST in watch.states


class _Watch:
    """A camera that is watched; what is known of it lately."""

    def __init__(self, url: str) -> None:
        self.states: set[CameraState] = set()
        self._changed = threading.Condition()
        self._captured_s = 0.0
        self._camera = open_camera(
            url,
            name="cam0",
            source=SourceOptions(source=url),
            capture=CaptureOptions(),
            reading=Reading(frozen_s=1.0),
            tell=self._hear,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def await_frame(self, after_s: float) -> float:
        """Return when the first frame was captured after that time; both Unix time."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._captured_s > after_s, PATIENCE_S):
                raise SystemExit("the camera did not recover")
            return self._captured_s

    def close(self) -> None:
        self._camera.close()

    def _hear(self, status: CameraStatus) -> None:
        self.states.add(status.state)

    def _read(self) -> None:
        for frame in iter(self._camera.read, None):
            self._take(frame)

    def _take(self, frame: Frame) -> None:
        with self._changed:
            self._captured_s = frame.captured_s
            self._changed.notify_all()
