"""A live source that never gives up: what breaks is closed, and begun anew after a while.

Each connection is a process of its own, which can be killed whatever it does. How patient it is and
when it tries again is said in ``streamrec.sources.link``.
"""

import logging
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Self

from streamrec.errors import SourceError, SourceOpenError, SourceReadError
from streamrec.sources.base import Source
from streamrec.sources.link import Link, LinkPolicy, worth_logging
from streamrec.sources.messages import Ended, Noticed, Opened, Snapshot, Withheld
from streamrec.sources.process import News, ReaderProcess, Received
from streamrec.sources.report import TELL_S, Report
from streamrec.types import CameraState, CameraStatus, Frame, now_s

OnSnapshot = Callable[[bytes, str], None]
"""Takes a picture as JPEG; or, where there is none, why."""

OnPreview = Callable[[float, bytes, bool], None]
"""Takes a small JPEG: its capture as Unix time in seconds, its bytes, and whether it is a cut."""

_CONNECTED = (CameraState.LIVE, CameraState.STALLED)
_log = logging.getLogger("streamrec")


class PersistentSource(Source):
    """Keeps a camera connected, for ever; ``read`` connects, waits and begins anew.

    What turns out not to be live, a file behind an address, ends where it ends, and fails as files
    do.

    Args:
        open_reader: begins a connection.
        name: what frames and statuses carry as ``source``.
        policy: how patient it is.
        tell: called on the thread that reads, with each change, and every ten seconds.
        show: called on that thread with each small JPEG that comes, cuts as in ``Frame``.
    """

    def __init__(
        self,
        open_reader: Callable[[], ReaderProcess],
        *,
        name: str,
        policy: LinkPolicy,
        tell: Callable[[CameraStatus], None],
        show: OnPreview = lambda captured_s, jpeg, cut: None,
    ) -> None:
        self.name, self.live = name, True
        self.fps: float | None = None
        self.frame_count: int | None = None
        self._open_reader, self._tell, self._show = open_reader, tell, show
        self._link = Link.start(policy, now_s())
        self._report = Report(name, self._link)
        self._reader: ReaderProcess | None = None
        self._asked: list[OnSnapshot] = []
        self._exchange = threading.Lock()  # of the reader, and of those who ask it
        self._interrupted = threading.Event()
        self._cut = True
        self._first_index = self._next_index = 0

    def connect(self) -> Self:
        """Make the first connection, which must work; later ones need not.

        Raises:
            SourceOpenError: it did not.
        """
        while not self._report.counts["connections"] and not self._interrupted.is_set():
            self._step()
            if self._link.state is CameraState.LOST:
                raise SourceOpenError(self._link.reason)
        return self

    def read(self) -> Frame | None:
        """Return the next frame, however long that takes; None after the end or ``interrupt``.

        The first frame of a connection is a cut. Frames are numbered through all connections.

        Raises:
            SourceReadError: it is not live, and failed.
        """
        while self._link.state is not CameraState.DISABLED and not self._interrupted.is_set():
            if (frame := self._step()) is not None:
                return frame
        return None

    def snapshot(self, answer: OnSnapshot) -> None:
        """Ask for the next picture as the camera sends it; may be called on any thread.

        ``answer`` is called with it on the thread that reads; or at once, where nothing is live.
        """
        with self._exchange:
            reader = self._reader if self._link.state in _CONNECTED else None
            if reader is not None:
                self._asked.append(answer)
        if reader is None:
            answer(b"", f"{self.name} is {self._link.state}")
            return
        with suppress(SourceError):  # who reads hears of it, too, and answers
            reader.ask_snapshot()

    def interrupt(self) -> None:
        """End a wait within ``read``, and the connection, within milliseconds."""
        self._interrupted.set()
        reader = self._reader
        if reader is not None:
            reader.kill()

    def close(self) -> None:
        """End the connection, and answer those who still wait for a snapshot."""
        self._interrupted.set()
        self._hang_up("it was closed")

    def _step(self) -> Frame | None:
        """Let time pass until one thing happens; return the frame, if it was one."""
        self._move(self._link.tick(now_s(), random.random()))
        if self._reader is None and self._link.state is CameraState.CONNECTING:
            self._connect()
        self._tell_news()
        news = self._wait()
        frame = None if news is None else self._take(news)
        self._tell_news()
        return frame

    def _connect(self) -> None:
        try:
            reader = self._open_reader()
        except SourceError as error:
            self._fail(str(error))
            return
        with self._exchange:
            self._reader = reader
        self._cut, self._first_index = True, self._next_index
        if self._interrupted.is_set():
            reader.kill()

    def _wait(self) -> News | None:
        """Wait for what the process says; None: it is time to look at the clock."""
        wait_s = max(0.0, min(self._link.due_s - now_s(), TELL_S))
        if self._reader is None:
            self._interrupted.wait(wait_s)
            return None
        try:
            return self._reader.receive(wait_s)
        except SourceError as error:
            self._fail(str(error))
            return None

    def _take(self, news: News) -> Frame | None:
        match news:
            case Received(frame, picture):
                self._move(self._link.frame(now_s()))
                self._report.picture(picture, now_s())
                return self._passed_on(frame, picture.preview)
            case Withheld(defect):
                self._move(self._link.frame(now_s()))
                self._report.withheld(defect, now_s())
            case Noticed():
                self._report.noticed(news)
            case Opened():
                self._report.counts["connections"] += 1
                self.live, self.fps, self.frame_count = news.live, news.fps, news.frame_count
            case Snapshot(jpeg):
                self._answer(jpeg, "")
            case Ended():
                self._end()
        return None

    def _passed_on(self, frame: Frame, preview: bytes) -> Frame:
        """Give a frame its number, and say whether it is the first of its connection."""
        index, cut = self._first_index + frame.index, frame.cut or self._cut
        self._next_index, self._cut = index + 1, False
        if preview:
            self._show(frame.captured_s, preview, cut)
        return replace(frame, index=index, cut=cut, source=self.name)

    def _end(self) -> None:
        if self.live and self.frame_count is None:
            self._fail("the sender ended the stream")
        else:
            self._move(self._link.disable(now_s(), "it came to its end"))

    def _fail(self, reason: str) -> None:
        if self._interrupted.is_set():
            return
        self._move(self._link.failed(now_s(), reason))

    def _move(self, link: Link) -> None:
        """Take how it stands now, with all that follows from it."""
        if link.state is CameraState.LOST and not self.live:
            self._move(link.disable(now_s(), link.reason))
            raise SourceReadError(link.reason)
        before, self._link = self._link, link
        self._report.link(link)
        if worth_logging(link, before):
            level = logging.INFO if link.state is CameraState.LIVE else logging.WARNING
            _log.log(level, "%s: %s", self.name, f"{link.state} {link.reason}".rstrip())
        if link.state in (CameraState.LOST, CameraState.DISABLED):
            self._hang_up(link.reason)

    def _hang_up(self, reason: str) -> None:
        with self._exchange:
            reader, self._reader = self._reader, None
        if reader is not None:
            with reader:  # which ends it, and lets go of its memory
                pass
        self._answer(b"", reason)

    def _answer(self, jpeg: bytes, error: str) -> None:
        with self._exchange:
            asked, self._asked = self._asked, []
        for answer in asked:
            answer(jpeg, error)

    def _tell_news(self) -> None:
        if (status := self._report.news(now_s())) is not None:
            self._tell(status)
