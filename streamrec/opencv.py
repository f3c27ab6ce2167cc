"""The one door to OpenCV: imported here, and nowhere else, with its chatter switched off.

OpenCV and FFmpeg write warnings straight to stderr. Our errors say what matters, so both are
silenced, unless the user asks for them with ``OPENCV_LOG_LEVEL`` or ``OPENCV_FFMPEG_LOGLEVEL``.
OpenCV reads these when it is loaded, so a program that imported it before keeps its own setting.
"""

import os

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET

from streamrec.errors import RuntimeMissingError

try:
    import cv2
except ImportError as error:
    raise RuntimeMissingError(
        f"OpenCV cannot be loaded: {error}. On Debian and Ubuntu install what it needs with "
        "`apt-get install libgl1 libglib2.0-0`; without a display, opencv-python-headless instead "
        "of opencv-python needs nothing"
    ) from None

__all__ = ["cv2"]
