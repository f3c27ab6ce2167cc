"""What a broker is told of events and cameras."""

import re
from pathlib import Path

import msgspec
import pytest

from streamrec import wire
from streamrec.errors import OptionError
from streamrec.mqtt.discovery import discovery
from streamrec.mqtt.topics import Publication, Topics
from streamrec.mqtt.translate import SETTLE_S, Translator
from streamrec.types import CameraState, EventPhase

DATA = Path(__file__).parent.parent / "wire"
STATUS, EVENT, HEARTBEAT = (
    wire.decode((DATA / f"{kind}-v1.json").read_bytes())
    for kind in ("status", "event", "heartbeat")
)
CAMERA = "streamrec/camera/camera-0"


def status(state="live", **fields):
    return msgspec.structs.replace(STATUS, state=CameraState(state), **fields)


def event(phase, number=1, label="wave", score=0.5):
    return msgspec.structs.replace(
        EVENT, phase=EventPhase(phase), id=f"event-{number}", label=label, score=score
    )


@pytest.fixture
def translator():
    return Translator(Topics("streamrec"), "", "1.2")


def actions(publications):
    return [p.payload for p in publications if p.topic == f"{CAMERA}/action"]


def settle(translator):
    translator.take(status(), 0.0)
    return translator.turn(SETTLE_S)


def test_a_camera_is_available_while_it_sends_pictures(translator):
    said = [
        p.payload
        for state in ("live", "stalled", "lost", "backing-off", "connecting", "live")
        for p in translator.take(status(state), 0.0)
        if p.topic == f"{CAMERA}/availability"
    ]
    assert said == ["online", "offline", "online"]


def test_nothing_happens_is_said_only_once_open_events_would_have_come(translator):
    assert actions(translator.take(status(), 0.0)) == []
    assert actions(translator.turn(SETTLE_S - 0.1)) == []
    assert actions(translator.turn(SETTLE_S)) == ["none"]


def test_an_open_event_of_a_service_that_runs_already_is_no_flicker(translator):
    translator.take(status(), 0.0)
    assert actions(translator.take(event("update"), 0.1)) == ["wave"]
    assert actions(translator.turn(SETTLE_S)) == []


def test_the_action_is_that_of_the_likeliest_open_event(translator):
    settle(translator)
    assert actions(translator.take(event("start", 1, "wave", 0.5), 2.0)) == ["wave"]
    assert actions(translator.take(event("start", 2, "fall", 0.7), 2.0)) == ["fall"]
    assert actions(translator.take(event("end", 2, "fall"), 2.0)) == ["wave"]
    assert actions(translator.take(event("end", 1, "wave"), 2.0)) == ["none"]


def test_a_service_that_was_restarted_has_no_events_of_the_one_before(translator):
    settle(translator)
    translator.take(event("start"), 2.0)
    translator.take(status(session="another"), 3.0)
    assert actions(translator.turn(3.0 + SETTLE_S)) == ["none"]


def test_a_camera_that_a_restarted_service_does_not_know_is_not_available(translator):
    settle(translator)
    translator.take(event("start"), 2.0)
    translator.take(msgspec.structs.replace(HEARTBEAT, session="another"), 3.0)
    said = [(p.topic, p.payload) for p in translator.turn(3.0 + SETTLE_S)]
    assert said == [(f"{CAMERA}/availability", "offline"), (f"{CAMERA}/action", "none")]


def test_of_a_service_that_is_joined_anew_those_events_are_open_that_it_tells_again(
    translator,
):
    settle(translator)
    translator.take(event("start", 1, "wave", 0.7), 2.0)
    translator.take(event("start", 2, "fall", 0.5), 2.0)
    translator.join()
    assert actions(translator.take(status(), 5.0)) == []
    assert actions(translator.take(event("update", 2, "fall"), 5.0)) == ["fall"]
    assert actions(translator.turn(5.0 + SETTLE_S)) == []


def test_of_a_camera_that_comes_later_it_is_known_at_once_that_nothing_happens(translator):
    translator.take(HEARTBEAT, 0.0)
    translator.turn(SETTLE_S)
    assert actions(translator.take(status(), 9.0)) == ["none"]


def test_events_are_passed_on_whole_and_not_retained_twice(translator):
    said = translator.take(event("start"), 0.0)
    payload = wire.encode(event("start")).decode()
    assert Publication(f"{CAMERA}/event", payload, retain=False) in said
    assert Publication(f"{CAMERA}/last_event", payload, retain=True) in said


def test_what_is_retained_is_said_once_and_again_to_a_new_connection(translator):
    translator.take(status(), 0.0)
    assert translator.take(status(), 0.0) == []
    topics = {p.topic for p in translator.everything()}
    assert topics == {f"{CAMERA}/availability", f"{CAMERA}/status"}
    assert all(p.retain for p in translator.everything())


def test_a_heartbeat_says_that_the_service_lives(translator):
    said = translator.take(HEARTBEAT, 0.0)
    assert said == [Publication("streamrec/service/availability", "online")]
    assert translator.alive(False) == [Publication("streamrec/service/availability", "offline")]


def test_home_assistant_is_told_of_each_camera_once_a_session():
    translator = Translator(Topics("house"), "homeassistant", "1.2")
    configs = [
        (p.topic, msgspec.json.decode(p.payload))
        for p in translator.take(status(), 0.0)
        if p.topic.startswith("homeassistant/")
    ]
    assert [topic for topic, _ in configs] == [
        f"homeassistant/{kind}/house_camera-0_{name}/config"
        for kind, name in (
            ("sensor", "action"),
            ("binary_sensor", "activity"),
            ("binary_sensor", "camera"),
        )
    ]
    sensor = configs[0][1]
    assert sensor["state_topic"] == "house/camera/camera-0/action"
    assert [a["topic"] for a in sensor["availability"]] == [
        "house/bridge/availability",
        "house/service/availability",
        "house/camera/camera-0/availability",
    ]
    assert len({config["device"]["identifiers"][0] for _, config in configs}) == 1
    assert len({config["unique_id"] for _, config in configs}) == 3


def test_names_that_differ_make_ids_that_differ():
    ids = []
    for prefix, camera in [
        ("house", "door_1"),
        ("house", "door.1"),
        ("house", "door-1"),
        ("ho.use", "door_1"),
        ("ho/use", "door_1"),
        ("ho_use", "door_1"),
    ]:
        said = discovery(camera, Topics(prefix), "homeassistant", "1.2")
        configs = [(p.topic, msgspec.json.decode(p.payload)) for p in said]
        ids += [(topic, config["unique_id"]) for topic, config in configs]
    topics, unique = zip(*ids, strict=True)
    assert len(set(topics)) == len(set(unique)) == 18
    assert all(re.fullmatch(r"homeassistant/\w+/[A-Za-z0-9_-]+/config", topic) for topic in topics)
    assert unique[0] == "house_door_1_action"


@pytest.mark.parametrize("prefix", ["", "/", "a//b", "a/#", "a b", "+", "a/"])
def test_a_prefix_that_is_no_topic_is_refused(prefix):
    with pytest.raises(OptionError, match="MQTT prefix"):
        Topics(prefix)
