"""The cameras of one worker: whose frame is due first is looked at first.

One model at a time computes, so that a camera waits for others, but never for a decoder or a
network: frames come in by themselves, each camera's newest one waits for its turn, and who waited
longest, measured by its own rate, is next. Where that is too much work, all rates fall alike and
no frame gets old. (Goyal, Vin and Cheng, Start-time Fair Queuing, 1996: a turn moves its camera's
due time by what it is worth; the clock is the due time of whoever has the turn, so that nobody
saves up turns, and nobody runs ahead.)
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from queue import SimpleQueue

from streamrec.errors import DownloadError, SourceOpenError, StreamrecError
from streamrec.footage.writer import Writer
from streamrec.recognizer import Recognizer
from streamrec.service.footage import recorder_of, without_footage
from streamrec.service.messages import Snapshot
from streamrec.service.models import Models, reading_of
from streamrec.service.secrets import hide, resolve, secret_values
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import Happen, Publish, Watched, event_tracker
from streamrec.sources.watch_camera import open_camera
from streamrec.types import CameraState, CameraStatus, EventEnd, now_s

_log = logging.getLogger("streamrec.engine")

RETRY_S = 60.0
"""Between attempts to fetch a model, or to find a secret."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A camera whose model is being loaded; or, after a failure, when that is tried again.

    ``retry_s`` is monotonic, in seconds.
    """

    settings: CameraSettings
    model: Future[Recognizer]
    retry_s: float | None = None


class Engine:
    """Watches cameras.

    Args:
        publish: takes predictions; ``happen``: events; ``tell``: statuses; ``show``: snapshots.
        wake: called from other threads when there is something to do.
        top: how many classes a message names.
        media: folder of thumbnails and clips; empty: none are kept.
    """

    def __init__(
        self,
        *,
        publish: Publish,
        happen: Happen,
        tell: Callable[[CameraStatus], None],
        show: Callable[[Snapshot], None],
        wake: Callable[[], None],
        top: int,
        media: str = "",
    ) -> None:
        self._publish, self._tell, self._show, self._wake = publish, tell, show, wake
        self._happen, self._top, self._media = happen, top, media
        self._writer = Writer()
        self._models = Models()
        self._cameras: dict[str, Watched] = {}
        self._opening: dict[str, Opening] = {}
        self._clock_s = 0.0

    def watch(self, settings: CameraSettings) -> None:
        """Begin to watch a camera, in place of one of the same name, as soon as its model is there.

        Where that fails a status says so. What may be mended by others, a model that could not be
        fetched or a secret that is missing, is tried again every minute.
        """
        self.forget(settings.name, EventEnd.RESET)
        self._begin(settings if self._media else without_footage(settings))
        others = [camera.settings for camera in self._cameras.values()]
        self._models.keep([*others, *(opening.settings for opening in self._opening.values())])

    def forget(self, name: str, reason: EventEnd = EventEnd.DISABLED) -> None:
        """Stop watching a camera, if it is watched; ``reason``: what its events end for."""
        self._opening.pop(name, None)
        if (camera := self._cameras.pop(name, None)) is not None:
            camera.close(reason)

    def snapshot(self, name: str, number: int) -> None:
        """Ask for a camera's picture, which is shown when it comes."""
        if (camera := self._cameras.get(name)) is None:
            self._show(Snapshot(name, number, error="it is not watched"))
            return
        camera.snapshot(lambda jpeg, error: self._show(Snapshot(name, number, jpeg, error)))

    def turn(self) -> bool:
        """Look at one frame and pass statuses on; False: nothing waited."""
        self._open_ready()
        for camera in self._cameras.values():
            for status in camera.statuses():
                self._tell(status)
        waiting = [camera for camera in self._cameras.values() if camera.waiting]
        if not waiting:
            return False
        self._serve(min(waiting, key=lambda camera: camera.due_s))
        return True

    def _serve(self, camera: Watched) -> None:
        camera.due_s = self._clock_s = max(self._clock_s, camera.due_s)
        try:
            camera.serve(self._publish)
        except StreamrecError as error:
            if camera.failed().bit_count() == 1:  # the first time, the second, fourth, eighth
                _log.warning("%s: %s", camera.settings.name, error)

    def _begin(self, settings: CameraSettings) -> None:
        model = self._models.get(settings)
        self._opening[settings.name] = Opening(settings, model)
        model.add_done_callback(lambda _: self._wake())

    def _open_ready(self) -> None:
        """Open the cameras whose models are there, and try those again whose time has come."""
        for name, opening in list(self._opening.items()):
            if opening.retry_s is not None:
                if time.monotonic() >= opening.retry_s:
                    self._begin(opening.settings)
            elif opening.model.done():
                del self._opening[name]
                self._try_to_open(opening)

    def _try_to_open(self, opening: Opening) -> None:
        settings = opening.settings
        try:
            self._cameras[settings.name] = self._open(settings, opening.model.result())
        except (DownloadError, SourceOpenError) as error:
            retry_s = time.monotonic() + RETRY_S
            self._opening[settings.name] = replace(opening, retry_s=retry_s)
            status = _not_watched(settings.name, CameraState.BACKING_OFF, error)
            self._tell(replace(status, attempt=1, retry_s=now_s() + RETRY_S))
        except StreamrecError as error:
            self._tell(_not_watched(settings.name, CameraState.DISABLED, error))

    def _open(self, settings: CameraSettings, recognizer: Recognizer) -> Watched:
        uri = settings.source.source
        events = event_tracker(settings, recognizer.spec)
        recorder = recorder_of(settings, recognizer.spec, self._media, self._writer)
        secrets = secret_values(uri)
        told: SimpleQueue[CameraStatus] = SimpleQueue()

        def tell(status: CameraStatus) -> None:
            told.put(replace(status, reason=hide(status.reason, secrets)))
            self._wake()

        source = open_camera(
            resolve(uri),
            name=settings.name,
            source=settings.source,
            capture=settings.capture,
            reading=reading_of(settings, recognizer),
            tell=tell,
            on_change=self._wake,
            show=recorder.frame,
        )
        return Watched(
            settings,
            recognizer,
            source,
            told,
            self._top,
            events=events,
            happen=self._happen,
            recorder=recorder,
        )

    def finish_footage(self, patience_s: float) -> None:
        """Write what there is of clips, for so many seconds at most; on any thread."""
        for camera in list(self._cameras.values()):
            camera.recorder.finish()
        self._writer.hurry()
        self._writer.drain(patience_s)

    def close(self) -> None:
        """Stop watching all cameras."""
        for name in [*self._cameras, *self._opening]:
            self.forget(name, EventEnd.SHUTDOWN)


def _not_watched(name: str, state: CameraState, error: StreamrecError) -> CameraStatus:
    return CameraStatus(source=name, state=state, since_s=now_s(), reason=str(error))
