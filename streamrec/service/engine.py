"""The cameras of one worker: whose frame is due first is looked at first.

One model at a time computes, so that a camera waits for others, but never for a decoder or a
network: frames come in by themselves, each camera's newest one waits for its turn, and who waited
longest, measured by its own rate, is next. Where that is too much work, all rates fall alike and
no frame gets old. (Goyal, Vin and Cheng, Start-time Fair Queuing, 1996: a turn moves its camera's
due time by what it is worth; the clock is the due time of whoever has the turn, so that nobody
saves up turns, and nobody runs ahead.)
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue

from streamrec.errors import StreamrecError
from streamrec.service.messages import Snapshot
from streamrec.service.models import Models, reading_of
from streamrec.service.secrets import hide, resolve, secret_values
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import Publish, Watched
from streamrec.sources.watch_camera import open_camera
from streamrec.types import CameraState, CameraStatus, now_s

_log = logging.getLogger("streamrec")


class Engine:
    """Watches cameras.

    Args:
        publish: takes predictions; ``tell``: statuses; ``show``: snapshots.
        wake: called from other threads when there is something to do.
        alive: called now and then while a model is fetched, which may take long.
        top: how many classes a message names.
    """

    def __init__(
        self,
        *,
        publish: Publish,
        tell: Callable[[CameraStatus], None],
        show: Callable[[Snapshot], None],
        wake: Callable[[], None],
        alive: Callable[[], None],
        top: int,
    ) -> None:
        self._publish, self._tell, self._show, self._wake = publish, tell, show, wake
        self._top = top
        self._models = Models(lambda received, total: alive())
        self._cameras: dict[str, Watched] = {}
        self._clock_s = 0.0

    def watch(self, settings: CameraSettings) -> None:
        """Begin to watch a camera, in place of one of the same name; say so where that fails."""
        self.forget(settings.name)
        try:
            self._cameras[settings.name] = self._open(settings)
        except StreamrecError as error:
            self._tell(_off(settings.name, str(error)))
        self._models.keep([camera.settings for camera in self._cameras.values()])

    def forget(self, name: str) -> None:
        """Stop watching a camera, if it is watched."""
        if (camera := self._cameras.pop(name, None)) is not None:
            camera.close()

    def snapshot(self, name: str, number: int) -> None:
        """Ask for a camera's picture, which is shown when it comes."""
        if (camera := self._cameras.get(name)) is None:
            self._show(Snapshot(name, number, error="it is not watched"))
            return
        camera.snapshot(lambda jpeg, error: self._show(Snapshot(name, number, jpeg, error)))

    def turn(self) -> bool:
        """Look at one frame and pass statuses on; False: nothing waited."""
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
            _log.warning("%s: %s", camera.settings.name, error)
            camera.failed()

    def _open(self, settings: CameraSettings) -> Watched:
        recognizer, uri = self._models.get(settings), settings.source.source
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
        )
        return Watched(settings, recognizer, source, told, self._top)

    def close(self) -> None:
        """Stop watching all cameras."""
        for name in list(self._cameras):
            self.forget(name)


def _off(name: str, reason: str) -> CameraStatus:
    return CameraStatus(source=name, state=CameraState.DISABLED, since_s=now_s(), reason=reason)
