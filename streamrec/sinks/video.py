"""Records the frames, with what is recognised in them, as a video file."""

from contextlib import ExitStack
from pathlib import Path

from streamrec.errors import OutputError
from streamrec.sinks.overlay import Overlay
from streamrec.types import Frame, Image, Prediction
from streamrec.video_file import CODECS, VideoFile, video_file

DEFAULT_FPS = 25.0


class VideoRecorder:
    """Writes every frame with the latest prediction; the file appears at `close`, whole.

    The video has a constant rate and lasts as long as what it shows: see ``VideoFile``.

    Args:
        path: where to write: .mp4, .mkv or .avi; an existing file is replaced.
        fps: frames per second, usually what the source declares; None: 25.
        top: number of classes to show.

    Raises:
        OutputError: another kind of file, or it cannot be written there.
    """

    closed = False

    def __init__(self, path: str | Path, *, fps: float | None = None, top: int = 3) -> None:
        self._path = Path(path)
        _require_place(self._path)
        self._fps = fps or DEFAULT_FPS
        self._overlay = Overlay(top=top)
        self._open = ExitStack()
        self._video: VideoFile | None = None

    def show(self, frame: Frame, prediction: Prediction | None) -> None:
        """Record one frame.

        Raises:
            OutputError: the recording cannot be begun.
        """
        image = self._overlay(frame, prediction)
        if self._video is None:
            self._video = self._begun(image)
        self._video.show(image, frame.time_s)

    def close(self) -> None:
        """Finish the file and put it in its place; without a frame there is none.

        Raises:
            OutputError: the disk was full, or the file could not be written for another reason:
                OpenCV does not tell before. No file is left.
        """
        self._open.close()

    def _begun(self, image: Image) -> VideoFile:
        size = (image.shape[1], image.shape[0])
        return self._open.enter_context(video_file(self._path, size, self._fps))


def _require_place(path: Path) -> None:
    if path.suffix.lower() not in CODECS:
        raise OutputError(f"a video is recorded as {', '.join(CODECS)}; got {str(path)!r}")
    if path.is_dir():
        raise OutputError(f"cannot write {path}: there is a directory of that name")
    if not path.parent.is_dir():
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}")
