"""Messages survive the way over the wire, and nothing else passes for one."""

import contextlib
import math
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from streamrec import wire
from streamrec.errors import MessageError, OptionError
from streamrec.types import CameraState, CameraStatus, Defect, Latency, now_s

GOLDEN_BY_KIND = {
    kind: (Path(__file__).parent / f"{kind}-v1.json").read_bytes().strip() for kind in wire.KINDS
}
GOLDEN, GOLDEN_STATUS = GOLDEN_BY_KIND["prediction"], GOLDEN_BY_KIND["status"]
STRUCTS = [
    value
    for value in vars(wire).values()
    if isinstance(value, type) and issubclass(value, msgspec.Struct)
]
CODECS = {"json": msgspec.json, "msgpack": msgspec.msgpack}
formats = pytest.mark.parametrize("fmt", wire.FORMATS)


def values(info: inspect.Type) -> st.SearchStrategy[Any]:
    """What a field of that type may hold."""
    match info:
        case inspect.StructType(fields=fields, cls=cls):
            return st.builds(cls, **{field.name: values(field.type) for field in fields})
        case inspect.VarTupleType(item_type=item):
            return st.lists(values(item), max_size=4).map(tuple)
        case inspect.UnionType(types=types):
            return st.one_of([values(member) for member in types])
        case inspect.LiteralType(values=allowed):
            return st.sampled_from(allowed)
        case inspect.FloatType(ge=low, le=high):
            return st.floats(low, high, allow_nan=False, allow_infinity=False)
        case inspect.IntType(ge=low, le=high):
            return st.integers(low, high)
        case inspect.StrType(pattern=None):
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
        case inspect.StrType(pattern=pattern):
            return st.from_regex(pattern)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key), values(value), max_size=4)
        case inspect.EnumType(cls=cls):
            return st.sampled_from(cls)
        case inspect.BoolType():
            return st.booleans()
        case inspect.NoneType():
            return st.none()
    raise AssertionError(f"no values known for {info}")


def messages() -> st.SearchStrategy[wire.Message]:
    return values(inspect.type_info(wire.Message))


def golden(**fields: Any) -> wire.PredictionMessage:
    return msgspec.structs.replace(wire.decode(GOLDEN), **fields)


def golden_as(fmt: Literal["json", "msgpack"], **fields: Any) -> bytes:
    """The golden message, its fields replaced unchecked."""
    plain = msgspec.json.decode(GOLDEN) | fields
    return CODECS[fmt].encode(plain)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
@formats
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_every_struct_survives_the_round_trip(struct, fmt, data):
    value = data.draw(values(inspect.type_info(struct)))
    codec = CODECS[fmt]
    assert codec.decode(codec.encode(value), type=struct) == value


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_structs_cannot_be_changed(struct):
    assert struct.__struct_config__.frozen


@formats
@settings(max_examples=50, deadline=None)
@given(message=messages())
def test_messages_survive_the_round_trip_in_frames(fmt, message):
    assert wire.decode_frames(wire.encode_frames(message, fmt)) == message


def test_every_message_type_is_a_known_kind():
    tags = [s.__struct_config__.tag for s in STRUCTS if issubclass(s, wire.Envelope)]
    assert sorted(set(tags) - {"Envelope"}) == sorted(wire.KINDS)


@pytest.mark.parametrize("kind", wire.KINDS)
def test_schema_1_reads_and_writes_what_it_always_did(kind):
    message = wire.decode(GOLDEN_BY_KIND[kind])
    source = wire.SYSTEM if kind == "heartbeat" else "camera-0"
    assert wire.topic_of(message) == (source, kind)
    assert msgspec.json.decode(wire.encode(message)) == msgspec.json.decode(GOLDEN_BY_KIND[kind])


def test_the_parts_of_messages_have_the_types_that_they_should():
    prediction, status = wire.decode(GOLDEN), wire.decode(GOLDEN_STATUS)
    assert prediction.top[1].label == "stehen \u2013 still"
    assert (status.state, status.counts["losses"]) == (CameraState.BACKING_OFF, 4)
    assert isinstance(status.state, CameraState)


def test_predictions_of_earlier_releases_are_read():
    plain = msgspec.json.decode(GOLDEN)
    del plain["still_s"], plain["action"]
    assert wire.decode(msgspec.json.encode(plain)) == golden(still_s=0.0, action="none")


