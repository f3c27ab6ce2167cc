"""Settings as the text of a configuration file, with every key."""

import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import yaml

from streamrec.config import EventSettings
from streamrec.service.event_values import EventValues
from streamrec.service.keys import CAMERA_KEYS, EVENT_KEYS, EVENT_LISTS, SERVICE_KEYS, Key
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sources.uri import redact

_VALUE = re.compile(r";[^|]*")


def to_yaml(settings: ServiceSettings) -> str:
    """Write settings, so that reading them gives the same again."""
    content: dict[str, Any] = _values(settings, SERVICE_KEYS)
    content["defaults"] = {
        key: _said(value) if isinstance(value, EventValues) else value
        for key, value in settings.defaults.items()
    }
    content["cameras"] = {
        name: {**_values(camera, CAMERA_KEYS), "events": _events(camera.events)}
        for name, camera in settings.cameras.items()
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def hide_secrets(settings: ServiceSettings) -> ServiceSettings:
    """Put ``***`` where secrets are, or may be."""
    defaults = dict(settings.defaults)
    if "ffmpeg" in defaults:
        defaults["ffmpeg"] = _without_values(str(defaults["ffmpeg"]))
    cameras = {name: _hidden(camera) for name, camera in settings.cameras.items()}
    store = replace(settings.store, store=redact(settings.store.store))
    return replace(settings, store=store, defaults=defaults, cameras=cameras)


def _hidden(camera: CameraSettings) -> CameraSettings:
    source = replace(camera.source, source=redact(camera.source.source))
    capture = replace(camera.capture, ffmpeg=_without_values(camera.capture.ffmpeg))
    return replace(camera, source=source, capture=capture)


def _without_values(ffmpeg: str) -> str:
    return _VALUE.sub(";***", ffmpeg)


def _said(values: EventValues) -> dict[str, Any]:
    """Return what is said of events; what is not said stays away."""
    lists = {key: getattr(values, key) for key in EVENT_LISTS}
    return {**values.general, **{key: _plain(own) for key, own in lists.items() if own is not None}}


def _events(events: EventSettings) -> dict[str, Any]:
    lists = {"allow": events.allow, "deny": events.deny, "aliases": events.aliases}
    return {
        **_values(events, EVENT_KEYS),
        **{key: _plain(own) for key, own in lists.items()},
        "labels": {label: asdict(rule) for label, rule in events.labels.items()},
    }


def _plain(value: Any) -> Any:
    """Return lists and dicts, each of its own, as YAML would name those that come twice."""
    if isinstance(value, Mapping):
        return {key: _plain(own) for key, own in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _values(
    settings: CameraSettings | ServiceSettings | EventSettings, keys: Mapping[str, Key]
) -> dict[str, Any]:
    return {name: getattr(getattr(settings, key.part), name) for name, key in keys.items()}
