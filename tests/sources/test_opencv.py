"""What all OpenCV sources make of what a capture tells."""

import cv2
import numpy as np
import pytest

from streamrec.sources.opencv import OpenCVSource


class Capture:
    """A capture whose frames have the given media times; None: a frame that cannot be decoded."""

    def __init__(self, *times_ms):
        self._times_ms = list(times_ms)
        self._time_ms = 0.0

    def get(self, key):
        return {cv2.CAP_PROP_FPS: 20.0, cv2.CAP_PROP_POS_MSEC: self._time_ms or 0.0}.get(key, 0.0)

    def isOpened(self):  # noqa: N802
        return True

    def grab(self):
        if self._times_ms:
            self._time_ms = self._times_ms.pop(0)
            return True
        return False

    def retrieve(self):
        return self._time_ms is not None, np.zeros((2, 2, 3), np.uint8)

    def release(self):
        pass


class Video(OpenCVSource):
    def _end(self, waited_s):
        return None


@pytest.mark.parametrize("live", [False, True])
def test_a_frame_that_cannot_be_decoded_leaves_a_gap_and_was_not_dropped_here(live):
    frames = list(Video(Capture(0.0, None, None, 150.0), "video", live=live))
    assert [(frame.index, frame.dropped) for frame in frames] == [(0, 0), (3, 0)]
    assert frames[1].pts_s == pytest.approx(0.15)


def test_what_is_not_live_keeps_media_time_where_timestamps_are_missing():
    frames = list(Video(Capture(0.0, 0.0, -5.0, 400.0, 0.0), "video", live=False))
    assert [frame.time_s for frame in frames] == pytest.approx([0.0, 0.05, 0.1, 0.4, 0.45])
    assert all(frame.pts_s == frame.time_s for frame in frames)


def test_a_live_frame_without_a_timestamp_has_no_media_time():
    frames = list(Video(Capture(0.0, 40.0, 0.0), "video", live=True))
    assert [frame.pts_s for frame in frames] == [0.0, 0.04, None]
    assert all(frame.time_s == frame.captured_s for frame in frames)
