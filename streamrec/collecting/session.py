"""The loop: frames and keys in, clips out."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Protocol

from streamrec.collecting.events import EventClips
from streamrec.collecting.lines import with_lines
from streamrec.collecting.operator import Operator
from streamrec.collecting.recorder import Recorder
from streamrec.collecting.terminal import Keys
from streamrec.sources.base import Source
from streamrec.types import CameraState, CameraStatus, Frame
from streamrec.window import Window

_AWAY = (CameraState.STALLED, CameraState.LOST)
_WAIT_S = 0.01
_BEHIND_S = 0.3


class WaitingSource(Source, Protocol):
    """A source that can be asked whether ``read`` would wait."""

    @property
    def waiting(self) -> bool:
        """Whether ``read`` returns at once."""


class StopFlag:
    """Whether a signal has asked for the end: Ctrl-C, SIGTERM, or a terminal that was closed."""

    def __init__(self) -> None:
        self.set = False

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let signals set the flag, and nothing else."""
        kinds = [getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")]
        before = {kind: signal.getsignal(kind) for kind in kinds if kind is not None}
        heard = [kind for kind, handler in before.items() if handler is not signal.SIG_IGN]
        for kind in heard:
            signal.signal(kind, self._set)
        try:
            yield
        finally:
            for kind in heard:
                signal.signal(kind, before[kind])

    def _set(self, kind: int, frame: FrameType | None) -> None:
        self.set = True


@dataclass(slots=True, kw_only=True)
class Session:
    """All that takes part.

    Attributes:
        source: what is filmed.
        recorder: records it.
        operator: takes keys.
        keys: of the terminal.
        told: how it stands with the camera, as the source's own thread puts it there.
        tell: is told what happens to the camera.
        window: shows it, None: nothing does.
        events: records by itself, None: keys do.
        stop: asks for the end.
    """

    source: WaitingSource
    recorder: Recorder
    operator: Operator
    keys: Keys
    told: "SimpleQueue[CameraStatus]"
    tell: Callable[[str], None]
    window: Window | None = None
    events: EventClips | None = None
    stop: StopFlag = field(default_factory=StopFlag)
    _lost: bool = False
    _said: set[str] = field(default_factory=set)

    def run(self, frame: Frame | None) -> None:
        """Collect until the end of the source, the key that ends, or the stop flag.

        Args:
            frame: the first one; to ask for it starts the clock of a file.

        Raises:
            StreamrecError: the source, the model or the window failed.
        """
        while frame is not None:
            self._take(frame)
            self._hear(0.0)
            while self._waits() and not self._is_over():
                self._hear(_WAIT_S)
            frame = None if self._is_over() else self.source.read()

    def _waits(self) -> bool:
        return self.source.live and not self.source.waiting

    def _is_over(self) -> bool:
        return self.stop.set or self.operator.ended

    def _hear(self, wait_s: float) -> None:
        """Take what the camera, the person and the writer of clips say."""
        self.recorder.shelf.look_after()
        with suppress(Empty):
            while True:
                self._stands(self.told.get_nowait())
        pressed = self.keys(wait_s)
        for key in pressed + (self.window.key() if self.window else ""):
            self.operator.press(key)

    def _take(self, frame: Frame) -> None:
        self.recorder.take(frame)
        if self.events is not None:
            self.events.take(frame)
        if self.window is not None and frame.behind_s < _BEHIND_S:
            recording = [f"REC {label}" for label in self.recorder.recording]
            lines = [*recording, *self._lines()]
            self.window.show(with_lines(frame.image, lines, red=len(recording)))

    def _lines(self) -> list[str]:
        """Return how many clips there are of each label, those with keys first."""
        counts, labels = self.recorder.folder.counts, self.operator.labels
        keys = [f"{key}  {label}: {counts[label]}" for key, label in labels.items()]
        others = sorted((+counts).keys() - set(labels.values()))
        return [*keys, *(f"{label}: {counts[label]}" for label in others)]

    def _stands(self, status: CameraStatus) -> None:
        """Take how it stands with the camera; what is recorded ends where it is away."""
        if status.state in _AWAY:
            self.recorder.interrupt()
        if self.events is not None:
            self.events.told(status.state)
        if status.state is CameraState.LOST and not self._lost:
            self._lost = True
            self.tell(f"{status.source}: {status.reason}; trying again")
        elif status.state is CameraState.LIVE and self._lost:
            self._lost = False
            self.tell(f"{status.source}: it is back")
        if status.defect is not None and status.defect not in self._said:
            self._said.add(status.defect)
            self.tell(f"{status.source}: the picture is {status.defect}, and not recorded")
