"""JSON Schema (draft 2020-12) of the configuration file, for editors; made from the options."""

import math
from collections.abc import Mapping
from dataclasses import MISSING
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from streamrec.service.camera import NAME
from streamrec.service.event_reader import MAX_ENTRIES
from streamrec.service.keys import (
    CAMERA_KEYS,
    EVENT_KEYS,
    RULE_KEYS,
    SERVICE_KEYS,
    SHARED_KEYS,
    Key,
)

Schema = dict[str, Any]

_TYPES: Mapping[Any, tuple[str, ...]] = {
    bool: ("boolean",),
    int: ("integer",),
    float: ("number",),
    str: ("string", "number"),  # a camera's number, for one, is read as text
    NoneType: ("null",),
}


def make_schema() -> Schema:
    """Return the schema as JSON has it."""
    names = {"pattern": f"^{NAME.pattern}$"}
    parts = {
        "defaults": _watched("Of every camera that has no other value.", SHARED_KEYS),
        "cameras": {
            "type": "object",
            "description": "The cameras, by the names that topics and messages call them.",
            "propertyNames": names,
            "additionalProperties": {"$ref": "#/$defs/camera"},
        },
    }
    whole = _mapping("Cameras that `streamrec serve` watches.", SERVICE_KEYS)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "streamrec service",
        **whole,
        "properties": whole["properties"] | parts,
        "required": ["cameras"],
        "$defs": {
            "camera": _watched("One camera.", CAMERA_KEYS),
            "events": _events(),
            "labels": {
                "type": "array",
                "maxItems": MAX_ENTRIES,
                "items": {"type": list(_TYPES[str]), "minLength": 1},
            },
        },
    }


def _watched(description: str, keys: Mapping[str, Key]) -> Schema:
    schema = _mapping(description, keys)
    schema["properties"]["events"] = {"$ref": "#/$defs/events"}
    return schema


def _events() -> Schema:
    schema = _mapping("When the scores of labels are an event, and of which.", EVENT_KEYS)
    labels = {"$ref": "#/$defs/labels"}
    schema["properties"] |= {
        "allow": labels | {"description": "Labels that may be events, with * and ?; none: all."},
        "deny": labels | {"description": "Labels that may be no events, with * and ?."},
        "aliases": _by_label("Names that stand for several labels.", labels),
        "labels": _by_label("Rules of single labels and aliases.", _mapping("One.", RULE_KEYS)),
    }
    return schema


def _by_label(description: str, value: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "maxProperties": MAX_ENTRIES,
        "propertyNames": {"minLength": 1},
        "additionalProperties": value,
    }


def _mapping(description: str, keys: Mapping[str, Key]) -> Schema:
    return {
        "type": "object",
        "description": description,
        "additionalProperties": False,
        "properties": {name: _value(key) for name, key in keys.items()},
        "required": [name for name, key in keys.items() if key.default is MISSING],
    }


def _value(key: Key) -> Schema:
    facts = key.item.metadata
    schema: Schema = {"description": facts["help"]}
    if get_origin(key.hint) is Literal:
        schema["enum"] = list(get_args(key.hint))
    else:
        kinds = get_args(key.hint) or (key.hint,)
        schema["type"] = [name for kind in kinds for name in _TYPES[kind]]
    if key.default is not MISSING:
        schema["default"] = key.default
    if facts["least"] != -math.inf:
        schema["minimum"] = facts["least"]
    if facts["most"] != math.inf:
        schema["maximum"] = facts["most"]
    return schema
