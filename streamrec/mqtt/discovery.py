"""What Home Assistant wants to hear to show a camera by itself.

Facts from its documentation of MQTT discovery: topics are
``<prefix>/<component>/<object>/config``, retained; an empty payload removes an entity; an entity is
available while all of its availability topics say so.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from streamrec.mqtt.topics import Publication, Topics
from streamrec.types import NO_ACTION


def discovery(camera: str, topics: Topics, prefix: str, version: str) -> Iterator[Publication]:
    """Describe a camera as a device with three entities.

    Args:
        camera: its name in topics.
        topics: where it is published.
        prefix: Home Assistant's discovery prefix, usually ``homeassistant``.
        version: the publisher's version of streamrec.
    """
    node = f"{_identifier(topics.prefix)}_{_identifier(camera)}"
    shared: dict[str, Any] = {
        "device": {
            "identifiers": [node],
            "name": camera,
            "manufacturer": "streamrec",
            "model": "camera",
            "sw_version": version,
        },
        "origin": {"name": "streamrec", "sw_version": version},
    }
    for component, name, entity in _entities(camera, topics):
        unique = {"name": name, "unique_id": f"{node}_{_identifier(name.lower())}"}
        topic = f"{prefix}/{component}/{unique['unique_id']}/config"
        payload = msgspec.json.encode({**unique, **entity, **shared}).decode()
        yield Publication(topic, payload)


def _entities(camera: str, topics: Topics) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    present = [{"topic": topic} for topic in (topics.bridge, topics.service)]
    seen = {
        "availability": [*present, {"topic": topics.availability(camera)}],
        "availability_mode": "all",
    }
    action = topics.action(camera)
    yield (
        "sensor",
        "Action",
        {
            **seen,
            "state_topic": action,
            "json_attributes_topic": topics.attributes(camera),
            "icon": "mdi:run",
        },
    )
    yield (
        "binary_sensor",
        "Activity",
        {
            **seen,
            "state_topic": action,
            "value_template": f"{{{{ 'OFF' if value == '{NO_ACTION}' else 'ON' }}}}",
        },
    )
    yield (
        "binary_sensor",
        "Camera",
        {
            "availability": present,
            "availability_mode": "all",
            "state_topic": topics.availability(camera),
            "payload_on": "online",
            "payload_off": "offline",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
        },
    )


def _identifier(text: str) -> str:
    """Return what may stand in an id; with a digest where signs had to go, as others may, too."""
    allowed = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return allowed if allowed == text else f"{allowed}_{sha256(text.encode()).hexdigest()[:8]}"
