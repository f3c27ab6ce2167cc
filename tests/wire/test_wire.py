"""Messages survive the way over the wire, and nothing else passes for one."""

import math
from dataclasses import fields
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, get_args

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_messages import GOLDEN as GOLDEN_BY_KIND
from made_messages import messages, values
from made_predictions import make_prediction
from msgspec import inspect

from streamrec import wire
from streamrec.errors import MessageError, OptionError
from streamrec.types import CameraState, CameraStatus, Defect, Latency, now_s

GOLDEN, GOLDEN_STATUS = GOLDEN_BY_KIND["prediction"], GOLDEN_BY_KIND["status"]
MODULES = [import_module(f"streamrec.wire.{module.name}") for module in iter_modules(wire.__path__)]
STRUCTS = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type)
    and issubclass(value, msgspec.Struct)
    and value.__module__ == module.__name__
]
"""Every struct of the package, so that no new one can be forgotten."""

CODECS = {"json": msgspec.json, "msgpack": msgspec.msgpack}
formats = pytest.mark.parametrize("fmt", wire.FORMATS)


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


def test_every_part_of_the_package_is_looked_through():
    names = {struct.__name__ for struct in STRUCTS}
    assert {"Envelope", "TopScore", "EventsWanted", "HeartbeatMessage"} <= names
    assert {kind.__name__ for kind in get_args(wire.Message)} <= names


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


@st.composite
def damaged(draw, content):
    """Bytes with a few of them replaced, left out, put in or put twice."""
    damaged = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(damaged)))
        end = draw(st.integers(at, min(at + draw(st.sampled_from([0, 1, 3, 64])), len(damaged))))
        damaged[at:end] = draw(
            st.binary(max_size=3) | st.sampled_from([damaged[at:end] * 2, *EVIL])
        )
    return bytes(damaged)


EVIL = (
    *(b"null", b"NaN", b"1e999", b"-1", b"9" * 400, b"[[[[", b"\\ud800", b"\x00", b"\xff\xfe"),
    *(b"\xc1", b"\xcb\x7f\xf8" + b"\x00" * 6, b"\xdb\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff"),
)


def test_a_refusal_does_not_repeat_what_is_long():
    with pytest.raises(MessageError) as caught:
        wire.decode(b'{"type":"' + b"9" * 10_000 + b'"}')
    assert len(str(caught.value)) < 1000


@formats
@pytest.mark.parametrize("kind", wire.KINDS)
@settings(max_examples=100, deadline=2000)
@given(data=st.data())
def test_damaged_messages_are_refused_or_read_never_worse(fmt, kind, data):
    topic, payload = wire.encode_frames(wire.decode(GOLDEN_BY_KIND[kind]), fmt)
    payload = data.draw(damaged(payload))
    frames = [data.draw(st.just(topic) | damaged(topic)), payload]
    for read in (lambda: wire.decode(payload), lambda: wire.decode_frames(frames)):
        try:
            message = read()
        except MessageError as error:
            assert len(str(error)) < 1000
        else:
            assert wire.decode(wire.encode(message, fmt)) == message


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


def test_a_prediction_becomes_a_message_with_its_best_classes():
    prediction = make_prediction(source="door/north", pts_s=None)
    message = wire.message_of(prediction, sequence=7, session="abc", top_k=2)
    assert (message.sequence, message.session, message.source) == (7, "abc", "door_north")
    assert [(t.id, t.label, t.score, t.raw) for t in message.top] == [
        (1, "right", 0.7, 1.0),
        (0, "left", 0.2, 0.0),
    ]
    assert message.pts_s is None
    assert (message.lanes, message.lanes_wanted, message.dropped) == (5, 6, 4)


def test_classes_below_the_least_score_are_left_out():
    prediction = make_prediction()
    message = wire.message_of(prediction, 0, "", top_k=3, min_score=0.15)
    assert [t.label for t in message.top] == ["right", "left"]
    assert wire.message_of(prediction, 0, "", top_k=3, min_score=0.99).top == ()


def test_a_message_says_how_long_nothing_moved():
    assert wire.message_of(make_prediction(still_s=4.25), 0, "", 1).still_s == 4.25


def test_the_latency_of_a_message_adds_up_with_publishing():
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


def test_rounding_above_one_still_makes_a_valid_score():
    scores = np.array([1.0000001, 0.0, -1e-9], np.float32)
    message = wire.message_of(make_prediction(scores=scores), 0, "", 3)
    assert wire.decode(wire.encode(message)).top[0].score == 1.0


def test_scores_that_are_not_numbers_are_not_sent():
    scores = np.full(3, np.nan, np.float32)
    with pytest.raises(MessageError):
        wire.encode(wire.message_of(make_prediction(scores=scores, raw=scores), 0, "", 3))