def test_fields_of_the_future_are_skipped():
    assert wire.decode(golden_as("json", zone="kitchen")) == golden()


@formats
@pytest.mark.parametrize(
    "fields",
    [
        {"schema": 2},
        {"type": "happening"},
        {"sequence": -1},
        {"sequence": 2**53},
        {"sequence": 1.5},
        {"warm_up": 1},
        {"captured_s": None},
        {"source": "a/b"},
        {"source": "a\n"},
        {"source": ""},
        {"source": "x" * 129},
        {"top": [{"id": 1, "label": "a", "score": 1.1, "raw": 0.0}]},
        {"latency": {}},
        {"still_s": -1.0},
        {"type": "status"},
    ],
    ids=str,
)
def test_a_field_out_of_bounds_is_refused(fmt, fields):
    with pytest.raises(MessageError):
        wire.decode(golden_as(fmt, **fields))


@formats
@pytest.mark.parametrize(
    "fields",
    [
        {"state": "asleep"},
        {"defect": "blue"},
        {"attempt": -1},
        {"retry_s": "soon"},
        {"fps": -25.0},
        {"counts": {"frames": -1}},
        {"counts": [1]},
        {"reason": None},
        {"type": "prediction"},
    ],
    ids=str,
)
def test_a_field_of_a_status_out_of_bounds_is_refused(fmt, fields):
    plain = msgspec.json.decode(GOLDEN_STATUS)
    with pytest.raises(MessageError):
        wire.decode(CODECS[fmt].encode(plain | fields))


@formats
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_carry_is_neither_sent_nor_read(fmt, value):
    with pytest.raises(MessageError):
        wire.encode(golden(captured_s=value), fmt)
    with pytest.raises(MessageError):
        wire.decode(golden_as(fmt, captured_s=value))


@formats
@pytest.mark.parametrize(
    "fields", [{"sequence": 2**70}, {"model": "\ud800"}, {"model": object()}], ids=str
)
def test_what_does_not_fit_the_schema_is_not_sent(fmt, fields):
    with pytest.raises(MessageError):
        wire.encode(golden(**fields), fmt)


def test_an_unknown_format_lists_the_allowed_ones():
    with pytest.raises(OptionError, match="json, msgpack"):
        wire.encode(golden(), "pickle")


@settings(max_examples=300, deadline=None)
@given(payload=st.binary(max_size=200))
def test_random_bytes_are_refused(payload):
    with pytest.raises(MessageError):
        wire.decode(payload)


@formats
@pytest.mark.parametrize("kind", wire.KINDS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_messages_are_refused_or_read_never_worse(fmt, kind, data):
    payload = bytearray(wire.encode(wire.decode(GOLDEN_BY_KIND[kind]), fmt))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload)))
        end = data.draw(st.integers(at, min(at + 3, len(payload))))
        payload[at:end] = data.draw(st.binary(max_size=3))
    with contextlib.suppress(MessageError):
        wire.decode(bytes(payload))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b" ",
        b"null",
        GOLDEN[:-1],
        GOLDEN + b"{}",
        GOLDEN[:-1] + b',"x":' + b"[" * 200_000,
        b"\x81\xa1x" + b"\x91" * 200_000,
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xdb\xff\xff\xff\xff",
        GOLDEN.replace(b"camera-0", b"camera\xff0"),
        GOLDEN + b" " * wire.MAX_PAYLOAD_BYTES,
    ],
    ids=range(11),
)
def test_hostile_payloads_are_refused(payload):
    with pytest.raises(MessageError):
        wire.decode(payload)


@given(frames=st.lists(st.binary(max_size=60), max_size=3))
def test_random_frames_are_refused(frames):
    with pytest.raises(MessageError):
        wire.decode_frames(frames)


def test_a_message_under_another_sources_topic_is_refused():
    _, payload = wire.encode_frames(golden(source="cam1"))
    with pytest.raises(MessageError, match="cam1"):
        wire.decode_frames([b"streamrec/v1/cam2/prediction/", payload])


