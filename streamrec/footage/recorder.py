"""What is kept of a camera's events: a thumbnail and a clip of each.

Pictures come on the thread that reads the camera, events on the loop's; both only note them down.
Files are written by the ``Writer``.
"""

import logging
import math
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from streamrec.atomic import atomic_path
from streamrec.config import FootageOptions
from streamrec.errors import OutputError, StreamrecError
from streamrec.footage.clip import write_clip
from streamrec.footage.files import PERMISSIONS, SUFFIXES, Footage, footage_file, make_folders
from streamrec.footage.ring import Ring, Shot
from streamrec.footage.writer import Task, Writer
from streamrec.types import ActionEvent, EventEnd, EventPhase

LATE_S = 10.0
"""An event may be told so long after its first frame, seconds."""

_SEEN_OUT = (EventEnd.SCORE, EventEnd.LABEL, EventEnd.STILL)
_COUNTS: dict[Footage, str] = {"thumbnail": "thumbnails", "clip": "clips"}
_log = logging.getLogger("streamrec.footage")


@dataclass(slots=True)
class _Clip:
    """A clip that is still being collected: of which event, and from when to when."""

    event: ActionEvent
    from_s: float
    until_s: float


class Recorder:
    """Keeps thumbnails and clips of one camera's events; safe to use on several threads.

    A thumbnail is there when its event begins; at the end it is replaced by the frame with the
    highest score. Clips share their pictures until they are written. A clip ends early where the
    camera is lost or begins anew, and where its pictures are too many to be held.

    Args:
        folder: of all footage.
        source: the camera's name.
        options: what is kept.
        writer: writes the files.
        late_s: how long after its first frame an event may be told, seconds.
    """

    def __init__(
        self,
        folder: Path,
        source: str,
        options: FootageOptions,
        writer: Writer,
        *,
        late_s: float = LATE_S,
    ) -> None:
        self._folder, self._source = folder, source
        self._options, self._writer = options, writer
        self._before_s = min(options.clip_before, options.clip_longest / 2)
        self._ring = Ring(late_s + (self._before_s if options.clip else 0.0))
        self._clips: dict[str, _Clip] = {}
        self._thumbnails: dict[str, Shot] = {}
        self._counts: Counter[str] = Counter()
        self._failing: set[Footage] = set()
        self._lock = threading.Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many files were written and lost, by the names in ``streamrec.service.counts``."""
        with self._lock:
            return dict(self._counts)

    def frame(self, captured_s: float, jpeg: bytes, cut: bool) -> None:
        """Take a picture.

        Args:
            captured_s: Unix time of its capture, seconds.
            jpeg: the picture.
            cut: as in ``Frame``; no clip goes on across it.
        """
        shot = Shot(captured_s, jpeg)
        with self._lock:
            if cut:
                self._finish()
                self._ring.clear()
            self._make_room(shot)
            self._ring.push(shot)
            self._finish(until_s=captured_s)
            self._ring.let_go(self._needed_s())

    def event(self, event: ActionEvent) -> None:
        """Take note of an event that began, goes on or ended."""
        with self._lock:
            if event.phase is EventPhase.START:
                self._begin(event)
            if self._options.thumbnail:
                self._picture(event)
            if event.phase is EventPhase.END:
                self._end(event)

    def finish(self) -> None:
        """Write the clips of all events with what there is: nothing more is to come."""
        with self._lock:
            self._finish()

    def _begin(self, event: ActionEvent) -> None:
        if self._options.clip:
            from_s = event.started_s - self._before_s
            self._clips[event.id] = _Clip(event, from_s, from_s + self._options.clip_longest)

    def _end(self, event: ActionEvent) -> None:
        clip = self._clips.get(event.id)
        if clip is None:
            return
        until_s = (event.ended_s or event.captured_s) + self._options.clip_after
        clip.until_s = min(clip.until_s, until_s)
        if event.reason not in _SEEN_OUT:
            self._write_clip(clip)

    def _picture(self, event: ActionEvent) -> None:
        """Hold the frame nearest to the peak; write it at the event's start and end."""
        shots = (self._ring.nearest(event.peak_s), self._thumbnails.get(event.id))
        known = [shot for shot in shots if shot is not None]
        best = min(known, key=lambda shot: abs(shot.captured_s - event.peak_s), default=None)
        if best is not None:
            self._thumbnails[event.id] = best
        if event.phase is not EventPhase.UPDATE:
            self._submit("thumbnail", event, [] if best is None else [best])
        if event.phase is EventPhase.END:
            self._thumbnails.pop(event.id, None)

    def _make_room(self, shot: Shot) -> None:
        """Write the clips that hold most, where there are too many pictures."""
        while self._clips and not self._ring.has_room(shot):
            self._write_clip(min(self._clips.values(), key=lambda clip: clip.from_s))
            self._ring.let_go(self._needed_s())

    def _finish(self, until_s: float = math.inf) -> None:
        """Write the clips that are over by then."""
        for clip in [clip for clip in self._clips.values() if clip.until_s <= until_s]:
            self._write_clip(clip)

    def _needed_s(self) -> float:
        return min((clip.from_s for clip in self._clips.values()), default=math.inf)

    def _write_clip(self, clip: _Clip) -> None:
        del self._clips[clip.event.id]
        self._submit("clip", clip.event, self._ring.between(clip.from_s, clip.until_s))

    def _submit(self, what: Footage, event: ActionEvent, shots: Sequence[Shot]) -> None:
        path = footage_file(self._folder, self._source, event.started_s, event.id, what)
        write = partial(_write, self._folder, path, shots)
        counts = what == "clip" or event.phase is EventPhase.END  # a thumbnail is written twice
        done = partial(self._done, what, counts)
        size = sum(len(shot.jpeg) for shot in shots)
        if not shots:
            self._lose(what, counts, "no picture of that time came")
        elif not self._writer.submit(Task(write, done, size)):
            self._lose(what, counts, "too many wait to be written")

    def _done(self, what: Footage, counts: bool, error: Exception | None) -> None:
        with self._lock:
            if error is None:
                self._counts[_COUNTS[what]] += counts
                self._failing.discard(what)
            else:
                known = isinstance(error, StreamrecError)
                self._lose(what, counts, str(error) if known else type(error).__name__)

    def _lose(self, what: Footage, counts: bool, why: str) -> None:
        """Count it; say so once, until one is written."""
        self._counts["footage_lost"] += counts
        if what not in self._failing:
            self._failing.add(what)
            _log.warning("%s: no %s of its events: %s", self._source, what, why)


def _write(folder: Path, path: Path, shots: Sequence[Shot]) -> None:
    """Write a clip, or the picture of a thumbnail.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        make_folders(folder, path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
    if path.suffix == SUFFIXES["clip"]:
        write_clip(path, shots)
        return
    with atomic_path(path, PERMISSIONS) as temporary:
        temporary.write_bytes(shots[0].jpeg)
