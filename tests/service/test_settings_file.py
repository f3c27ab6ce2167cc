import string
import subprocess
import sys
from dataclasses import MISSING, replace
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.config import (
    CameraOptions,
    CaptureOptions,
    ModelOptions,
    ServiceOptions,
    SourceOptions,
    StreamOptions,
)
from streamrec.errors import ConfigError, ModelError, OptionError
from streamrec.service.camera import make_camera, make_parts
from streamrec.service.effective import hide_secrets, to_yaml
from streamrec.service.event_values import EventValues
from streamrec.service.keys import CAMERA_KEYS, EVENT_KEYS, RULE_KEYS, SERVICE_KEYS, SHARED_KEYS
from streamrec.service.settings import CameraSettings, ServiceSettings
from streamrec.service.settings_file import parse_settings, read_settings

DOOR = """\
workers: 2
defaults:
  model: movinet-a1-stream
  frozen_after: 20
cameras:
  door:
    source: rtsp://viewer:{DOOR_PASSWORD}@192.168.1.20/stream2
    region: 0.1,0.2 0.9,1.0
    frozen_after: 0
"""


def faults(text):
    """The lines of the error, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        parse_settings(text, "cameras.yaml")
    lines = str(caught.value).splitlines()
    assert all(line.startswith("cameras.yaml:") for line in lines)
    return [line.removeprefix("cameras.yaml:") for line in lines]


def camera(*lines):
    return "cameras:\n  door:\n" + "".join(f"    {line}\n" for line in lines)


def of_door(*lines):
    return parse_settings(camera("source: 0", *lines), "").cameras["door"]


def test_a_file_is_read_into_the_option_records(tmp_path):
    path = tmp_path / "cameras.yaml"
    path.write_text(DOOR)
    assert read_settings(path) == ServiceSettings(
        service=ServiceOptions(workers=2),
        defaults={"model": "movinet-a1-stream", "frozen_after": 20.0},
        cameras={
            "door": CameraSettings(
                name="door",
                source=SourceOptions(source="rtsp://viewer:{DOOR_PASSWORD}@192.168.1.20/stream2"),
                capture=CaptureOptions(frozen_after=0.0),
                model=ModelOptions(model="movinet-a1-stream"),
                stream=StreamOptions(predict="grid"),
                camera=CameraOptions(region="0.1,0.2 0.9,1.0"),
            )
        },
    )


def test_a_service_may_begin_without_cameras():
    assert parse_settings("cameras: {}", "").cameras == {}


@pytest.mark.parametrize(
    ("line", "part", "key", "value"),
    [
        ("source: 1", "source", "source", "1"),
        ("model: no", "model", "model", "no"),
        ("device: 010", "model", "device", "010"),
        ("model: 2026-11-21", "model", "model", "2026-11-21"),
        ("model: ~", "model", "model", None),
        ("model: 'null'", "model", "model", "null"),
        ("device: 12:30", "model", "device", "12:30"),
        ("frozen_after: 10", "capture", "frozen_after", 10.0),
        ("min_score: 1e-2", "camera", "min_score", 0.01),
        ("window: 8", "window", "window", 8),
        ("enabled: off", "camera", "enabled", False),
        ("mirror: Yes", "source", "mirror", True),
    ],
)
def test_scalars_are_read_as_the_option_asks(line, part, key, value):
    lines = [line] if line.startswith("source") else ["source: 0", line]
    door = parse_settings(camera(*lines), "").cameras["door"]
    got = getattr(getattr(door, part), key)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("min-score: 1", ("4:5: cameras.door.min-score", "did you mean min_score?")),
        ("workers: 1", ("4:5: cameras.door.workers", "to the top of the file")),
        ("publish_: 1", ("4:5: cameras.door.publish_ is no key here",)),
        ("source: 1", ("4:5: cameras.door.source is given twice; the first is on line 3",)),
        ("min_score: 2", ("4:16: cameras.door.min_score is at least 0 and at most 1; got '2.0'",)),
        ("min_score: high", ("4:16: cameras.door.min_score is a number; got 'high'",)),
        ("min_score: .nan", ("is a number; got '.nan'",)),
        ("min_score: 1:30", ("is a number; got '1:30'",)),
        ("min_score: '0.5'", ("is a number; got '0.5' between quotes",)),
        ("min_score:", ("cameras.door.min_score has no value; leave the key out",)),
        ("min_score: [1]", ("cameras.door.min_score is one value; got a list",)),
        ("window: 1.5", ("4:13: cameras.door.window is a whole number; got '1.5'",)),
        ("window: 010", ("is a whole number; got '010'",)),
        (f"window: {'9' * 5000}", ("is a whole number",)),
        ("enabled: 1", ("4:14: cameras.door.enabled is true or false; got '1'",)),
        ("transport: tpc", ("4:16: cameras.door.transport is one of tcp, udp; got 'tpc'",)),
        ("region: 0.1", ("4:13: cameras.door.region is not allowed:", "corner")),
        ("schedule: off", ("4:15: cameras.door.schedule is not allowed:", "mon-fri")),
        ("device: {A}", ("begins with '{' goes between quotes",)),
        ("device: !secret a", ("takes no tag; secrets of the source are written {NAME}",)),
        ('device: "a\\0b"', ("is text on one line, without control characters",)),
        ('device: "\\uD800"', ("is text on one line, without control characters",)),
        ("<<: {mirror: true}", ("what cameras share goes under 'defaults'",)),
        ("[a]: 1", ("4:5: cameras.door has keys that are text; got a list",)),
    ],
)
def test_what_is_wrong_with_a_key_is_told_with_its_place(line, parts):
    (fault,) = faults(camera("source: 0", line))
    for part in parts:
        assert part in fault


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "1:1: is empty; `streamrec config example`"),
        ("# nothing\n", "1:1: is empty"),
        ("cameras", "1:1: the file is a mapping, lines of 'key: value'; got text"),
        ("- cameras", "got a list"),
        ("workers: 1", "1:1: cameras is missing"),
        ("cameras: {}\nworkerz: 1", "2:1: workerz is no key here; did you mean workers?"),
        ("cameras: {}\nmin_score: 1", "2:1: min_score is no key here; it is a camera's"),
        ("cameras: {}\ndefaults: {source: 0}", "2:12: defaults.source is no key here; each"),
        ("cameras: {}\ndefaults: {window: x}", "2:20: defaults.window is a whole number"),
        ("cameras: {}\ncameras: {}", "2:1: cameras is given twice; the first is on line 1"),
        ("cameras: {door: {}}", "1:11: cameras.door.source is missing"),
        ("cameras: {_system: {source: 0}}", "1:11: cameras._system: a camera's name"),
        ("cameras: {a b: {source: 0}}", "1:11: cameras.a b: a camera's name"),
        ("cameras: {a: {source: ''}}", "cameras.a.source is not allowed: a source is not empty"),
        ("cameras: {a: {source: 'rstp://b'}}", "unknown scheme: rstp://b"),
        ("cameras: {a: {source: 'b{c'}}", "write '{{' for the brace itself"),
        ("cameras:\n\ta: 1", "2:1: is not YAML: while scanning for the next token, found char"),
        ("cameras: a: b", "1:11: is not YAML: mapping values are not allowed here"),
        ("cameras: *all", "1:10: is not YAML: found undefined alias"),
        ("cameras: {}\n---\n{}", "is not YAML: expected a single document"),
        ("cameras: \x01", "1:10: the character U+0001 is not allowed in YAML"),
        ('"\\UFFFFFFFF"', "out of range"),
        ("[" * 5000, "1:17: is not YAML: is nested too deeply"),
        ("? " * 5000, "is nested too deeply"),
        ("&a [*a]", "got a list"),
        ("cameras: &a {a: *a}", "cameras.a.a is no key here"),
        ("publish: tcp://\ncameras: {}", "1:10: publish is not allowed: not a ZeroMQ endpoint"),
        ("control: tcp://127.0.0.1:5570\ncameras: {}", "1:10: publish and control are both"),
        ("replay: tcp://127.0.0.1:5571\ncameras: {}", "1:9: control and replay are both"),
        ("replay: tcp://*:1\ncameras: {}", "1:9: replay can be reached from other machines"),
        ("metrics: 99999\ncameras: {}", "1:10: metrics is not allowed"),
        ("metrics: '[::x]:1'\ncameras: {}", "1:10: metrics is not allowed"),
        ("store: mysql://a\ncameras: {}", "1:8: store is not allowed: events are kept in a file"),
        ("store: ''\ncameras: {}", "1:8: store is not allowed"),
        ("store: 'a{b'\ncameras: {}", "write '{{' for the brace itself"),
        ("on_score: 1\ncameras: {}", "1:1: on_score is no key here; it goes under 'events'"),
        ("cameras: {}\nevents: {}", "2:1: events is no key here; it is a camera's, or goes"),
        ("publish: tcp://*:5570\ncameras: {}", "1:10: publish can be reached from other machin"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_place(text, part):
    assert any(part in fault for fault in faults(text)), faults(text)


def test_all_faults_are_told_at_once_in_the_order_of_the_file():
    text = "top: 0\n" + camera("sauce: 0", "min_score: 2") + "  yard: 1\nworkerz: 1\n"
    assert [fault.split()[0] for fault in faults(text)] == [
        "1:6:", "3:3:", "4:5:", "5:16:", "6:9:", "7:1:",
    ]  # fmt: skip


def test_endless_faults_are_cut_short():
    lines = faults("cameras: {}\n" + "".join(f"x{number}: 1\n" for number in range(1000)))
    assert len(lines) == 51 and "950 faults more" in lines[-1]


def test_an_alias_that_multiplies_is_told_once():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{new}: &{new} [*{old}, *{old}]\n"
        for old, new in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
    )
    assert len(faults(bomb)) < 30


def test_cameras_may_share_a_mapping():
    shared = parse_settings("cameras: {a: &a {source: 0}, b: *a}", "").cameras
    assert replace(shared["a"], name="b") == shared["b"]


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"cameras:\n  caf\xe9: 1", ":2:1: is not UTF-8"),
        ("cameras: {}".encode("utf-16"), ":1:1: is not UTF-8"),
        (b"#" * (1 << 20) + b"\n", "longer than 1 MiB"),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path, content, part):
    path = tmp_path / "cameras.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=part):
        read_settings(path)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "cameras.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + DOOR.replace("\n", "\r\n").encode())
    assert read_settings(path) == parse_settings(DOOR, "")


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    for path in (tmp_path, tmp_path / "missing.yaml"):
        with pytest.raises(ConfigError, match="cannot read"):
            read_settings(path)


@pytest.mark.parametrize(
    "text",
    [
        "cameras: {door: 'rtsp://viewer:hunter2@host/a'}",
        "cameras:\n  rtsp://viewer:hunter2@host/a: {source: 0}",
        "cameras:\n  - rtsp://viewer:hunter2@host/a",
        "cameras: {door: {source: 'rstp://viewer:hunter2@host/a'}}",
        "cameras: {door: {source: 'rtsp://viewer:hunter2{@host/a'}}",
        "cameras: {door: {source: 'rtsp://viewer:hunter2@host/a\u0007'}}",
        "cameras: {door: {source: 0, transport: 'rtsp://viewer:hunter2@host/a'}}",
        "cameras: {door: {source: 0, min_score: 'rtsp://viewer:hunter2@host/a'}}",
        "defaults: {source: 'rtsp://viewer:hunter2@host/a'}",
        "rtsp://viewer:hunter2@host/a: 1",
        "publish: rtsp://viewer:hunter2@host/a\ncameras: {}",
        "cameras: {door: {source: rtsp://viewer:hunter2@host/a: b}}",
        "store: 'mysql://viewer:hunter2@host/a'\ncameras: {}",
        "store: 'postgresql://viewer:hunter2{@host/a'\ncameras: {}",
        "cameras: {}\ndefaults: {events: {allow: 'postgresql://viewer:hunter2@host/a'}}",
        "cameras: {}\ndefaults: {events: {'rtsp://viewer:hunter2@host/a': 1}}",
    ],
)
def test_no_fault_shows_a_password(text):
    assert "hunter2" not in "\n".join(faults(text))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({}, "source is missing"),
        ({"source": 0}, "source is str; got '0'"),
        ({"source": "0", "min-score": 0.1}, "did you mean min_score?"),
        ({"source": "0", "min_score": 7}, "min_score is at least 0 and at most 1; got '7'"),
        ({"source": "0", "region": "1,1"}, "region is not allowed"),
        ({"source": "rstp://a:hunter2@b"}, "unknown scheme"),
        ({"source": "0", "events": "wave"}, "events is no key"),
        ({"source": "rtsp://a\nINFO a line of its own"}, "source is text on one line"),
    ],
)
def test_a_camera_by_command_is_checked_as_in_the_file(values, part):
    with pytest.raises(OptionError) as caught:
        make_camera("door", values)
    assert part in str(caught.value) and "hunter2" not in str(caught.value)


def test_a_camera_by_command_is_as_in_the_file():
    values = {"source": "0", "min_score": 0.25, "enabled": False}
    assert make_camera("door", values) == of_door("min_score: 0.25", "enabled: no")


def test_secrets_are_hidden_in_what_is_shown():
    text = camera("source: rtsp://a:hunter2@b/c", "ffmpeg: 'headers;hunter2|threads;2'")
    text += "\ndefaults: {ffmpeg: 'headers;hunter2'}\nstore: postgresql://f:hunter2@d/e"
    shown = to_yaml(hide_secrets(parse_settings(text, "")))
    assert "hunter2" not in shown
    assert "postgresql://***@d/e" in shown
    assert "rtsp://***@b/c" in shown and "headers;***|threads;***" in shown


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        parse_settings(text, "cameras.yaml")
    except ConfigError as error:
        assert str(error).startswith("cameras.yaml:")


_PIECES = (
    *("cameras", "defaults", "door", "source", "min_score", "region", "schedule", "enabled"),
    *(": ", "\n", "\n  ", "\n    ", "- ", "{", "}", "[", "]", ", ", "'", '"', "#", "|", ">", "\t"),
    *("&a ", "*a", "!x ", "!!str ", "<<", "0", "0.5", "1e999", "no", "~", "0.1,0.2", "mon", "---"),
    *("events", "labels", "allow", "aliases", "on_score", "off_score", "fall", "store"),
    *("%YAML 9.9", "\\U", "? ", "\x85", "\ufeff", "rtsp://a:b@c", "{N}", "publish", "tcp://*:1"),
)


@given(st.lists(st.sampled_from(_PIECES)).map("".join))
@settings(max_examples=300)
def test_anything_like_a_configuration_is_read_or_refused(text):
    try:
        parse_settings(text, "cameras.yaml")
    except ConfigError as error:
        assert str(error).startswith("cameras.yaml:")


_TEXT = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=20)
_TEXTS = {
    "source": st.sampled_from(["0", "rtsp://a:{B}@c/d", "{URL}", "no", "12:30", "clip {{ü.mp4"]),
    "region": st.sampled_from(["", "0.1,0.2 0.9,1.0", "0,0 1,0 1,1"]),
    "schedule": st.sampled_from(["", "mon-fri 18:00-06:00", "sat-sun"]),
    "publish": st.sampled_from(["tcp://127.0.0.1:1", "ipc:///tmp/a"]),
    "control": st.sampled_from(["tcp://127.0.0.1:*", "tcp://[::1]:2"]),
    "replay": st.sampled_from(["tcp://127.0.0.1:*", "inproc://events"]),
    "store": st.sampled_from(["auto", "none", "a b.db", "postgresql://a:{B}@c/d", "{URL}"]),
    "metrics": st.sampled_from(["", "9464", "[::1]:9464", "example.org:1"]),
    "keys": st.sampled_from(["", "service.key"]),
    "clients": st.sampled_from(["", "clients"]),
    "media": st.sampled_from(["", "ü/b"]),
}


def _values(name, key):
    """Every value that a key may have."""
    if get_origin(key.hint) is Literal:
        return st.sampled_from(get_args(key.hint))
    kinds = get_args(key.hint) or (key.hint,)
    least, most = (key.item.metadata[bound] for bound in ("least", "most"))
    made = {
        bool: st.booleans(),
        str: _TEXTS.get(name, _TEXT),
        int: st.integers(int(max(least, -(10**9))), int(min(most, 10**9))),
        float: st.floats(max(least, -1e300), min(most, 1e300)),
    }
    return st.one_of([made.get(kind, st.none()) for kind in kinds])


def _some(keys):
    required = {name: _values(name, key) for name, key in keys.items() if key.default is MISSING}
    optional = {name: _values(name, key) for name, key in keys.items() if name not in required}
    return st.fixed_dictionaries(required, optional=optional)


_NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_LABELS = _TEXT.filter(str.strip)


def _rules(keys, off, on):
    """What may be said of scores, which go together wherever they are said."""
    scores = {"off_score": st.floats(0.0, off), "on_score": st.floats(on, 1.0)}
    values = {name: _values(name, key) for name, key in keys.items()}
    return st.fixed_dictionaries({}, optional=values | scores)


_EVENTS = st.builds(
    EventValues,
    general=_rules(EVENT_KEYS, 0.3, 0.5),
    allow=st.none() | st.lists(_LABELS, max_size=3).map(tuple),
    deny=st.none() | st.lists(_LABELS, max_size=3).map(tuple),
    aliases=st.dictionaries(_LABELS, st.lists(_LABELS, max_size=3).map(tuple), max_size=3),
    labels=st.dictionaries(_LABELS, _rules(RULE_KEYS, 0.3, 0.5), max_size=3),
)


def _settings(parts, defaults, shared, cameras):
    made = {
        name: make_camera(name, defaults | values | {"events": events.over(shared)})
        for name, (values, events) in cameras.items()
    }
    return ServiceSettings(**parts, defaults={**defaults, "events": shared}, cameras=made)


_SETTINGS = st.builds(
    _settings,
    _some(SERVICE_KEYS).map(lambda values: make_parts(values, SERVICE_KEYS)),
    _some(SHARED_KEYS),
    _EVENTS,
    st.dictionaries(_NAMES, st.tuples(_some(CAMERA_KEYS), _EVENTS), max_size=3),
)


@given(_SETTINGS)
@settings(max_examples=50)
def test_settings_that_are_written_read_back_equal(value):
    assert parse_settings(to_yaml(value), "") == value


def test_reading_loads_no_heavy_library():
    code = (
        "import sys; from streamrec.service.settings_file import parse_settings; "
        "parse_settings(sys.argv[1], ''); "
        "print({'cv2', 'torch', 'onnx', 'onnxruntime', 'zmq'} & sys.modules.keys())"
    )
    out = subprocess.check_output([sys.executable, "-c", code, DOOR], text=True)
    assert out.strip() == "set()"


def test_relative_paths_are_relative_to_the_file(tmp_path):
    path = tmp_path / "cameras.yaml"
    path.write_text(
        "store: events.db\nmedia: ../media\nkeys: keys/own\nclients: /etc/clients\ncameras: {}"
    )
    settings = read_settings(path)
    assert settings.store.store == str(tmp_path / "events.db")
    assert settings.store.media == str(tmp_path / "../media")
    assert settings.access.keys == str(tmp_path / "keys" / "own")
    assert settings.access.clients == str(Path("/etc/clients").absolute())


@pytest.mark.parametrize("store", ["auto", "none", "postgresql://a:{B}@c/d", "{URL}"])
def test_a_store_that_is_no_file_stays_as_it_is(tmp_path, store):
    path = tmp_path / "cameras.yaml"
    path.write_text(f"store: '{store}'\ncameras: {{}}")
    assert read_settings(path).store.store == store


@pytest.mark.parametrize("access", ["insecure: true", "keys: service.key"])
def test_other_machines_may_reach_endpoints_with_keys_or_where_it_is_wanted(access):
    text = f"publish: tcp://*:1\ncontrol: tcp://*:2\nreplay: tcp://*:3\n{access}\ncameras: {{}}"
    assert parse_settings(text, "").service.replay == "tcp://*:3"


def test_a_file_that_never_ends_is_refused():
    if not Path("/dev/zero").exists():
        pytest.skip("there is no endless file here")
    with pytest.raises(ConfigError, match="longer than"):
        read_settings(Path("/dev/zero"))


RULES = """
defaults: {events: {deny: [b]}}
cameras:
  door: {source: 0, model: known, events: {allow: [aa]}}
  yard: {source: 0, model: known}
  hall: {source: 0, model: known}
  back: {source: 0, model: unknown}
  lane: {source: 0, model: gone}
"""


def test_labels_that_a_model_does_not_have_are_told_once_and_where_they_stand():
    def labels_of(model):
        if model == "gone":
            raise ModelError("there is no such model")
        return ("aaa",) if model == "known" else None

    with pytest.raises(ConfigError) as caught:
        parse_settings(RULES, "cameras.yaml", labels_of)
    of_defaults, of_door = str(caught.value).splitlines()
    assert of_defaults.startswith("cameras.yaml:2:12: defaults: events, deny: 'b' is no label")
    assert of_door.startswith("cameras.yaml:4:35: cameras.door: events, allow: 'aa' is no label")
    assert of_door.endswith("did you mean 'aaa'? (the model is known)")
    assert parse_settings(RULES, "cameras.yaml").cameras
