"""The one capture thread: it opens a source, reads it and closes it, so nobody else waits for it.

Native reads can block, or hang for good. They do so here, on a daemon thread; the reader waits on
a mailbox that holds one frame, or a few for a reader that is busy now and then, can be interrupted
at any time, and can always walk away.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources.base import Source
from streamrec.types import Frame

CLOSE_TIMEOUT_S = 0.4
"""How long ``close`` waits for a native read; after that the thread is left to end by itself."""

MOST_KEPT_BYTES = 256_000_000
"""Of frames that wait for a busy reader: 41 at 1920 x 1080."""

_POLL_S = 0.1  # a waiting Python on Windows hears Ctrl-C between waits only


class CaptureThread(Source):
    """A source that is read on its own thread.

    A live source goes on whatever the reader does: the mailbox keeps the newest frame, or as many
    as ``keep`` says. Where there are more, every second one gives way and is counted in ``dropped``
    of its successor, so that those which stay cover all the time that has passed. A
    source that is not live waits for its reader and loses nothing. A source that starts at its
    first ``read`` does so when its reader first asks for a frame.

    Args:
        open_source: makes the source; called on the thread.
        open_timeout_s, read_timeout_s: longest wait for the source and for a frame in seconds,
            None: for ever. They catch what the source's own time-outs miss.
        on_change: called on the thread when there is a frame to take, or an end.

    Raises:
        SourceOpenError: as ``open_source`` raises it, or it took too long.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        *,
        open_timeout_s: float | None = None,
        read_timeout_s: float | None = None,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._read_timeout_s = read_timeout_s
        self._on_change = on_change
        self._changed = threading.Condition()
        self._source: Source | None = None
        self._frames: list[Frame] = []
        self._room = 1
        self._error: BaseException | None = None
        self._asked = self._stopped = False
        self._patience_s = CLOSE_TIMEOUT_S
        self._thread = threading.Thread(
            target=self._run, args=(open_source,), name="streamrec-capture", daemon=True
        )
        self._thread.start()
        source = self._await_source(open_timeout_s)
        self.name, self.live = source.name, source.live
        self.fps, self.frame_count = source.fps, source.frame_count

    def read(self) -> Frame | None:
        """Take the next frame, waiting for one if need be; None at the end."""
        with self._changed:
            self._asked = True
            self._changed.notify_all()
            if not self._wait_for(self._readable, self._read_timeout_s):
                raise SourceReadError(f"no frame from {self.name} for {self._read_timeout_s:g} s")
            return self._take()

    @property
    def waiting(self) -> bool:
        """Whether ``read`` returns, or raises, without waiting."""
        return self._readable()

    def _take(self) -> Frame | None:
        """Take the oldest frame, the condition held."""
        if not self._frames:
            if self._error is not None:
                raise self._error
            return None
        frame = self._frames.pop(0)
        self._changed.notify_all()
        if not self._frames:
            return frame
        return replace(frame, behind_s=max(0.0, self._frames[-1].time_s - frame.time_s))

    def keep(self, frames: int) -> None:
        """Hold up to so many frames of a live source, at most 256 MB of them, at least one."""
        self._room = max(1, frames)

    def close(self) -> None:
        """Stop the thread, which releases the source; waits half a second at the most."""
        with self._changed:
            self._stop()
            self._frames.clear()
            self._error = None
        patience_s, self._patience_s = self._patience_s, 0.0
        self._thread.join(patience_s)

    def _run(self, open_source: Callable[[], Source]) -> None:
        try:
            with open_source() as source:
                self._announce(source)
                self._await_reader(source)
                while not self._stopped and (frame := source.read()) is not None:
                    self._put(frame, wait=not source.live)
        except BaseException as error:  # noqa: BLE001  whatever it is, it belongs to the reader
            with self._changed:
                self._error = None if self._stopped else error
        finally:
            with self._changed:
                self._stop()
            self._on_change()

    def _announce(self, source: Source) -> None:
        with self._changed:
            self._source = source
            self._changed.notify_all()

    def _await_reader(self, source: Source) -> None:
        if source.starts_at_read:
            with self._changed:
                self._wait_for(lambda: self._asked or self._stopped)

    def _put(self, frame: Frame, *, wait: bool) -> None:
        with self._changed:
            if wait:
                self._wait_for(lambda: not self._frames or self._stopped)
            if self._stopped:
                return
            self._frames.append(frame)
            if len(self._frames) > max(1, min(self._room, MOST_KEPT_BYTES // frame.image.nbytes)):
                self._frames = _thinned(self._frames)
            self._changed.notify_all()
        self._on_change()

    def _readable(self) -> bool:
        return bool(self._frames) or self._stopped

    def _stop(self) -> None:
        self._stopped = True
        if self._source is not None:
            self._source.interrupt()
        self._changed.notify_all()

    def _await_source(self, timeout_s: float | None) -> Source:
        try:
            with self._changed:
                self._wait_for(lambda: self._source or self._stopped, timeout_s)
                if self._source is not None:
                    return self._source
                late = SourceOpenError(f"the source did not open within {timeout_s} s")
                raise self._error or late
        except BaseException:
            self._stopped = True
            raise

    def _wait_for(self, ready: Callable[[], object], timeout_s: float | None = None) -> bool:
        """Wait in short steps, the condition held, until ``ready`` or the time is up."""
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not ready():
            if deadline_s is not None and time.monotonic() >= deadline_s:
                return False
            self._changed.wait(_POLL_S)
        return True


def _thinned(frames: list[Frame]) -> list[Frame]:
    """Leave out every second frame, never the newest, and count it in its successor."""
    kept = [frame.after(lost) for lost, frame in zip(frames[::2], frames[1::2], strict=False)]
    return kept if len(frames) % 2 == 0 else [*kept, frames[-1]]
