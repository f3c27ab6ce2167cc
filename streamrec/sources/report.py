"""What is known of a live source, gathered from its link and from what its connections say."""

from collections import Counter
from dataclasses import replace

from streamrec.sources.counts import COUNTS
from streamrec.sources.link import Link
from streamrec.sources.messages import Noticed, Picture
from streamrec.types import CameraState, CameraStatus, Defect

TELL_S = 10.0
"""Counts are never older than this, seconds."""

HEALED_S = 1.0
"""A defect is told until no picture has had it for so long: in bad weather it comes and goes."""


class Report:
    """Gathers; says when there is news.

    Args:
        source: the source's name.
        link: how it stands at first.

    Attributes:
        counts: by the names in ``streamrec.sources.counts``.
    """

    def __init__(self, source: str, link: Link) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self._source, self._link = source, link
        self._defect: Defect | None = None
        self._defect_s = 0.0
        self._width = self._height = 0
        self._fps: float | None = None
        self._lag_ms = 0.0
        self._told: CameraStatus | None = None
        self._told_s = 0.0

    def link(self, link: Link) -> None:
        """Take how it stands now."""
        before, self._link = self._link.state, link
        if link.state is before:
            return
        if link.state is CameraState.LOST:
            self.counts["losses"] += 1
            self._lag_ms = 0.0
        elif link.state is CameraState.STALLED:
            self.counts["stalls"] += 1

    def picture(self, picture: Picture, now_s: float) -> None:
        """Take a picture that is handed on; ``now_s``: Unix time."""
        self.counts["frames"] += 1
        self.counts["late"] += picture.dropped
        self._width, self._height = picture.camera_width, picture.camera_height
        self._lag_ms = picture.lag_s * 1e3
        self._set_defect(None, now_s)

    def withheld(self, defect: Defect, now_s: float) -> None:
        """Take that a picture was not fit to be seen; ``now_s``: Unix time."""
        self.counts[defect.value] += 1
        self._set_defect(defect, now_s)

    def noticed(self, notice: Noticed) -> None:
        """Take what is counted, and the frame rate."""
        self.counts[notice.count] += notice.times
        if notice.fps is not None:
            self._fps = notice.fps

    def news(self, now_s: float) -> CameraStatus | None:
        """Return the status if it has changed, or was last told ten seconds ago."""
        status = self._status()
        plain = replace(status, lag_ms=0.0)
        if plain == self._told and abs(now_s - self._told_s) < TELL_S:
            return None
        self._told, self._told_s = plain, now_s
        return replace(status, counts=dict(self.counts))

    def _status(self) -> CameraStatus:
        link = self._link
        return CameraStatus(
            source=self._source,
            state=link.state,
            since_s=link.since_s,
            reason=link.reason,
            attempt=link.attempt,
            retry_s=link.retry_s,
            defect=self._defect,
            width=self._width,
            height=self._height,
            fps=self._fps,
            lag_ms=self._lag_ms,
        )

    def _set_defect(self, defect: Defect | None, now_s: float) -> None:
        if self._defect is None or defect is self._defect or now_s - self._defect_s > HEALED_S:
            self._defect, self._defect_s = defect, now_s
