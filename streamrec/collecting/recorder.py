"""Cuts labelled clips out of what a source sends: when they begin, when they end.

Pictures are held as JPEG for as long as a clip may need them. All times are those of the frames.
"""

import math
from collections.abc import Callable

from streamrec.collecting.clip import jpeg_of
from streamrec.collecting.folder import BACKGROUND, ClipFolder
from streamrec.collecting.shelf import Clip, Shelf
from streamrec.config import CollectOptions
from streamrec.footage.ring import Ring, Shot
from streamrec.types import Frame

HELD_BYTES = 512 << 20
"""Of pictures that are held, and as many that wait to be written."""

GAP_S = 2.0
"""No clip goes on over a longer gap between frames."""

REPEAT_S = 0.7
"""A key that is held down is pressed again within that."""

QUIET_S = 1.0
"""A person presses a key so long after something began."""

_EARLY_S = 0.005  # the times of frames are not exact
_BACK_S = 0.5  # they may be repeated, or a little earlier than the one before


class Recorder:
    """Records clips of one source; used on one thread.

    Args:
        folder: where they go.
        options: how long they are.
        tell: is told what happens, a line at a time.
        fps: the source's rate, where known.
        late_s: how long after it began something may be told of, seconds.
        held_bytes: of pictures that are held, and that wait to be written.

    Attributes:
        folder: as above.
        shelf: what was recorded.
        dropped: how many frames this machine was too slow for.
    """

    def __init__(
        self,
        folder: ClipFolder,
        options: CollectOptions,
        tell: Callable[[str], None],
        *,
        fps: float | None = None,
        late_s: float = 0.0,
        held_bytes: int = HELD_BYTES,
    ) -> None:
        self.folder, self._options, self._tell = folder, options, tell
        self.shelf = Shelf(folder, tell, fps, held_bytes)
        self.dropped = 0
        self._late_s = options.before + late_s
        self._ring = Ring(self._held_s(), held_bytes)
        self._open: list[Clip] = []
        self._pressed_s: dict[str, float] = {}
        self._background_s = self._now_s = self._labelled_s = -math.inf
        self._since_s, self._utc_offset_s = math.inf, 0.0

    @property
    def recording(self) -> tuple[str, ...]:
        """Labels of what is being recorded."""
        return tuple(clip.label for clip in self._open)

    def take(self, frame: Frame) -> None:
        """Take the next frame."""
        self.dropped += frame.dropped
        if self._breaks(frame):
            self.interrupt()
        self._now_s = max(self._now_s, frame.time_s)
        self._utc_offset_s = frame.captured_s - self._now_s
        self._hold(Shot(self._now_s, jpeg_of(frame.image)))
        for clip in [clip for clip in self._open if clip.until_s <= self._now_s + _EARLY_S]:
            self._save(clip)
        if self._options.background:
            self._record_background()
        self._ring.let_go(self._needed_s())

    def press(self, label: str) -> None:
        """Take a press of a label's key."""
        if not len(self._ring):
            self._tell(f"{label}: there is no picture to record")
            return
        options, now_s = self._options, self._now_s
        repeated = 0 <= now_s - self._pressed_s.get(label, -math.inf) < REPEAT_S
        self._pressed_s[label] = now_s
        clip = next((clip for clip in self._open if clip.label == label), None)
        if options.toggle and repeated:
            return
        if clip is None:
            until_s = math.inf if options.toggle else now_s + options.after
            self.begin(label, now_s - options.before, until_s)
        else:
            self.end(clip, now_s if options.toggle else now_s + options.after)

    def begin(self, label: str, from_s: float, until_s: float = math.inf) -> Clip:
        """Begin a clip, which ends when its time comes, or when it is as long as any may be."""
        clip = Clip(label, max(from_s, self._since_s), min(until_s, from_s + self._options.longest))
        self._open.append(clip)
        self.shelf.add(clip)
        self._tell(f"{label}: recording")
        return clip

    def end(self, clip: Clip, until_s: float) -> None:
        """Let a clip that is being recorded end then; at once, where that is past."""
        if clip not in self._open:
            return
        clip.until_s = min(until_s, clip.from_s + self._options.longest)
        if clip.until_s <= self._now_s:
            self._save(clip)

    def undo(self) -> None:
        """Throw the newest clip away that is not of the background."""
        clip = self.shelf.take_back()
        if clip is None:
            self._tell("there is no clip of this session to delete")
        elif clip in self._open:
            self._open.remove(clip)
            self._tell(f"{clip.label}: thrown away")

    def interrupt(self) -> None:
        """Save what there is of all clips: the source is lost, or begins anew."""
        for clip in list(self._open):
            clip.until_s = min(clip.until_s, self._now_s + 2 * _EARLY_S)  # with the newest frame
            self._save(clip)
        self._ring.clear()
        self._now_s = self._labelled_s = -math.inf
        self._since_s = math.inf

    def finish(self) -> None:
        """Save what there is of all clips, and wait until all are written."""
        self.interrupt()
        self.shelf.finish()

    def _held_s(self) -> float:
        options = self._options
        nothing_s = QUIET_S + options.before + options.after if options.background else 0.0
        return self._late_s + nothing_s + 2 * _EARLY_S

    def _needed_s(self) -> float:
        return min((clip.from_s for clip in self._open), default=math.inf) - _EARLY_S

    def _breaks(self, frame: Frame) -> bool:
        step_s = frame.time_s - self._now_s
        return frame.cut or (math.isfinite(step_s) and not -_BACK_S <= step_s <= GAP_S)

    def _hold(self, shot: Shot) -> None:
        """Hold a picture; save the clips that hold most, where there are too many."""
        while self._open and not self._ring.has_room(shot):
            clip = min(self._open, key=lambda clip: clip.from_s)
            self._tell(f"{clip.label}: no more pictures can be held")
            clip.until_s = self._now_s
            self._save(clip)
            self._ring.let_go(self._needed_s())
        self._ring.push(shot)
        self._since_s = min(self._since_s, shot.captured_s)

    def _save(self, clip: Clip) -> None:
        self._open.remove(clip)
        self._labelled_s = max(self._labelled_s, clip.until_s)
        self._write(clip)

    def _write(self, clip: Clip) -> None:
        shots = self._ring.between(clip.from_s - _EARLY_S, clip.until_s - _EARLY_S)
        self.shelf.write(clip, shots, self._utc_offset_s + clip.from_s)

    def _record_background(self) -> None:
        """Record what was before, once it is sure that nobody means it by a key or an event."""
        until_s = self._now_s - self._late_s - QUIET_S
        from_s = until_s - self._options.before - self._options.after
        due = not 0 <= self._now_s - self._background_s < self._options.background
        if due and not self._open and from_s >= max(self._since_s, self._labelled_s):
            self._background_s = self._now_s
            self._write(Clip(BACKGROUND, from_s, until_s))
