import json
from importlib.resources import files

import jsonschema
import pytest
import yaml

from streamrec.service.keys import (
    CAMERA_KEYS,
    EVENT_KEYS,
    EVENT_LISTS,
    RULE_KEYS,
    SERVICE_KEYS,
    SHARED_KEYS,
)
from streamrec.service.schema import make_schema
from streamrec.service.settings_file import parse_settings

EXAMPLE = (files("streamrec") / "assets" / "cameras.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def validator():
    schema = json.loads(json.dumps(make_schema()))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_example_is_valid_for_the_schema_and_for_the_service(validator):
    validator.validate(yaml.safe_load(EXAMPLE))
    settings = parse_settings(EXAMPLE, "example")
    assert list(settings.cameras) == ["door", "yard", "bench"]


def test_the_example_tells_editors_where_the_schema_is():
    assert EXAMPLE.startswith("# yaml-language-server: $schema=cameras.schema.json\n")
    assert "streamrec config schema > cameras.schema.json" in EXAMPLE


def test_every_option_is_in_the_schema():
    schema = make_schema()
    parts = schema["properties"]
    assert parts.keys() == SERVICE_KEYS.keys() | {"defaults", "cameras"}
    assert parts["defaults"]["properties"].keys() == SHARED_KEYS.keys() | {"events"}
    camera = schema["$defs"]["camera"]["properties"]
    assert camera.keys() == CAMERA_KEYS.keys() | {"events"}
    events = schema["$defs"]["events"]["properties"]
    assert events.keys() == EVENT_KEYS.keys() | set(EVENT_LISTS)
    rule = events["labels"]["additionalProperties"]["properties"]
    assert rule.keys() == RULE_KEYS.keys()
    assert camera["predict"] == {
        "description": CAMERA_KEYS["predict"].item.metadata["help"],
        "enum": ["frame", "grid"],
        "default": "grid",
    }
    assert camera["max_delay"]["minimum"] == 0.05 and camera["max_delay"]["default"] == 2.0


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "cameras: []",
        "cameras: {door: {}}",
        "cameras: {_door: {source: 0}}",
        "cameras: {'a b': {source: 0}}",
        "cameras: {door: {source: 0, sauce: 1}}",
        "cameras: {door: {source: 0, min_score: 2}}",
        "cameras: {door: {source: 0, min_score: high}}",
        "cameras: {door: {source: 0, window: 1.5}}",
        "cameras: {door: {source: 0, enabled: 1}}",
        "cameras: {door: {source: 0, transport: tpc}}",
        "cameras: {door: {source: 0, publish: tcp://127.0.0.1:1}}",
        "cameras: {}\ndefaults: {source: 0}",
        "cameras: {}\nmin_score: 0.5",
        "cameras: {door: {source: 0, on_score: 0.5}}",
        "cameras: {door: {source: 0, events: {allow: wave}}}",
        "cameras: {door: {source: 0, events: {deny: [[a]]}}}",
        "cameras: {door: {source: 0, events: {deny: ['']}}}",
        "cameras: {door: {source: 0, events: {aliases: {a: b}}}}",
        "cameras: {door: {source: 0, events: {labels: {a: {exclusive: true}}}}}",
        "cameras: {}\ndefaults: {events: {on_score: 2}}",
    ],
)
def test_what_the_service_refuses_the_schema_refuses(validator, text):
    with pytest.raises(ValueError, match="cameras"):
        parse_settings(text, "cameras.yaml")
    assert not validator.is_valid(yaml.safe_load(text))


@pytest.mark.parametrize(
    "text",
    [
        "cameras: {}",
        "cameras: {door: {source: 0, model: null, window: 8, rate: 5, enabled: true}}",
        "cameras: {door: {source: 0, events: {allow: [a], labels: {a: {cooldown: 1}}}}}",
        "cameras: {}\ndefaults: {events: {exclusive: false, aliases: {a: [b, c]}}}",
    ],
)
def test_what_the_service_takes_the_schema_takes(validator, text):
    parse_settings(text, "")
    validator.validate(yaml.safe_load(text))
