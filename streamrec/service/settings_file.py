"""The configuration file of the service: YAML in, settings out, every fault with its line."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, replace
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml

from streamrec.errors import ModelError, OptionError
from streamrec.service.camera import make_camera, make_parts, require_camera_name
from streamrec.service.checks import is_store_file
from streamrec.service.document import Entry, Faults, Place, entries, parse, place_of, read_text
from streamrec.service.event_reader import read_events
from streamrec.service.event_values import EventValues
from streamrec.service.keys import CAMERA_KEYS, SERVICE_KEYS, SHARED_KEYS, Key
from streamrec.service.model_labels import LabelsOf, model_of, require_model
from streamrec.service.option_reader import Values, read_values
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sockets.endpoint import Endpoint, parse_endpoint

_PARTS = ("defaults", "cameras")
_OWN_PARTS = ("events",)
_ENDPOINTS = ("publish", "control", "replay")
_REACHED = (
    "can be reached from other machines, unencrypted; set 'keys', the service's secret key of "
    "`streamrec keys new`, or allow it with 'insecure: true'"
)


def read_settings(path: Path, labels_of: LabelsOf = lambda model: None) -> ServiceSettings:
    """Read a configuration file; relative paths in it are relative to its folder.

    Args:
        path: the file.
        labels_of: class names of a model, to compare those in the file with; None: not known now.

    Raises:
        ConfigError: it cannot be read, is not YAML, or says what is not allowed; the message names
            each fault with file, line, column and key, one a line, and no secrets.
    """
    return _located(parse_settings(read_text(path), str(path), labels_of), path.parent)


def parse_settings(
    text: str, file: str, labels_of: LabelsOf = lambda model: None
) -> ServiceSettings:
    """Read a configuration; ``file`` is what the messages call it.

    Raises:
        ConfigError: as in ``read_settings``.
    """
    faults = Faults(file)
    settings = _Reader(faults, labels_of).service(parse(text, file))
    faults.check()
    return settings


class _Reader:
    """Reads nodes into settings; whoever calls it looks at the faults before the settings."""

    def __init__(self, faults: Faults, labels_of: LabelsOf) -> None:
        self._faults, self._labels_of = faults, cache(labels_of)

    def service(self, node: yaml.Node) -> ServiceSettings:
        """Read the whole file."""
        found = list(entries(node, "", self._faults))
        top = {entry.key: entry for entry in found}
        values = read_values(found, SERVICE_KEYS, self._faults, _PARTS)
        parts = make_parts(values, SERVICE_KEYS)
        self._check_endpoints(parts, top)
        shared: Values = {}
        if "defaults" in top:
            shared = self._mapping(top["defaults"], SHARED_KEYS, EventValues())
        if "cameras" not in top and isinstance(node, yaml.MappingNode):
            self._faults.add(place_of(node), "cameras is missing; 'cameras: {}' if there are none")
        cameras = self._cameras(top, shared) if "cameras" in top else ()
        return ServiceSettings(**parts, defaults=shared, cameras=dict(cameras))

    def _cameras(
        self, top: Mapping[str, Entry], shared: Values
    ) -> Iterator[tuple[str, CameraSettings]]:
        cameras = top["cameras"]
        for entry in entries(cameras.value, cameras.path, self._faults):
            below = shared.get("events", EventValues())
            values = shared | self._mapping(entry, CAMERA_KEYS, below)
            try:
                require_camera_name(entry.key)
            except OptionError as error:
                self._faults.add(entry.place, f"{entry.path}: {error}")
            else:
                if "source" in values:
                    camera = make_camera(entry.key, values)
                    self._check_labels(camera, entry, top.get("defaults"))
                    yield entry.key, camera

    def _mapping(self, parent: Entry, keys: Mapping[str, Key], below: EventValues) -> Values:
        """Read ``defaults`` or a camera, whose events are over those ``below``."""
        found = list(entries(parent.value, parent.path, self._faults))
        for name, key in keys.items():
            missing = key.default is MISSING and all(entry.key != name for entry in found)
            if missing and isinstance(parent.value, yaml.MappingNode):
                self._faults.add(parent.place, f"{parent.path}.{name} is missing")
        values = read_values(found, keys, self._faults, _OWN_PARTS)
        for entry in found:
            if entry.key == "events":
                values["events"] = read_events(entry, below, self._faults)
        return values

    def _check_labels(self, camera: CameraSettings, entry: Entry, defaults: Entry | None) -> None:
        """The rules of events name labels of the model, where those are known."""
        try:
            require_model(camera, self._labels_of)
        except ModelError:
            return  # it may be there when the camera is watched, whose status says it otherwise
        except OptionError as error:
            parent = entry if self._place_of("events", entry) or not defaults else defaults
            place = self._place_of("events", parent) or entry.place
            self._faults.add(place, f"{parent.path}: {error} (the model is {model_of(camera)})")

    def _place_of(self, key: str, parent: Entry) -> Place | None:
        found = entries(parent.value, parent.path, self._faults)
        return next((entry.place for entry in found if entry.key == key), None)

    def _check_endpoints(self, parts: Mapping[str, Any], top: Mapping[str, Entry]) -> None:
        """Two that are the same cannot both be bound; one that others reach must be wanted."""
        bound = {key: parse_endpoint(getattr(parts["service"], key)) for key in _ENDPOINTS}
        for one, other in combinations(_ENDPOINTS, 2):
            entry = top.get(other) or top.get(one)
            if entry and bound[one] == bound[other] and not _takes_any_port(bound[one]):
                text = f"{one} and {other} are both {bound[one]}"
                self._faults.add(place_of(entry.value), text)
        access = parts["access"]
        for key in _ENDPOINTS:
            if key in top and not (bound[key].is_local or access.keys or access.insecure):
                self._faults.add(place_of(top[key].value), f"{key} {_REACHED}")


def _takes_any_port(endpoint: Endpoint) -> bool:
    return endpoint.transport == "tcp" and not endpoint.port


def _located(settings: ServiceSettings, folder: Path) -> ServiceSettings:
    """Make relative paths relative to a folder."""
    at, access, store = partial(_at, folder), settings.access, settings.store
    is_file = is_store_file(store.store)
    return replace(
        settings,
        access=replace(access, keys=at(access.keys), clients=at(access.clients)),
        store=replace(
            store, store=at(store.store) if is_file else store.store, media=at(store.media)
        ),
    )


def _at(folder: Path, path: str) -> str:
    return str((folder / Path(path).expanduser()).absolute()) if path else ""
