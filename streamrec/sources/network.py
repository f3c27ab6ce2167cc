"""Video over a network: RTSP cameras, HTTP streams and files, MPEG-TS over UDP."""

from urllib.parse import urlsplit

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.opencv import cv2
from streamrec.sources.diagnosis import why_not_opened
from streamrec.sources.opencv import OpenCVSource
from streamrec.sources.uri import network_name, redact


class NetworkSource(OpenCVSource):
    """The frames behind an ``rtsp``, ``http``, ``https`` or ``udp`` URL, decoded by FFmpeg.

    An HTTP resource of known length is read like a file; everything else is live. RTSP goes over
    TCP where the server allows it (OpenCV's default); ``OPENCV_FFMPEG_CAPTURE_OPTIONS`` overrides.

    Args:
        url: the address; may hold ``user:password@``, which no message repeats.
        open_timeout_s, read_timeout_s: longest wait for the connection and for a frame, seconds.

    Raises:
        SourceOpenError: malformed, refused, unauthorised, not found, not a video, or timed out.
    """

    def __init__(
        self, url: str, *, open_timeout_s: float = 10.0, read_timeout_s: float = 10.0
    ) -> None:
        _require_host(url)
        timeouts = [
            *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, round(open_timeout_s * 1000)),
            *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, round(read_timeout_s * 1000)),
        ]
        capture = cv2.VideoCapture(url, cv2.CAP_FFMPEG, timeouts)
        if not capture.isOpened():
            raise SourceOpenError(f"cannot open {redact(url)}: {why_not_opened(url)}")
        super().__init__(capture, network_name(url), live=True)
        self.live = self.frame_count is None or not url.lower().startswith("http")
        self._shown = redact(url)
        self._read_timeout_s = read_timeout_s

    def _end(self, waited_s: float) -> None:
        if waited_s >= self._read_timeout_s:
            raise SourceReadError(f"no frame from {self._shown} for {waited_s:.0f} s")
        if self.frame_count is None:
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
