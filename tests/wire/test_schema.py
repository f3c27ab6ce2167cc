import json
from typing import get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_messages import GOLDEN, messages

from streamrec import wire
from streamrec.cli import schema as command
from streamrec.errors import MessageError
from streamrec.wire.schema import message_schema

TYPES = dict(zip(wire.KINDS, get_args(wire.Message), strict=True))
kinds = pytest.mark.parametrize("kind", wire.KINDS)


def validator(kind=None):
    schema = json.loads(json.dumps(message_schema(kind)))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


ANY = validator()
OF_KIND = {kind: validator(kind) for kind in wire.KINDS}


@kinds
def test_the_golden_messages_are_valid_for_their_own_schema_and_for_that_of_all(kind):
    message = json.loads(GOLDEN[kind])
    ANY.validate(message)
    assert [name for name, of_kind in OF_KIND.items() if of_kind.is_valid(message)] == [kind]


@kinds
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_whatever_is_sent_is_valid(kind, data):
    sent = json.loads(wire.encode(data.draw(messages(TYPES[kind]))))
    OF_KIND[kind].validate(sent)
    ANY.validate(sent)


@kinds
def test_the_schema_says_where_messages_of_its_version_belong(kind):
    topic = wire.topic_of(wire.decode(GOLDEN[kind])).encode().decode()
    assert message_schema(kind)["$id"] == f"{wire.TOPIC_ROOT}/{kind}"
    assert topic.startswith(f"{wire.TOPIC_ROOT}/") and topic.endswith(f"/{kind}/")


@kinds
def test_every_field_is_explained(kind):
    schema = message_schema(kind)
    properties = schema["properties"]
    assert properties.keys() == {"type", *TYPES[kind].__struct_fields__}
    assert [name for name in properties if not properties[name].get("description")] == ["type"]
    assert "Attributes" not in json.dumps(schema) and "``" not in json.dumps(schema)


_ANYTHING = st.sampled_from(
    [
        None,
        True,
        -1,
        1.5,
        2**53,
        2**70,
        -0.5,
        1e301,
        "",
        "a/b",
        "a\n",
        "x" * 129,
        "soon",
        [],
        [1],
        {},
    ]
)


@kinds
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_schema_and_decoder_agree_on_messages_with_a_field_replaced_or_missing(kind, data):
    message = json.loads(GOLDEN[kind])
    field = data.draw(st.sampled_from(sorted(message)))
    if data.draw(st.booleans()):
        del message[field]
    else:
        message[field] = data.draw(_ANYTHING)
    try:
        wire.decode(msgspec.json.encode(message))
    except MessageError:
        assert not ANY.is_valid(message)
    else:
        ANY.validate(message)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("prediction", {"top": [{"id": 1, "label": "a", "score": 1.1, "raw": 0.0}]}),
        ("prediction", {"top": [{"id": 1, "label": "a", "raw": 0.0}]}),
        ("prediction", {"latency": {}}),
        ("status", {"counts": {"frames": -1}}),
        ("status", {"state": "asleep"}),
        ("event", {"phase": "middle"}),
        ("event", {"reason": "boredom"}),
        ("event", {"peak": 1.0001}),
        ("heartbeat", {"interval_s": -1.0}),
        ("heartbeat", {"schema": 2}),
    ],
    ids=str,
)
def test_what_the_decoder_refuses_the_schema_refuses(kind, fields):
    message = json.loads(GOLDEN[kind]) | fields
    with pytest.raises(MessageError):
        wire.decode(msgspec.json.encode(message))
    assert not ANY.is_valid(message) and not OF_KIND[kind].is_valid(message)


def test_fields_of_the_future_are_valid():
    ANY.validate(json.loads(GOLDEN["event"]) | {"zone": "kitchen"})


def test_the_command_knows_every_kind():
    assert wire.KINDS == command.KINDS
