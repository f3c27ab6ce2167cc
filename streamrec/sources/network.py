"""Video over a network: RTSP cameras, HTTP streams and files, MPEG-TS over UDP."""

import os
import time
from typing import Any, Literal
from urllib.parse import urlsplit

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.opencv import cv2
from streamrec.sources.diagnosis import why_not_opened
from streamrec.sources.grabber import Grabbed
from streamrec.sources.opencv import OpenCVSource
from streamrec.sources.uri import network_name, redact

Decoder = Literal["opencv", "av"]

ENVIRONMENT = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
"""Where OpenCV looks for FFmpeg's options, once for a process, at each opening."""

LIVE_RTSP = "fpsprobesize;0|analyzeduration;500000"
"""FFmpeg would look at two seconds of an RTSP stream before it gives the first frame, to tell the
rate, which nobody needs; half a second (in microseconds) is for what else the server does not say.
"""

_OVER = 10
"""A connection is over when so many frames in a row cannot be had, all of them at once."""

_AT_ONCE_S = 0.001

_PICTURES = cv2.VideoWriter.fourcc(*"MJPG")


def capture_options(url: str, transport: str, options: str = "") -> str:
    """Return FFmpeg's options for a URL, ``key;value|key;value``; the later one of a key counts."""
    usual = f"rtsp_transport;{transport}|{LIVE_RTSP}" if url.lower().startswith("rtsp:") else ""
    return "|".join(part for part in (usual, options) if part)


class NetworkSource(OpenCVSource):
    """The frames behind an ``rtsp``, ``http``, ``https`` or ``udp`` URL, decoded by FFmpeg.

    An HTTP resource of known length is read like a file; everything else is live. It is decoded on
    one thread: each further one delays every frame by one frame more.

    Args:
        url: the address; may hold ``user:password@``, which no message repeats.
        open_timeout_s, read_timeout_s: longest wait for the connection and for a frame, seconds.
        decoder: OpenCV's FFmpeg, or PyAV's with what saves time: see ``streamrec.sources.av``.

    Raises:
        RuntimeMissingError: PyAV is asked for and not installed.
        SourceOpenError: malformed, refused, unauthorised, not found, not a video, or timed out.
    """

    def __init__(
        self,
        url: str,
        *,
        open_timeout_s: float = 10.0,
        read_timeout_s: float = 10.0,
        decoder: Decoder = "opencv",
    ) -> None:
        _require_host(url)
        capture = _CAPTURES[decoder](url, open_timeout_s, read_timeout_s)
        if not capture.isOpened():
            raise SourceOpenError(f"cannot open {redact(url)}: {why_not_opened(url)}")
        super().__init__(capture, network_name(url), live=True)
        self.live = self.frame_count is None or not url.lower().startswith("http")
        self.waits = self.live
        is_pictures = int(capture.get(cv2.CAP_PROP_FOURCC)) == _PICTURES
        self._invented = self.live and is_pictures and url.lower().startswith("http")
        self._shown = redact(url)
        self._read_timeout_s = read_timeout_s

    def _pts_s(self) -> float | None:
        """Media time; pictures over HTTP have none, FFmpeg numbers them 25 a second."""
        return None if self._invented else super()._pts_s()

    def _end(self, waited_s: float) -> Grabbed | None:
        """Tell a frame that came and cannot be decoded from a connection that is over.

        OpenCV says the same of both, but has to wait for the one. It has no picture.
        """
        for _ in range(_OVER):
            if waited_s >= self._read_timeout_s:
                raise SourceReadError(f"no frame from {self._shown} for {waited_s:.0f} s")
            if self.frame_count is not None:
                return None
            asked_s = time.monotonic()
            grabbed = self._capture.grab()
            waited_s = time.monotonic() - asked_s
            if grabbed or _AT_ONCE_S < waited_s < self._read_timeout_s:
                return self._grabbed()
        raise SourceReadError(
            f"{self._shown} broke off after {self._index} frames: the sender stopped or the "
            "connection was lost"
        )


def _require_host(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host and not (port and url.lower().startswith("udp:")):
        raise SourceOpenError(f"malformed address {redact(url)}: no host, or a bad port")


def _opencv(url: str, open_timeout_s: float, read_timeout_s: float) -> Any:
    settings = [
        *(cv2.CAP_PROP_N_THREADS, 1),
        *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
        *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
    ]
    return cv2.VideoCapture(url, cv2.CAP_FFMPEG, settings)


def _av(url: str, open_timeout_s: float, read_timeout_s: float) -> Any:
    from streamrec.sources.av import AVCapture

    return AVCapture(
        url,
        os.environ.get(ENVIRONMENT, ""),
        open_timeout_s=open_timeout_s,
        read_timeout_s=read_timeout_s,
    )


_CAPTURES = {"opencv": _opencv, "av": _av}
