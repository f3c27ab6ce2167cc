"""The program of a capture process: it opens one source and hands its pictures to its owner.

Started by ``streamrec.sources.process``. Whatever hangs or crashes here, does so here alone.
"""

import os
import threading
import traceback
from pathlib import Path
from queue import Empty, LifoQueue
from socket import socket

import numpy as np

from streamrec.child import Line, LineClosedError
from streamrec.errors import SourceOpenError, StreamrecError
from streamrec.opencv import cv2
from streamrec.preprocess import Preprocessor
from streamrec.sampling import TimeGrid
from streamrec.sources.decoder_log import Damage, DecoderLog, prepare_decoder_log
from streamrec.sources.grabber import Grabbed, Grabber
from streamrec.sources.messages import (
    Ended,
    Failed,
    Noticed,
    Opened,
    Picture,
    Reading,
    ReadRequest,
    Snapshot,
    Taken,
    TakeSnapshot,
    ToReader,
    Withheld,
)
from streamrec.sources.network import ENVIRONMENT as CAPTURE_OPTIONS
from streamrec.sources.network import capture_options
from streamrec.sources.open import open_here
from streamrec.sources.opencv import FALLBACK_FPS
from streamrec.sources.shared import SLOTS, SharedPictures
from streamrec.types import Defect, Image, now_s

BACKLOG_S = 3.0
"""What is quicker than the camera for longer than this after opening is just quick, seconds."""

_QUICK_SHARE = 0.25


def serve(connected: socket) -> None:
    """Be the capture process: read what the owner asks for until it ends, fails or is killed."""
    line: Line[ToReader] = Line(connected, ToReader)
    request = line.receive()
    assert isinstance(request, ReadRequest)
    owner = Owner(line)
    try:
        capture(request, owner)
        line.send(Ended())
    except LineClosedError:
        raise
    except StreamrecError as error:
        line.send(Failed("open" if isinstance(error, SourceOpenError) else "read", str(error)))
    except Exception as error:  # noqa: BLE001  the owner is told; its text may hold an address
        line.send(Failed("read", f"the capture process failed: {_place(error)}"))
    threading.Event().wait()  # until the owner has heard it and hangs up


class Owner:
    """What the owner wants, heard on a thread, and the slots that are free."""

    def __init__(self, line: Line[ToReader]) -> None:
        self.send = line.send
        self.wants_snapshot = threading.Event()
        self._line = line
        self._free: LifoQueue[int] = LifoQueue()
        for slot in reversed(range(SLOTS)):
            self._free.put(slot)
        threading.Thread(target=self._listen, daemon=True).start()

    def free_slot(self, *, wait: bool) -> int | None:
        """Take a free slot, or None where there is none."""
        try:
            return self._free.get(block=wait)
        except Empty:
            return None

    def give_back(self, slot: int) -> None:
        """Declare a slot free."""
        self._free.put(slot)

    def _listen(self) -> None:
        try:
            while True:
                self._hear(self._line.receive())
        except LineClosedError:
            os._exit(0)  # also where the main thread hangs in native code

    def _hear(self, message: ToReader | None) -> None:
        if isinstance(message, Taken):
            self.give_back(message.slot)
        elif isinstance(message, TakeSnapshot):
            self.wants_snapshot.set()


