"""A video file, an animated GIF or a picture: every frame, in order, none lost."""

from pathlib import Path

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.opencv import cv2
from streamrec.sources.opencv import OpenCVSource
from streamrec.sources.uri import file_name, redact

_TEXT_CODEC = cv2.VideoWriter.fourcc(*"ansi")  # FFmpeg plays text files as terminal animations


class FileSource(OpenCVSource):
    """The frames of a file. ``time_s`` and ``pts_s`` are media time from the first frame.

    A damaged file yields the frames up to the damage.

    Raises:
        SourceOpenError: missing, a directory, empty, not readable or not a video.
    """

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        _require_content(path)
        capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
        if not capture.isOpened() or int(capture.get(cv2.CAP_PROP_FOURCC)) == _TEXT_CODEC:
            raise SourceOpenError(
                f"not a video: {path} (no frames found in it; it is another kind of file, or cut "
                "off or damaged); give a video file such as .mp4, .mkv, .avi, .webm or .gif"
            )
        super().__init__(capture, file_name(path), live=False)
        self._path = path

    def _end(self, waited_s: float) -> None:
        if self._index == 0:
            raise SourceReadError(f"no frame of {self._path} can be decoded; the file is damaged")


def _require_content(path: Path) -> None:
    shown = redact(str(path))  # it may be meant as an address
    try:
        if path.is_dir():
            raise SourceOpenError(f"a directory, not a video file: {shown}")
        if path.stat().st_size == 0:
            raise SourceOpenError(f"the file is empty (0 bytes): {shown}")
        with path.open("rb"):
            pass
    except FileNotFoundError:
        raise SourceOpenError(f"no such file: {shown}") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceOpenError(f"cannot read {shown}: {reason}") from error
