"""What is known of each camera: published, counted and logged as it changes."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from streamrec.types import CameraState, CameraStatus, now_s

_log = logging.getLogger("streamrec")

_QUIET = (CameraState.CONNECTING, CameraState.STALLED, CameraState.BACKING_OFF)
"""States that come and go while a camera cannot be had: published and counted, but not logged."""


class Board:
    """The newest status of each camera.

    Args:
        tell: publishes a status.
    """

    def __init__(self, tell: Callable[[CameraStatus], None]) -> None:
        self._tell = tell
        self._statuses: dict[str, CameraStatus] = {}
        self._earlier: dict[str, Mapping[str, int]] = {}

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
        counts = Counter(self._counts(camera))
        counts["failures"] += 1
        status = _status(camera, CameraState.LOST, reason, dict(counts))
        self._set(replace(status, attempt=attempt, retry_s=retry_s))
        self.begin(camera)

    def drop(self, camera: str) -> None:
        """Know nothing of it any more."""
        self._statuses.pop(camera, None)
        self._earlier.pop(camera, None)

    def _counts(self, camera: str) -> Mapping[str, int]:
        status = self._statuses.get(camera)
        return {} if status is None else status.counts

    def _set(self, status: CameraStatus, level: int = logging.WARNING) -> None:
        before = self._statuses.get(status.source)
        self._statuses[status.source] = status
        self._tell(status)
        if worth_logging(status, before):
            level = logging.INFO if status.state is CameraState.LIVE else level
            reason = f": {status.reason}" if status.reason else ""
            _log.log(level, "%s is %s%s", status.source, status.state, reason)


def _status(
    camera: str, state: CameraState, reason: str, counts: Mapping[str, int]
) -> CameraStatus:
    return CameraStatus(source=camera, state=state, since_s=now_s(), reason=reason, counts=counts)


def worth_logging(status: CameraStatus, before: CameraStatus | None) -> bool:
    """Tell whether a change belongs in a log, so that a camera away for months fills no disk.

    Of failures for one reason the first does, and then the second, fourth, eighth and so on.
    """
    if status.state in _QUIET:
        return False
    if before is None or (status.state, status.reason) == (before.state, before.reason):
        return before is None
    if status.state is CameraState.LIVE:
        return before.state is not CameraState.STALLED
    if status.state is CameraState.LOST and status.reason == before.reason:
        return status.attempt.bit_count() == 1
    return True
