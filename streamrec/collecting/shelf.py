"""The clips of a session: they are written one after the other, and the newest may be deleted."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from streamrec.collecting.clip import write_clip
from streamrec.collecting.folder import ClipFolder
from streamrec.errors import OutputError, StreamrecError
from streamrec.footage.ring import Shot
from streamrec.footage.writer import Task, Writer

_PATIENCE_S = 1.0


@dataclass(slots=True, eq=False)
class Clip:
    """A clip that is recorded, waits to be written, or is.

    Attributes:
        label: what it shows.
        from_s, until_s: from when to when it goes, on the frames' clock, seconds.
        path: the file, once it is there.
        unwanted: whether it is to be deleted then.
    """

    label: str
    from_s: float
    until_s: float
    path: Path | None = None
    unwanted: bool = False


class Shelf:
    """Writes clips on a thread of its own, and knows what became of each; used on one thread.

    Args:
        folder: where they go.
        tell: is told what happens, a line at a time.
        fps: the source's rate, where known.
        most_bytes: of pictures that wait to be written; a clip that is too much is lost.

    Attributes:
        saved, lost: how many clips were written, and could not be.
    """

    def __init__(
        self, folder: ClipFolder, tell: Callable[[str], None], fps: float | None, most_bytes: int
    ) -> None:
        self._folder, self._tell, self._fps = folder, tell, fps
        self._writer = Writer(most_bytes)
        self._written: SimpleQueue[tuple[Clip, Path, Exception | None]] = SimpleQueue()
        self._clips: list[Clip] = []
        self.saved = self.lost = 0

    def add(self, clip: Clip) -> None:
        """Take note of a clip that is begun and may be taken back."""
        self._clips.append(clip)

    def take_back(self) -> Clip | None:
        """Return the newest clip, of which no file stays; None: there is none."""
        clip = self._clips.pop() if self._clips else None
        if clip is not None:
            clip.unwanted = True
            self._delete(clip)
        return clip

    def write(self, clip: Clip, shots: Sequence[Shot], started_s: float) -> None:
        """Have a clip written.

        Args:
            clip: what it is.
            shots: what it shows.
            started_s: Unix time of its first picture, seconds.
        """
        path = self._folder.place(clip.label, started_s)
        if not shots:
            self._note(clip, path, OutputError("no picture of that time is left"))
            return
        task = Task(
            write=partial(write_clip, path, shots, self._fps),
            done=lambda error: self._written.put((clip, path, error)),
            size=sum(len(shot.jpeg) for shot in shots),
        )
        if not self._writer.submit(task):
            self._note(clip, path, OutputError("too many wait to be written; is the disk slow?"))

    def look_after(self) -> None:
        """Say what has been written since the last call."""
        with suppress(Empty):
            while True:
                self._note(*self._written.get_nowait())

    def finish(self) -> None:
        """Wait until all is written."""
        self._writer.hurry()
        if not self._writer.drain(_PATIENCE_S):
            self._tell("the last clips are being written")
        while not self._writer.drain(_PATIENCE_S):
            self.look_after()
        self.look_after()

    def _note(self, clip: Clip, path: Path, error: Exception | None) -> None:
        """Take what became of a clip."""
        if error is not None:
            self.lost += 1
            self._clips = [other for other in self._clips if other is not clip]
            why = str(error) if isinstance(error, StreamrecError) else type(error).__name__
            self._tell(f"{clip.label}: a clip is lost: {why}")
            return
        clip.path = path
        self.saved += 1
        self._folder.counts[clip.label] += 1
        if clip.unwanted:
            self._delete(clip)
        else:
            number, lasts_s = self._folder.counts[clip.label], clip.until_s - clip.from_s
            self._tell(f"{clip.label}: clip {number}, {lasts_s:.1f} s")

    def _delete(self, clip: Clip) -> None:
        if clip.path is None:
            return
        try:
            clip.path.unlink(missing_ok=True)
        except OSError as error:
            self._tell(f"cannot delete {clip.path}: {error.strerror or error}")
            return
        self.saved -= 1
        self._folder.counts[clip.label] -= 1
        self._tell(
            f"{clip.label}: the last clip is deleted, {self._folder.counts[clip.label]} left"
        )
