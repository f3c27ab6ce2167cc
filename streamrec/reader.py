"""The program of a capture process: it opens one source and hands its pictures to its owner.

Started by ``streamrec.sources.process``. Whatever hangs or crashes here, does so here alone.
"""

import math
import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import socket

import numpy as np

from streamrec.child import Line, LineClosedError
from streamrec.errors import SourceOpenError, StreamrecError
from streamrec.opencv import cv2
from streamrec.preprocess import Preprocessor
from streamrec.sampling import TimeGrid
from streamrec.sources.backlog import Backlog
from streamrec.sources.decoder_log import Damage, DecoderLog, Heard, prepare_decoder_log
from streamrec.sources.defects import DefectCheck
from streamrec.sources.grabber import Grabbed, Grabber
from streamrec.sources.media_clock import MediaClock, Stamp
from streamrec.sources.messages import (
    Ended,
    Failed,
    Noticed,
    Opened,
    Picture,
    Reading,
    ReadRequest,
    Snapshot,
    ToReader,
    Withheld,
)
from streamrec.sources.network import ENVIRONMENT as CAPTURE_OPTIONS
from streamrec.sources.network import capture_options
from streamrec.sources.open import open_here
from streamrec.sources.opencv import FALLBACK_FPS
from streamrec.sources.owner import Owner, Tally
from streamrec.sources.preview import Previews
from streamrec.sources.rate import RateMeter
from streamrec.sources.region import Region
from streamrec.sources.shared import SharedPictures
from streamrec.types import Defect, Image, now_s

LOOKED_AT = 180
"""Lines and rows at least of a picture that are looked at for defects, where it has so many."""

REOPENED_EVERY_S = 10.0
"""A source is not opened again sooner than this after the last time, seconds."""


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


class Reader:
    """Takes every frame of a source, and makes pictures of those that are wanted.

    OpenCV keeps the first picture's size and scales all later ones to it. So where the decoder
    begins with another format, the source is opened again.

    Args:
        open_source: connects; used at once, and where the camera's format has changed.
        reading: how pictures are made.
        owner: who gets them; pictures: where they are put.
        log: what the decoder complains of.
    """

    def __init__(
        self,
        open_source: Callable[[], Grabber],
        reading: Reading,
        owner: Owner,
        pictures: SharedPictures,
        log: DecoderLog,
    ) -> None:
        self._open_source, self._owner = open_source, owner
        self._pictures, self._log = pictures, log
        self._fps, self._max_delay_s = reading.fps, reading.max_delay_s
        self._make = Making(reading)
        height = reading.preview_height
        self._previews = Previews(height, mirror=reading.mirror) if height else None
        self._rate = RateMeter()
        self._tally = Tally(owner)
        self._size: tuple[int, ...] | None = None
        self._dropped = self._index = 0
        self._reopened_s = -math.inf
        self._begin(open_source())
        checked = reading.checked and self._source.live
        self._defects = DefectCheck(reading.frozen_s) if checked else None

    @property
    def source(self) -> Grabber:
        """The open source."""
        return self._source

    def run(self) -> None:
        """Read to the end.

        Raises:
            SourceReadError: the source failed.
            LineClosedError: the owner has gone.
        """
        while (grabbed := self._grab()) is not None:
            self._take(grabbed)
            self._tally.tell(grabbed.captured_s)

    def _begin(self, source: Grabber) -> None:
        """Start with a connection that is new."""
        self._log.read()  # of joining a stream in its middle
        self._source, self._first_index = source, self._index
        self._grid = TimeGrid(fps=self._fps, declared_fps=source.fps) if self._fps else None
        self._backlog, self._damage = Backlog(source.fps or FALLBACK_FPS), Damage()
        self._clock = MediaClock()
        self._stale_s: float | None = None
        self._heard, self._formats = Heard(), 0
        self._cut = True

    def _reopen(self) -> None:
        self._source.close()
        self._begin(self._open_source())
        self._reopened_s = now_s()

    def _catch_up(self) -> None:
        """Begin at the newest frame again, where none has come in time for as long as one may take.

        A machine that decodes too slowly falls further behind with each frame. After a pause of the
        network frames come fast, and those in time are near.
        """
        time_s = now_s()
        self._stale_s = time_s if self._stale_s is None else self._stale_s
        late = time_s - self._stale_s > self._max_delay_s
        if late and self._source.live and time_s - self._reopened_s > REOPENED_EVERY_S:
            self._tally.add("catch_ups")
            self._reopen()

    def _grab(self) -> Grabbed | None:
        """Grab the next frame that was not waiting already when the source opened."""
        while True:
            asked_s = now_s()
            grabbed = self._source.grab()
            self._heard = self._log.read()
            if grabbed is None:
                return None
            self._index = self._first_index + grabbed.index + 1
            if self._is_outgrown(grabbed):
                self._reopen()
            elif self._source.waits and self._backlog.holds(asked_s, grabbed.captured_s):
                self._tally.add("stale")
            else:
                return grabbed

    def _is_outgrown(self, grabbed: Grabbed) -> bool:
        """Tell whether pictures have another format than the first of a live connection."""
        self._formats += self._heard.formats if grabbed.index else 0
        since_s = grabbed.captured_s - self._reopened_s
        return self._source.live and self._formats > 0 and since_s > REOPENED_EVERY_S

    def _take(self, grabbed: Grabbed) -> None:
        """Turn a frame into a picture, if it is wanted."""
        stamp = self._stamp(grabbed)
        due_s, asked = self._due_s(stamp), self._owner.wants_snapshot.is_set()
        wanted = due_s is not None
        image = self._source.retrieve() if wanted or asked else None
        spoiled = self._is_spoiled(grabbed, stamp.time_s)
        if image is not None and asked:
            self._owner.wants_snapshot.clear()
            self._owner.send(Snapshot(_jpeg(image)))
        if image is None and wanted:
            self._owner.send(Withheld(Defect.CORRUPT))
        elif image is not None and due_s is not None:
            self._watch_size(image)
            self._pass_on(grabbed, replace(stamp, time_s=due_s), image, spoiled=spoiled)

    def _stamp(self, grabbed: Grabbed) -> Stamp:
        """Tell when a frame was taken; a source that is not live has its own time."""
        if not self._source.live:
            return Stamp(grabbed.captured_s if grabbed.pts_s is None else grabbed.pts_s)
        stamp = self._clock.push(grabbed.pts_s, grabbed.captured_s)
        if stamp.jumped:
            self._tally.add("clock_jumps")
        known = self._rate.fps is not None
        if (fps := self._rate.push(stamp.time_s)) is not None:
            self._owner.send(Noticed(count="rate_changes", times=int(known), fps=fps))
        return stamp

    def _due_s(self, stamp: Stamp) -> float | None:
        """Return the point of the time grid that a frame is for; None: it is not wanted.

        Whoever samples at the same rate again then finds each frame on the grid.
        """
        if stamp.lag_s > self._max_delay_s:
            self._tally.add("stale")
            self._catch_up()
            return None
        self._stale_s = None
        if self._grid is None:
            return stamp.time_s
        turns = self._grid.push(stamp.time_s).turns
        return turns[-1].time_s if turns else None

    def _is_spoiled(self, grabbed: Grabbed, time_s: float) -> bool:
        complaints = self._heard.complaints
        self._tally.add("decoder_errors", complaints)
        return self._damage.push(complaints, whole=grabbed.whole, time_s=time_s)

    def _watch_size(self, image: Image) -> None:
        size = image.shape
        if self._size not in (None, size):
            self._cut = True
            self._owner.send(Noticed(count="size_changes"))
        self._size = size

    def _pass_on(self, grabbed: Grabbed, stamp: Stamp, image: Image, *, spoiled: bool) -> None:
        """Hand a picture over, if it is sound and there is room for it."""
        if self._defects is not None:
            found = self._defects.push(_thinned(image), stamp.time_s)
            if defect := Defect.CORRUPT if spoiled else found:
                self._owner.send(Withheld(defect))
                return
        slot = self._owner.free_slot(wait=not self._source.live)
        if slot is None:
            self._dropped += 1
            return
        made = self._make(image)
        np.copyto(self._pictures.view(slot, *made.shape[:2]), made)
        preview = self._preview(image, stamp)
        self._owner.send(self._picture(grabbed, stamp, slot, made.shape, preview))
        self._dropped, self._cut = 0, False

    def _preview(self, image: Image, stamp: Stamp) -> bytes:
        if self._previews is None:
            return b""
        return self._previews.push(image, stamp.time_s, cut=self._cut)

    def _picture(
        self, grabbed: Grabbed, stamp: Stamp, slot: int, shape: tuple[int, ...], preview: bytes
    ) -> Picture:
        assert self._size is not None
        return Picture(
            slot=slot,
            height=shape[0],
            width=shape[1],
            camera_height=self._size[0],
            camera_width=self._size[1],
            index=self._first_index + grabbed.index,
            captured_s=grabbed.captured_s,
            time_s=stamp.time_s,
            pts_s=grabbed.pts_s,
            capture_ms=(now_s() - grabbed.captured_s) * 1000,
            dropped=self._dropped,
            cut=self._cut,
            lag_s=stamp.lag_s,
            preview=preview,
        )


