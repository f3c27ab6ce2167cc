"""The keys of the configuration file: the fields of the option records, each stated there."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any, get_type_hints

from streamrec.config import ServiceOptions, SourceOptions
from streamrec.service.settings import CameraSettings

_UNNAMED = CameraSettings(name="_", source=SourceOptions(source="_"))


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Attributes:
        item: the field that it sets; ``hint``: that field's type.
        default: its value where the file has none; ``MISSING``: the file must have one.
        part: the field of ``CameraSettings`` whose record it is in; empty for the service's keys.
    """

    item: "Field[Any]"
    hint: Any
    default: Any
    part: str = ""


def _camera_keys() -> dict[str, Key]:
    """Collect the fields of every record of a camera, but its name, which is a key itself."""
    keys: dict[str, Key] = {}
    for part in fields(CameraSettings):
        record = getattr(_UNNAMED, part.name)
        if part.name == "name":
            continue
        hints = get_type_hints(type(record))
        for item in fields(record):
            default = item.default if part.name == "source" else getattr(record, item.name)
            keys[item.name] = Key(item, hints[item.name], default, part.name)
    del keys["name"]
    return keys


def _service_keys() -> dict[str, Key]:
    hints = get_type_hints(ServiceOptions)
    return {item.name: Key(item, hints[item.name], item.default) for item in fields(ServiceOptions)}


CAMERA_KEYS: Mapping[str, Key] = _camera_keys()
"""What may be said of a camera."""

SHARED_KEYS: Mapping[str, Key] = {
    name: key for name, key in CAMERA_KEYS.items() if name != "source"
}
"""What may be said of all cameras, under ``defaults``."""

SERVICE_KEYS: Mapping[str, Key] = _service_keys()
"""What may be said of the service, at the top of the file."""
