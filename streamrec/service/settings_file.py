"""The configuration file of the service: YAML in, settings out, every fault with its line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING
from pathlib import Path
from typing import Any

import yaml

from streamrec.errors import OptionError
from streamrec.service.camera import (
    fault_in,
    make_camera,
    make_parts,
    nearest,
    require_camera_name,
)
from streamrec.service.document import (
    Entry,
    Faults,
    entries,
    parse,
    place_of,
    read_text,
)
from streamrec.service.keys import CAMERA_KEYS, SERVICE_KEYS, SHARED_KEYS, Key
from streamrec.service.scalars import read_scalar
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.sockets.endpoint import parse_endpoint

_PARTS = ("defaults", "cameras")

Values = dict[str, Any]


def read_settings(path: Path) -> ServiceSettings:
    """Read a configuration file.

    Raises:
        ConfigError: it cannot be read, is not YAML, or says what is not allowed; the message names
            each fault with file, line, column and key, one a line, and no secrets.
    """
    return parse_settings(read_text(path), str(path))


def parse_settings(text: str, file: str) -> ServiceSettings:
    """Read a configuration; ``file`` is what the messages call it.

    Raises:
        ConfigError: as in ``read_settings``.
    """
    faults = Faults(file)
    settings = _Reader(faults).service(parse(text, file))
    faults.check()
    return settings


class _Reader:
    """Reads nodes into settings; whoever calls it looks at the faults before the settings."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def service(self, node: yaml.Node) -> ServiceSettings:
        """Read the whole file."""
        found = list(entries(node, "", self._faults))
        top = {entry.key: entry for entry in found}
        values = self._values(found, SERVICE_KEYS)
        parts = make_parts(values, SERVICE_KEYS)
        self._check_endpoints(parts, top)
        shared = self._mapping(top["defaults"], SHARED_KEYS) if "defaults" in top else {}
        if "cameras" not in top and isinstance(node, yaml.MappingNode):
            self._faults.add(place_of(node), "cameras is missing; 'cameras: {}' if there are none")
        cameras = self._cameras(top["cameras"], shared) if "cameras" in top else ()
        return ServiceSettings(**parts, defaults=shared, cameras=dict(cameras))

    def _cameras(self, cameras: Entry, shared: Values) -> Iterator[tuple[str, CameraSettings]]:
        for entry in entries(cameras.value, cameras.path, self._faults):
            values = shared | self._mapping(entry, CAMERA_KEYS)
            try:
                require_camera_name(entry.key)
            except OptionError as error:
                self._faults.add(entry.place, f"{entry.path}: {error}")
            else:
                if "source" in values:
                    yield entry.key, make_camera(entry.key, values)

    def _mapping(self, parent: Entry, keys: Mapping[str, Key]) -> Values:
        """Read the keys of ``defaults`` or of a camera."""
        found = list(entries(parent.value, parent.path, self._faults))
        for name, key in keys.items():
            missing = key.default is MISSING and all(entry.key != name for entry in found)
            if missing and isinstance(parent.value, yaml.MappingNode):
                self._faults.add(parent.place, f"{parent.path}.{name} is missing")
        return self._values(found, keys)

    def _values(self, found: Iterable[Entry], keys: Mapping[str, Key]) -> Values:
        """Read options; those that are wrong are left out."""
        values: Values = {}
        for entry in found:
            if entry.key in keys:
                self._read(entry, keys[entry.key], values)
            elif keys is not SERVICE_KEYS or entry.key not in _PARTS:
                text = f"{entry.path} is no key here; {_advice(entry.key, keys)}"
                self._faults.add(entry.place, text)
        return values

    def _read(self, entry: Entry, key: Key, values: Values) -> None:
        try:
            value = read_scalar(entry.value, key.hint)
        except OptionError as error:
            self._faults.add(place_of(entry.value), f"{entry.path} {error}")
            return
        if fault := fault_in(key, value):
            self._faults.add(place_of(entry.value), f"{entry.path} {fault}")
        else:
            values[entry.key] = value

    def _check_endpoints(self, parts: Mapping[str, Any], top: Mapping[str, Entry]) -> None:
        """Two that are the same cannot both be bound; one that others reach must be wanted."""
        service, access = parts["service"], parts["access"]
        given = {key: top[key] for key in ("publish", "control") if key in top}
        both = [parse_endpoint(service.publish), parse_endpoint(service.control)]
        if given and both[0] == both[1] and not (both[0].transport == "tcp" and not both[0].port):
            entry = given.get("control") or given["publish"]
            self._faults.add(place_of(entry.value), f"publish and control are both {both[0]}")
        for key, entry in given.items():
            if not (parse_endpoint(getattr(service, key)).is_local or access.insecure):
                text = "can be reached from other machines, unencrypted; 'insecure: true' allows it"
                self._faults.add(place_of(entry.value), f"{entry.path} {text}")


def _advice(key: str, keys: Mapping[str, Key]) -> str:
    """Say which key was meant, or where this one belongs."""
    if key == "<<":
        return "what cameras share goes under 'defaults'"
    if key == "source" and keys is SHARED_KEYS:
        return "each camera has its own source"
    if key in CAMERA_KEYS:
        return "it is a camera's, or goes under 'defaults'"
    if key in SERVICE_KEYS:
        return "it is the service's and goes to the top of the file"
    known = [*keys, *(_PARTS if keys is SERVICE_KEYS else ())]
    return nearest(key, known)