class Reader:
    """Takes every frame of a source, and makes pictures of those that are wanted.

    Args:
        source: an open source.
        reading: how pictures are made.
        owner: who gets them; pictures: where they are put.
        log: what the decoder complains of.
    """

    def __init__(
        self,
        source: Grabber,
        reading: Reading,
        owner: Owner,
        pictures: SharedPictures,
        log: DecoderLog,
    ) -> None:
        self._source, self._owner, self._pictures, self._log = source, owner, pictures, log
        self._grid = reading.fps and TimeGrid(fps=reading.fps, declared_fps=source.fps)
        self._making = Making(reading)
        self._backlog = Backlog(source.fps)
        self._damage = Damage()
        self._size: tuple[int, ...] | None = None
        self._dropped = 0
        self._cut = True

    def run(self) -> None:
        """Read to the end.

        Raises:
            SourceReadError: the source failed.
            LineClosedError: the owner has gone.
        """
        while (grabbed := self._grab()) is not None:
            self._take(grabbed)

    def _grab(self) -> Grabbed | None:
        """Grab the next frame that was not waiting already when the source opened."""
        while True:
            started_s = now_s()
            grabbed = self._source.grab()
            if grabbed is None or not self._source.waits:
                return grabbed
            if not self._backlog.holds(started_s, grabbed.captured_s):
                return grabbed
            self._log.complaints()
            self._owner.send(Noticed(count="stale"))

    def _take(self, grabbed: Grabbed) -> None:
        pts_s, captured_s = grabbed.pts_s, grabbed.captured_s
        time_s = captured_s if self._source.live or pts_s is None else pts_s
        wanted = self._wants(time_s)
        image = self._source.retrieve() if wanted else None
        complaints = self._log.complaints()
        if complaints:
            self._owner.send(Noticed(count="decoder_errors", times=complaints))
        if self._damage.push(complaints, whole=grabbed.whole, time_s=time_s):
            self._owner.send(Withheld(Defect.CORRUPT))
        elif image is not None:
            self._hand_over(grabbed, time_s, image)

    def _wants(self, time_s: float) -> bool:
        on_grid = not self._grid or bool(self._grid.push(time_s).turns)
        return on_grid or self._owner.wants_snapshot.is_set()

    def _hand_over(self, grabbed: Grabbed, time_s: float, image: Image) -> None:
        """Send a picture, unless it is one too many."""
        self._watch_size(image)
        if self._owner.wants_snapshot.is_set():
            self._owner.wants_snapshot.clear()
            self._owner.send(Snapshot(_jpeg(image)))
        slot = self._owner.free_slot(wait=not self._source.live)
        if slot is None:
            self._dropped += 1
            return
        made = self._making(image)
        height, width = made.shape[:2]
        np.copyto(self._pictures.view(slot, height, width), made)
        self._owner.send(
            Picture(
                slot=slot,
                height=height,
                width=width,
                camera_height=image.shape[0],
                camera_width=image.shape[1],
                index=grabbed.index,
                captured_s=grabbed.captured_s,
                time_s=time_s,
                pts_s=grabbed.pts_s,
                capture_ms=(now_s() - grabbed.captured_s) * 1000,
                dropped=self._dropped,
                cut=self._cut,
                lag_s=0.0,
            )
        )
        self._dropped, self._cut = 0, False

    def _watch_size(self, image: Image) -> None:
        size = image.shape
        if self._size not in (None, size):
            self._cut = True
            self._owner.send(Noticed(count="size_changes"))
        self._size = size


class Backlog:
    """The frames that were waiting already when a source opened: they are not of now.

    They come faster than the camera makes them; the first that had to be waited for ends it.
    """

    def __init__(self, fps: float | None) -> None:
        self._quick_s = _QUICK_SHARE / (fps or FALLBACK_FPS)
        self._began_s: float | None = None
        self._over = False

    def holds(self, asked_s: float, came_s: float) -> bool:
        """Tell whether a frame is one of them, by when it was asked for and came."""
        self._began_s = asked_s if self._began_s is None else self._began_s
        waited = came_s - asked_s >= self._quick_s
        self._over = self._over or waited or came_s - self._began_s > BACKLOG_S
        return not self._over


class Making:
    """Makes what the model takes of what the camera sends."""

    def __init__(self, reading: Reading) -> None:
        self._mirror = reading.mirror
        self._preprocessor = reading.preprocessing and Preprocessor(reading.preprocessing)

    def __call__(self, image: Image) -> Image:
        """Return the picture, mirrored and resized where asked for."""
        if self._mirror:
            image = np.asarray(cv2.flip(image, 1))
        return self._preprocessor.resize(image) if self._preprocessor else image


def _jpeg(image: Image) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


def capture(request: ReadRequest, owner: Owner) -> None:
    """Open the source that was asked for and hand over its pictures until it ends.

    Raises:
        StreamrecError: it cannot be opened, or fails.
        LineClosedError: the owner has gone.
    """
    log = DecoderLog()
    prepare_decoder_log()
    options = request.options or os.environ.get(CAPTURE_OPTIONS, "")
    os.environ[CAPTURE_OPTIONS] = capture_options(request.uri, request.transport, options)
    source = open_here(
        request.uri,
        open_timeout_s=request.open_timeout_s,
        read_timeout_s=request.read_timeout_s,
    )
    log.complaints()  # of joining a stream in its middle
    name = request.name or source.name
    owner.send(Opened(name=name, live=source.live, fps=source.fps, frame_count=source.frame_count))
    Reader(source, request.reading, owner, SharedPictures(request.memory), log).run()


def _place(error: Exception) -> str:
    """Name an error's type and where it came up, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"