class Making:
    """Makes what the model takes of what the camera sends."""

    def __init__(self, reading: Reading) -> None:
        self._region = Region(reading.region) if reading.region else None
        self._mirror = reading.mirror
        self._preprocessor = reading.preprocessing and Preprocessor(reading.preprocessing)

    def __call__(self, image: Image) -> Image:
        """Return the part that is looked at, mirrored and resized where asked for."""
        if self._region is not None:
            image = self._region.apply(image)
        if self._mirror:
            image = np.asarray(cv2.flip(image, 1))
        return self._preprocessor.resize(image) if self._preprocessor else image


def _thinned(image: Image) -> Image:
    """Leave out pixels of the camera's picture, so that it is cheap to look at."""
    step = max(1, min(image.shape[:2]) // LOOKED_AT)
    return np.ascontiguousarray(image[::step, ::step])


def _jpeg(image: Image) -> bytes:
    return cv2.imencode(".jpg", image)[1].tobytes()


def capture(request: ReadRequest, owner: Owner) -> None:
    """Open the source that was asked for and hand over its pictures until it ends.

    Raises:
        StreamrecError: it cannot be opened, or fails.
        LineClosedError: the owner has gone.
    """
    log = DecoderLog()
    prepare_decoder_log(formats=request.decoder == "opencv")
    options = request.options or os.environ.get(CAPTURE_OPTIONS, "")
    os.environ[CAPTURE_OPTIONS] = capture_options(request.uri, request.transport, options)
    open_source = partial(
        open_here,
        request.uri,
        open_timeout_s=request.open_timeout_s,
        read_timeout_s=request.read_timeout_s,
        decoder=request.decoder,
    )
    reader = Reader(open_source, request.reading, owner, SharedPictures(request.memory), log)
    source = reader.source
    name = request.name or source.name
    owner.send(Opened(name=name, live=source.live, fps=source.fps, frame_count=source.frame_count))
    reader.run()


def _place(error: Exception) -> str:
    """Name an error's type and where it came up, without its text."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}"
