"""The keys of the configuration file: the fields of the option records, each stated there."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, get_type_hints

from streamrec.config import EventSettings, SourceOptions
from streamrec.service.settings import CameraSettings, ServiceSettings

_UNNAMED = CameraSettings(name="_", source=SourceOptions(source="_"))
EVENT_LISTS = ("allow", "deny", "aliases", "labels")
"""What may be said of events beside options."""

_NO_OPTIONS = frozenset({"name", "events", "defaults", "cameras", *EVENT_LISTS})
"""Fields of the settings that are no option records."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        item: the field that it sets; ``hint``: that field's type.
        default: its value where the file has none; ``MISSING``: the file must have one.
        part: the field of ``CameraSettings``, ``ServiceSettings`` or ``EventSettings`` whose record
            it is in.
    """

    item: "Field[Any]"
    hint: Any
    default: Any
    part: str


def _keys(settings: CameraSettings | ServiceSettings | EventSettings) -> dict[str, Key]:
    """Collect the fields of every record of the settings."""
    keys: dict[str, Key] = {}
    for part in fields(settings):
        if part.name in _NO_OPTIONS:
            continue
        record = getattr(settings, part.name)
        hints = get_type_hints(type(record))
        for item in fields(record):
            default = item.default if part.name == "source" else getattr(record, item.name)
            keys[item.name] = Key(item, hints[item.name], default, part.name)
    return keys


CAMERA_KEYS: Mapping[str, Key] = {
    name: key for name, key in _keys(_UNNAMED).items() if name != "name"
}
"""What may be said of a camera."""

SHARED_KEYS: Mapping[str, Key] = {
    name: key for name, key in CAMERA_KEYS.items() if name != "source"
}
"""What may be said of all cameras, under ``defaults``."""

SERVICE_KEYS: Mapping[str, Key] = _keys(ServiceSettings())
"""What may be said of the service, at the top of the file."""

EVENT_KEYS: Mapping[str, Key] = _keys(EventSettings())
"""What may be said of events, under ``events``."""

RULE_KEYS: Mapping[str, Key] = {name: key for name, key in EVENT_KEYS.items() if key.part == "rule"}
"""What may be said of a single label there."""
