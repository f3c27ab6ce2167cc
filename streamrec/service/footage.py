"""What keeps thumbnails and clips of a camera."""

import logging
from dataclasses import replace
from pathlib import Path

from streamrec.config import FootageOptions
from streamrec.footage.recorder import LATE_S, Recorder
from streamrec.footage.writer import Writer
from streamrec.service.settings import CameraSettings
from streamrec.service.watched import prediction_s
from streamrec.types import StreamSpec

_log = logging.getLogger("streamrec.footage")


def without_footage(settings: CameraSettings) -> CameraSettings:
    """Return the settings of a camera where nothing is stored; say so if it is to keep footage."""
    if settings.footage.thumbnail or settings.footage.clip:
        _log.warning("%s: no thumbnails or clips are kept, as 'store' is none", settings.name)
    return replace(settings, footage=FootageOptions())


def recorder_of(settings: CameraSettings, spec: StreamSpec, media: str, writer: Writer) -> Recorder:
    """Return a recorder whose pictures reach back to the first frame of any event that it is told.

    Args:
        settings: of the camera.
        spec: of its model.
        media: folder of all thumbnails and clips.
        writer: writes the files.
    """
    rules = (settings.events.rule, *settings.events.labels.values())
    period_s = prediction_s(settings, spec)
    waits_s = (max(rule.min_duration, rule.consecutive * period_s) for rule in rules)
    late_s = LATE_S + max(waits_s)
    return Recorder(Path(media), settings.name, settings.footage, writer, late_s=late_s)
