"""One camera from values by key, as the configuration and commands have them."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING
from typing import Any, get_type_hints

from streamrec.config import EventSettings, RuleOptions, fault_of
from streamrec.errors import EndpointError, OptionError, SourceOpenError
from streamrec.service.checks import CHECKS
from streamrec.service.document import shown
from streamrec.service.event_values import EventValues
from streamrec.service.keys import CAMERA_KEYS, EVENT_KEYS, Key
from streamrec.service.settings import CameraSettings, ServiceSettings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
"""What cameras are called, without names that begin with ``_``: topics of the service itself."""


def make_camera(name: str, values: Mapping[str, Any]) -> CameraSettings:
    """Make the settings of a camera; keys that are left out have their defaults.

    Args:
        name: the camera's.
        values: by key; ``events``: what is said of those, an ``EventValues``.

    Raises:
        OptionError: a name, key or value that is not allowed, or no source.
    """
    require_camera_name(name)
    for key, value in values.items():
        if key == "events" and isinstance(value, EventValues):
            continue
        if key not in CAMERA_KEYS:
            raise OptionError(f"{shown(key)} is no key of a camera; {nearest(key, CAMERA_KEYS)}")
        if fault := fault_in(CAMERA_KEYS[key], value):
            raise OptionError(f"{key} {fault}")
    events = make_events(values.get("events", EventValues()))
    return CameraSettings(name=name, events=events, **make_parts(values, CAMERA_KEYS))


def make_events(values: EventValues) -> EventSettings:
    """Make the settings of events; what is left out has its default.

    Raises:
        OptionError: a score below which an event ends that is above the one at which it starts.
    """
    rules = {label: {**values.rule, **own} for label, own in values.labels.items()}
    return EventSettings(
        **make_parts(values.general, EVENT_KEYS),
        allow=values.allow or (),
        deny=values.deny or (),
        aliases=values.aliases,
        labels={label: RuleOptions(**rule) for label, rule in rules.items()},  # type: ignore[arg-type]
    )


def make_parts(values: Mapping[str, Any], keys: Mapping[str, Key]) -> dict[str, Any]:
    """Make the option records that hold these keys, by the names of their fields.

    Raises:
        OptionError: a key without a default is missing.
    """
    parts: dict[str, dict[str, Any]] = {}
    for name, key in keys.items():
        value = values.get(name, key.default)
        if value is MISSING:
            raise OptionError(f"{name} is missing")
        parts.setdefault(key.part, {})[name] = value
    return {part: _RECORDS[part](**own) for part, own in parts.items()}


def require_camera_name(name: str) -> None:
    """Check a camera's name, which is part of topics.

    Raises:
        OptionError: it is not allowed.
    """
    if not NAME.fullmatch(name):
        raise OptionError(
            "a camera's name has at most 64 letters, digits, '_', '.' and '-', and begins with a "
            f"letter or digit; got '{shown(name)}'"
        )


def fault_in(key: Key, value: Any) -> str:
    """Say what the value of a key is, and what was got instead; nothing if it is allowed."""
    if fault := fault_of(key.item, value, key.hint):
        return f"{fault}; got '{shown(str(value))}'"
    if isinstance(value, str) and not value.isprintable():
        return "is text on one line, without control characters"
    try:
        CHECKS.get(key.item.name, str)(value)
    except (OptionError, EndpointError, SourceOpenError) as error:
        return f"is not allowed: {error}"
    return ""


def nearest(key: str, known: Iterable[str]) -> str:
    """Say which key may have been meant."""
    near = difflib.get_close_matches(key, known, n=1)
    return f"did you mean {near[0]}?" if near else f"the keys are {', '.join(known)}"


_RECORDS = {
    part: record
    for settings in (CameraSettings, ServiceSettings, EventSettings)
    for part, record in get_type_hints(settings).items()
}