@given(name=st.text(max_size=200))
def test_any_source_name_makes_a_topic_that_its_subscription_selects(name):
    source = wire.source_name(name)
    topic = wire.Topic(source, "prediction").encode()
    assert wire.parse_topic(topic) == (source, "prediction")
    assert topic.startswith(wire.subscription(name))
    assert topic.startswith(wire.subscription())


@pytest.mark.parametrize("name", ["camera-0", "a.b_C-9"])
def test_allowed_source_names_stay_as_they_are(name):
    assert wire.source_name(name) == name


def test_a_subscription_to_one_camera_leaves_out_names_that_begin_alike():
    assert not wire.Topic("cam10", "prediction").encode().startswith(wire.subscription("cam1"))


@pytest.mark.parametrize(
    "topic",
    [b"", b"streamrec/v1/", b"streamrec/v2/a/prediction/", b"streamrec/v1/a/prediction", b"\xff"],
)
def test_other_topics_are_refused(topic):
    with pytest.raises(MessageError):
        wire.parse_topic(topic)


def test_a_prediction_becomes_a_message_with_its_best_classes(make_prediction):
    prediction = make_prediction(source="door/north", pts_s=None)
    message = wire.message_of(prediction, sequence=7, session="abc", top_k=2)
    assert (message.sequence, message.session, message.source) == (7, "abc", "door_north")
    assert [(t.id, t.label, t.score, t.raw) for t in message.top] == [
        (1, "right", 0.7, 1.0),
        (0, "left", 0.2, 0.0),
    ]
    assert message.pts_s is None
    assert (message.lanes, message.lanes_wanted, message.dropped) == (5, 6, 4)


def test_classes_below_the_least_score_are_left_out(make_prediction):
    prediction = make_prediction()
    message = wire.message_of(prediction, 0, "", top_k=3, min_score=0.15)
    assert [t.label for t in message.top] == ["right", "left"]
    assert wire.message_of(prediction, 0, "", top_k=3, min_score=0.99).top == ()


def test_a_message_says_how_long_nothing_moved(make_prediction):
    assert wire.message_of(make_prediction(still_s=4.25), 0, "", 1).still_s == 4.25


def test_the_latency_of_a_message_adds_up_with_publishing(make_prediction):
    prediction = make_prediction(latency=Latency(1.0, 2.0, 3.0, 4.0))
    message = wire.message_of(prediction, 0, "", 1)
    assert message.latency.total_ms == 10.0
    for publish_ms in (0.5, 0.25):
        message = wire.with_publishing(message, publish_ms)
        assert message.latency.publish_ms == publish_ms
        assert message.latency.total_ms == 10.0 + publish_ms
    assert message.latency.infer_ms == 4.0


STATUS = CameraStatus(
    source="door/north",
    state=CameraState.LIVE,
    since_s=1790000000.1234567,
    reason="",
    defect=Defect.FROZEN,
    width=640,
    height=360,
    fps=24.99987,
    lag_ms=3.14159,
    model="movinet-a0-stream",
    counts={"frames": 7},
)


def test_a_status_becomes_a_message_that_says_all_of_it():
    message = wire.status_message_of(STATUS, 7, "abc")
    assert {field.name for field in fields(CameraStatus)} <= set(message.__struct_fields__)
    assert (message.sequence, message.session, message.source) == (7, "abc", "door_north")
    assert (message.state, message.defect, message.retry_s) == ("live", "frozen", None)
    assert (message.since_s, message.fps, message.lag_ms) == (1790000000.123457, 25.0, 3.142)
    assert (message.width, message.height, message.counts) == (640, 360, {"frames": 7})
    assert wire.decode(wire.encode(message)) == message


def test_a_status_says_when_it_was_said():
    assert wire.status_message_of(STATUS).sent_s == pytest.approx(now_s(), abs=5.0)


def test_rounding_above_one_still_makes_a_valid_score(make_prediction):
    scores = np.array([1.0000001, 0.0, -1e-9], np.float32)
    message = wire.message_of(make_prediction(scores=scores), 0, "", 3)
    assert wire.decode(wire.encode(message)).top[0].score == 1.0


def test_scores_that_are_not_numbers_are_not_sent(make_prediction):
    scores = np.full(3, np.nan, np.float32)
    with pytest.raises(MessageError):
        wire.encode(wire.message_of(make_prediction(scores=scores, raw=scores), 0, "", 3))
