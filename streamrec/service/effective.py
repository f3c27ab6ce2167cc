"""Settings as the text of a configuration file, with every key."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import yaml

from streamrec.service.keys import CAMERA_KEYS, SERVICE_KEYS, Key
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sources.uri import redact

_VALUE = re.compile(r";[^|]*")


def to_yaml(settings: ServiceSettings) -> str:
    """Write settings, so that reading them gives the same again."""
    content: dict[str, Any] = _values(settings, SERVICE_KEYS)
    content["defaults"] = dict(settings.defaults)
    content["cameras"] = {
        name: _values(camera, CAMERA_KEYS) for name, camera in settings.cameras.items()
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def hide_secrets(settings: ServiceSettings) -> ServiceSettings:
    """Put ``***`` where secrets are, or may be."""
    defaults = dict(settings.defaults)
    if "ffmpeg" in defaults:
        defaults["ffmpeg"] = _without_values(str(defaults["ffmpeg"]))
    cameras = {name: _hidden(camera) for name, camera in settings.cameras.items()}
    return replace(settings, defaults=defaults, cameras=cameras)


def _hidden(camera: CameraSettings) -> CameraSettings:
    source = replace(camera.source, source=redact(camera.source.source))
    capture = replace(camera.capture, ffmpeg=_without_values(camera.capture.ffmpeg))
    return replace(camera, source=source, capture=capture)


def _without_values(ffmpeg: str) -> str:
    return _VALUE.sub(";***", ffmpeg)


def _values(settings: CameraSettings | ServiceSettings, keys: Mapping[str, Key]) -> dict[str, Any]:
    return {name: getattr(getattr(settings, key.part), name) for name, key in keys.items()}
