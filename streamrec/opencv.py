"""The one door to OpenCV: imported here, and nowhere else, with its chatter switched off.

OpenCV and FFmpeg write warnings straight to stderr. Our errors say what matters, so both are
silenced, unless the user asked for them with ``OPENCV_LOG_LEVEL`` or ``OPENCV_FFMPEG_LOGLEVEL``.
"""

import os

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read when FFmpeg first opens

import cv2

__all__ = ["cv2"]

if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
