"""When a live source's pictures were taken, in Unix time, by media time and arrival.

Media time says how far pictures are apart, arrival when they came. The frames that travelled
fastest tie the two together, so that what a network held back and then delivered in a burst is put
where it belongs. The time that the fastest frames take to get here is not known and not counted.
"""

import math
from dataclasses import dataclass

DRIFT = 200e-6
"""How much slower than this machine's a camera's clock may run. Quartz is within 100 ppm."""

AHEAD_S = 1.0
"""Media time that runs ahead by more than this, against the fastest frames so far, has jumped."""

BEHIND_S = 10.0
"""Media time that is behind by more than this has jumped: nothing waits so long and still comes."""

SETTLING_S = 1.0
"""What comes so soon after the beginning is no jump: decoders begin with times that mean nothing.

OpenCV's RTSP with B-frames, for one, with 0.0, -0.08, -0.04, 0.0, 0.04.
"""

_LATEST_S = 1e11  # no media time is that late, and float64 is too coarse for it
_STEP_S = 1e-6  # the least that float64 can add to Unix time and surely make it later


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a frame was taken.

    Attributes:
        time_s: Unix time in seconds; later than that of the frame before.
        lag_s: how much longer than the fastest frames it took to get here, seconds.
        jumped: media time made a jump, or ran backwards; or this machine's clock was set back.
    """

    time_s: float
    lag_s: float = 0.0
    jumped: bool = False


@dataclass(slots=True)
class MediaClock:
    """Tells when the frames of one connection were taken.

    A plain value: a copy goes on as the original would.

    Attributes:
        offset_s: arrival less media time of the fastest frames; None: no frame to go by.
        began_s: when the first frame arrived; ``arrived_s``: the last.
        pts_s: media time of the last frame that had any.
        time_s: the last time that was given out.
    """

    offset_s: float | None = None
    began_s: float | None = None
    arrived_s: float = -math.inf
    pts_s: float = math.nan
    time_s: float = -math.inf

    def push(self, pts_s: float | None, arrived_s: float) -> Stamp:
        """Take the next frame's times.

        A frame without media time, or with the same as the one before, was taken when it arrived;
        the one after it is gone by anew.

        Args:
            pts_s: media time in seconds, of any origin; None, NaN or absurd: not known.
            arrived_s: Unix time of its arrival, seconds. Where it is set back by more than
                ``AHEAD_S``, the times given out go back with it.
        """
        set_back = arrived_s < self.arrived_s - AHEAD_S
        if self.began_s is None or set_back:
            self.began_s, self.offset_s, self.time_s = arrived_s, None, -math.inf
        elif self.offset_s is not None:
            self.offset_s += DRIFT * max(arrived_s - self.arrived_s, 0.0)
        jumped = self._follow(pts_s, arrived_s) and arrived_s - self.began_s > SETTLING_S
        lag_s = 0.0 if self.offset_s is None else arrived_s - self.pts_s - self.offset_s
        self.arrived_s = arrived_s
        self.time_s = max(arrived_s - lag_s, self.time_s + _STEP_S)
        return Stamp(self.time_s, lag_s, set_back or jumped)

    def _follow(self, pts_s: float | None, arrived_s: float) -> bool:
        """Tie media time to arrival by this frame, if it is faster or it jumped; return that."""
        if pts_s is None or not abs(pts_s) < _LATEST_S or pts_s == self.pts_s:
            self.offset_s = None
            return False
        backwards, self.pts_s = pts_s < self.pts_s, pts_s
        offset_s = arrived_s - pts_s
        if self.offset_s is None:
            self.offset_s = offset_s
            return backwards
        jumped = backwards or not -AHEAD_S < offset_s - self.offset_s < BEHIND_S
        self.offset_s = offset_s if jumped else min(self.offset_s, offset_s)
        return jumped
