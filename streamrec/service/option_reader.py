"""Keys and values of a mapping of the configuration, each checked as its option asks."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from streamrec.errors import OptionError
from streamrec.service.camera import fault_in, nearest
from streamrec.service.document import Entry, Faults, place_of
from streamrec.service.keys import (
    CAMERA_KEYS,
    EVENT_KEYS,
    EVENT_LISTS,
    SERVICE_KEYS,
    SHARED_KEYS,
    Key,
)
from streamrec.service.scalars import read_scalar

Values = dict[str, Any]


def read_values(
    found: Iterable[Entry], keys: Mapping[str, Key], faults: Faults, others: Collection[str] = ()
) -> Values:
    """Read options; those that are wrong are left out.

    Args:
        found: what there is.
        keys: what there may be.
        faults: where to put what is wrong.
        others: keys that there may be, too, and that are read elsewhere.
    """
    values: Values = {}
    for entry in found:
        if entry.key in keys:
            _read(entry, keys[entry.key], values, faults)
        elif entry.key not in others:
            text = f"{entry.path} is no key here; {_advice(entry.key, keys, others)}"
            faults.add(entry.place, text)
    return values


def _read(entry: Entry, key: Key, values: Values, faults: Faults) -> None:
    try:
        value = read_scalar(entry.value, key.hint)
    except OptionError as error:
        faults.add(place_of(entry.value), f"{entry.path} {error}")
        return
    if fault := fault_in(key, value):
        faults.add(place_of(entry.value), f"{entry.path} {fault}")
    else:
        values[entry.key] = value


def _advice(key: str, keys: Mapping[str, Key], others: Collection[str]) -> str:
    """Say which key was meant, or where this one belongs."""
    if key == "<<":
        return "what cameras share goes under 'defaults'"
    if key == "source" and keys is SHARED_KEYS:
        return "each camera has its own source"
    if key in CAMERA_KEYS or key == "events":
        return "it is a camera's, or goes under 'defaults'"
    if key in EVENT_KEYS or key in EVENT_LISTS:
        return "it goes under 'events', of a camera or of 'defaults'"
    if key in SERVICE_KEYS:
        return "it is the service's and goes to the top of the file"
    return nearest(key, [*keys, *others])
