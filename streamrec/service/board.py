"""What is known of each camera: published, counted and logged as it changes."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from streamrec.sources.link import worth_logging
from streamrec.types import CameraState, CameraStatus, Defect, now_s

FEW = 10
"""Fewer pictures in a row that are withheld are no news: a clip begins black."""

_log = logging.getLogger("streamrec")


class Board:
    """The newest status of each camera.

    Args:
        tell: publishes a status.
        fail: is told of a camera whose worker has failed, before its status says so.
    """

    def __init__(
        self,
        tell: Callable[[CameraStatus], None],
        fail: Callable[[str], None] = lambda camera: None,
    ) -> None:
        self._tell, self._fail = tell, fail
        self._statuses: dict[str, CameraStatus] = {}
        self._earlier: dict[str, Mapping[str, int]] = {}
        self._defects: Counter[tuple[str, Defect]] = Counter()
        self._withheld: dict[str, int] = {}  # before a defect that has not been logged yet

    @property
    def statuses(self) -> Mapping[str, CameraStatus]:
        """By camera, in the order in which they came."""
        return self._statuses

    def begin(self, camera: str) -> None:
        """A worker is about to watch it: what that counts comes on top of what has been counted."""
        self._earlier[camera] = self._counts(camera)

    def told(self, status: CameraStatus) -> None:
        """Take what a worker says."""
        counts = Counter(self._earlier.get(status.source, {}))
        counts.update(status.counts)
        self._set(replace(status, counts=dict(counts)))

    def say(self, camera: str, state: CameraState, reason: str = "") -> None:
        """Say it of a camera that no worker speaks for, unless it has been said."""
        last = self._statuses.get(camera)
        if last is None or (last.state, last.reason) != (state, reason):
            self._set(_status(camera, state, reason, self._counts(camera)), logging.INFO)

    def failed(self, camera: str, reason: str, *, attempt: int, retry_s: float) -> None:
        """Its worker has failed so often in a row; the next one starts at this Unix time."""
        self._fail(camera)
        counts = Counter(self._counts(camera))
        counts["failures"] += 1
        status = _status(camera, CameraState.LOST, reason, dict(counts))
        self._set(replace(status, attempt=attempt, retry_s=retry_s))
        self.begin(camera)

    def drop(self, camera: str) -> None:
        """Know nothing of it any more."""
        self._statuses.pop(camera, None)
        self._earlier.pop(camera, None)
        self._withheld.pop(camera, None)

    def _counts(self, camera: str) -> Mapping[str, int]:
        status = self._statuses.get(camera)
        return {} if status is None else status.counts

    def _set(self, status: CameraStatus, level: int = logging.WARNING) -> None:
        source = status.source
        before = self._statuses.get(source) or _status(source, CameraState.CONNECTING, "", {})
        self._statuses[source] = status
        self._tell(status)
        self._follow_defect(status, before)
        if worth_logging(status, before):
            level = logging.INFO if status.state is CameraState.LIVE else level
            reason = f": {status.reason}" if status.reason else ""
            extra = {"camera": status.source}
            _log.log(level, "%s is %s%s", status.source, status.state, reason, extra=extra)

    def _follow_defect(self, status: CameraStatus, before: CameraStatus) -> None:
        """Say that pictures are withheld, once it is more than a few in a row."""
        camera, defect = status.source, status.defect or before.defect
        if defect is None:
            return
        count = status.counts.get(defect, 0)
        if defect is not before.defect:
            self._withheld[camera] = before.counts.get(defect, 0)
        if count - self._withheld.get(camera, count) >= FEW:
            del self._withheld[camera]
            self._log_defect(camera, defect)

    def _log_defect(self, camera: str, defect: Defect) -> None:
        """Say it the first time, and then the second, fourth, eighth."""
        self._defects[camera, defect] += 1
        if self._defects[camera, defect].bit_count() == 1:
            extra = {"camera": camera}
            _log.warning("%s sends %s pictures, which are withheld", camera, defect, extra=extra)


def _status(
    camera: str, state: CameraState, reason: str, counts: Mapping[str, int]
) -> CameraStatus:
    return CameraStatus(source=camera, state=state, since_s=now_s(), reason=reason, counts=counts)
