"""What ``streamrec watch`` prints, and how it ends."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import msgspec
import pytest
import zmq
from rich.console import Console

from streamrec import wire
from streamrec.cli import main
from streamrec.client import Subscriber
from streamrec.config import AccessOptions
from streamrec.errors import EndpointError, OptionError, SinkError
from streamrec.sinks.zmq import ZmqPublisher
from streamrec.sockets.keys import new_keys
from streamrec.types import CameraState, Defect, EventPhase, now_s
from streamrec.watch import silence, watch
from streamrec.watch.lines import ChangeView, LineView
from streamrec.watch.row import Row
from streamrec.watch.table import FORGET_AFTER_S, TableView

GOLDEN, STATUS, EVENT, HEARTBEAT = (
    wire.decode((Path(__file__).parent / f"wire/{kind}-v1.json").read_bytes())
    for kind in ("prediction", "status", "event", "heartbeat")
)


def message(**fields):
    return msgspec.structs.replace(GOLDEN, **fields)


def status(state="live", **fields):
    told = {"reason": "", "retry_s": None} | fields
    return msgspec.structs.replace(STATUS, state=CameraState(state), **told)


def event(phase="start", **fields):
    ended = {"ended_s": None, "reason": None} if phase != "end" else {}
    return msgspec.structs.replace(EVENT, phase=EventPhase(phase), **ended | fields)


def heartbeat(**fields):
    return msgspec.structs.replace(HEARTBEAT, **fields)


@contextmanager
def publishing(*messages, every_s=0.0):
    """An endpoint that sends the messages to whoever subscribes first."""
    publisher = zmq.Context.instance().socket(zmq.XPUB)
    publisher.bind("tcp://127.0.0.1:*")

    def send():
        if publisher.poll(20_000):
            for each in messages:
                publisher.send_multipart(wire.encode_frames(each))
                time.sleep(every_s)

    sender = Thread(target=send)
    sender.start()
    try:
        yield publisher.getsockopt_string(zmq.LAST_ENDPOINT)
    finally:
        sender.join()
        publisher.close(1000)


WATCH = """
from streamrec.errors import OutputError
from streamrec.watch import watch
try:
    raise SystemExit(watch({endpoint!r}, json={json}))
except OutputError as error:
    raise SystemExit(str(error))
"""


@contextmanager
def watching(endpoint, json, stdout=subprocess.PIPE):
    """``watch`` in a process of its own, which takes its output for a terminal."""
    with subprocess.Popen(
        [sys.executable, "-c", WATCH.format(endpoint=endpoint, json=json)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=os.environ | {"FORCE_COLOR": "1"},
    ) as process:
        yield process


@pytest.fixture
def view():
    with Subscriber("tcp://127.0.0.1:1", kinds=wire.KINDS) as subscriber:
        yield TableView("tcp://127.0.0.1:1", subscriber)


def painted(view, now_s, width=80):
    console = Console(file=io.StringIO(), width=width, legacy_windows=False)
    console.print(view.render(now_s))
    return console.file.getvalue()


def test_json_prints_one_object_per_line_and_stops_at_the_count(capsysbinary):
    with publishing(*(message(sequence=n) for n in range(5))) as endpoint:
        assert watch(endpoint, json=True, count=3) == 0
    lines = capsysbinary.readouterr().out.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [0, 1, 2]
    assert json.loads(lines[0])["top"][1]["label"] == GOLDEN.top[1].label


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (None, ["prediction"]),
        ("prediction", ["prediction"]),
        ("status", ["status"]),
        ("event", ["event"]),
        ("heartbeat", ["heartbeat"]),
        ("all", ["prediction", "status", "event", "heartbeat"]),
    ],
)
def test_json_prints_the_kinds_that_are_asked_for(capsysbinary, kind, shown):
    with publishing(message(), status(), event(), heartbeat()) as endpoint:
        assert watch(endpoint, json=True, timeout_s=0.5, kind=kind) == 0
    lines = capsysbinary.readouterr().out.splitlines()
    assert [json.loads(line)["type"] for line in lines] == shown


def test_the_command_names_every_kind(capsysbinary):
    with publishing(message(), status("lost")) as endpoint:
        assert main(["watch", endpoint, "--json", "--kind", "all", "--count", "2"]) == 0
    assert len(capsysbinary.readouterr().out.splitlines()) == 2
    with pytest.raises(SystemExit):
        main(["watch", "--help"])
    assert f"{{{','.join((*wire.KINDS, 'all'))}}}" in capsysbinary.readouterr().out.decode()


def test_one_source_can_be_watched(capsysbinary):
    with publishing(message(source="a"), message(source="b")) as endpoint:
        watch(endpoint, source="b", json=True, count=1)
    assert json.loads(capsysbinary.readouterr().out)["source"] == "b"


def test_silence_after_messages_ends_well_without_a_count(capsysbinary):
    with publishing(message()) as endpoint:
        assert watch(endpoint, json=True, timeout_s=0.5) == 0


def test_silence_before_the_count_is_an_error(capsysbinary):
    with (
        publishing(message()) as endpoint,
        pytest.raises(SinkError, match=r"1 messages shown, then none for 0\.5 s"),
    ):
        watch(endpoint, json=True, count=2, timeout_s=0.5)


def test_a_slow_reader_of_the_output_is_no_silence(monkeypatch, capsysbinary):
    show = LineView.show

    def slowly(view, message):
        time.sleep(0.4 if message is not None else 0.0)
        return show(view, message)

    monkeypatch.setattr(LineView, "show", slowly)
    with publishing(*(message(sequence=n) for n in range(4))) as endpoint:
        assert watch(endpoint, json=True, timeout_s=0.3) == 0
    assert len(capsysbinary.readouterr().out.splitlines()) == 4


def test_no_publisher_is_an_error_after_the_time_out():
    with pytest.raises(SinkError, match=r"nothing listens on .*; is the service running"):
        watch("tcp://127.0.0.1:1", json=True, timeout_s=0.2)


@pytest.mark.parametrize(
    "options", [{"count": 0}, {"timeout_s": 0}, {"timeout_s": -1.0}, {"kind": "happening"}]
)
def test_options_out_of_bounds_are_refused(options):
    with pytest.raises(OptionError):
        watch("tcp://127.0.0.1:1", **options)


def test_a_malformed_endpoint_is_refused():
    with pytest.raises(EndpointError):
        watch("nowhere")


def test_a_closed_pipe_is_a_clean_end():
    messages = [message(sequence=n) for n in range(500)]
    with publishing(*messages) as endpoint, watching(endpoint, json=True) as process:
        assert json.loads(process.stdout.readline())["sequence"] == 0
        process.stdout.close()
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device to write to")
def test_a_full_disk_is_one_clear_error():
    with (
        Path("/dev/full").open("wb") as full,
        publishing(message()) as endpoint,
        watching(endpoint, json=True, stdout=full) as process,
    ):
        assert process.wait(timeout=20) == 1
        assert b"No space left" in process.stderr.read()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
@pytest.mark.parametrize("as_json", [True, False])
def test_ctrl_c_is_a_clean_end(as_json):
    with publishing(message()) as endpoint, watching(endpoint, json=as_json) as process:
        shown = b""
        while b"swipe left" not in shown:
            shown += process.stdout.read1()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        assert process.stderr.read() == b""


def test_without_a_terminal_a_line_is_printed_whenever_another_class_leads(capsysbinary):
    other = message(sequence=2, top=GOLDEN.top[::-1])
    with publishing(message(sequence=0), message(sequence=1), other) as endpoint:
        assert watch(endpoint, count=2) == 0
    lines = capsysbinary.readouterr().out.decode().splitlines()
    assert len(lines) == 2
    assert lines[0].split("  ")[1:] == ["swipe left", "75%"]


def test_without_a_terminal_a_line_is_printed_whenever_a_state_changes(capsysbinary):
    told = [
        status("connecting"),
        status("live"),
        status("live", fps=12.0),
        status("live", defect=Defect.FROZEN),
        status("backing-off", reason="no \x1broute"),
    ]
    messages = [msgspec.structs.replace(each, sequence=n) for n, each in enumerate(told)]
    with publishing(*messages) as endpoint:
        assert watch(endpoint, count=len(messages) - 1) == 0
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "camera-0  connecting",
        "camera-0  live",
        "camera-0  live, frozen picture",
        "camera-0  backing-off  no ?route",
    ]


def test_what_a_camera_sees_after_a_change_of_state_is_news(capsysbinary):
    messages = [message(sequence=0), status("live"), message(sequence=1), message(sequence=2)]
    with publishing(*messages) as endpoint:
        assert watch(endpoint, count=3) == 0
    swipe = "camera-0  swipe left  75%"
    assert capsysbinary.readouterr().out.decode().splitlines() == [swipe, "camera-0  live", swipe]


def test_the_table_shows_the_last_messages_when_it_ends(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with publishing(message(source="front"), message(source="rear")) as endpoint:
        assert watch(endpoint, count=2) == 0
    output = capsys.readouterr().out
    for shown in ("front", "rear", "swipe left", "75%"):
        assert shown in output


def test_a_row_shows_scores_rate_latency_lanes_and_drops(view):
    for n in range(4):
        view.show(message(captured_s=100 + n / 30))
    shown = painted(view, now_s=0.0)
    for fact in ("camera-0", "75%", "swipe left", "30.0/s", "18 ms", "lanes 5/6", "dropped 7"):
        assert fact in shown


def test_a_row_says_whether_its_source_is_warming_up_live_or_silent():
    row = Row()
    row.take(message(warm_up=True), now_s=10.0)
    assert "warm-up" in row.facts("a", 10.1).plain
    row.take(message(), now_s=11.0)
    assert "live" in row.facts("a", 11.1).plain
    assert "silent 9 s" in row.facts("a", 20.0).plain


def test_a_source_that_stays_silent_loses_its_row(view):
    view.show(message(source="front"))
    now_s = time.monotonic()
    assert "front" in painted(view, now_s + FORGET_AFTER_S - 1)
    assert "front" not in painted(view, now_s + FORGET_AFTER_S + 1)
    assert "waiting for messages" in painted(view, now_s)


def test_the_rate_of_a_restarted_source_begins_anew():
    row = Row()
    for session, times_s in [("a", (0.0, 0.1, 0.2)), ("b", (500.0, 500.2))]:
        for captured_s in times_s:
            row.take(message(session=session, captured_s=captured_s), now_s=0.0)
    assert row.rate_hz() == pytest.approx(5.0)


def test_labels_cannot_steer_the_terminal(view):
    evil = msgspec.structs.replace(GOLDEN.top[0], label="\x1b[2J[red]gone")
    view.show(message(top=(evil,)))
    shown = painted(view, now_s=0.0)
    assert "\x1b[2J" not in shown
    assert "?[2J[red]gone" in shown


def test_long_labels_leave_room_for_the_bars_in_a_narrow_terminal(view):
    long = msgspec.structs.replace(GOLDEN.top[0], label="l" * 200)
    view.show(message(top=(long,)))
    shown = painted(view, now_s=0.0, width=60)
    assert "75%" in shown
    assert max(map(len, shown.splitlines())) <= 60


def test_before_the_first_message_the_table_says_what_it_waits_for(view):
    assert "waiting for messages from tcp://127.0.0.1:1" in painted(view, now_s=0.0)


@pytest.mark.parametrize("state", [state for state in CameraState if state != CameraState.LIVE])
def test_a_camera_that_is_not_live_does_not_look_live(view, state):
    view.show(status())
    view.show(message())
    view.show(status(state, reason="cable cut"))
    view.show(message())  # was still on its way
    shown = painted(view, time.monotonic())
    assert state in shown
    assert "cable cut" in shown
    for stale in ("swipe left", "/s", "fps", "live"):
        assert stale not in shown


def test_a_camera_that_waits_says_how_long(view):
    view.show(status("backing-off", retry_s=now_s() + 12.0, reason="connection refused"))
    shown = painted(view, time.monotonic())
    assert "backing-off 12 s" in shown
    assert "connection refused" in shown
    assert "backing-off 0 s" in painted(view, time.monotonic() + 60.0)


def test_a_camera_without_predictions_has_a_row_that_stays(view):
    view.show(status("disabled", source="rear", reason="switched off"))
    shown = painted(view, time.monotonic() + 10 * FORGET_AFTER_S)
    assert "rear" in shown
    assert "disabled" in shown


def test_a_live_camera_that_says_nothing_is_silent(view):
    view.show(status())
    assert "warm-up" in painted(view, time.monotonic())
    assert "silent 30 s" in painted(view, time.monotonic() + 30.0)


def test_a_defect_shows_instead_of_live(view):
    view.show(message())
    view.show(status(defect=Defect.BLACK))
    shown = painted(view, time.monotonic())
    assert "black picture" in shown
    assert "live" not in shown


def test_a_live_camera_shows_frame_rate_and_lag(view):
    view.show(status(fps=25.04, lag_ms=41.7))
    view.show(message())
    shown = painted(view, time.monotonic())
    assert "25 fps  lag 42 ms" in shown
    assert "live" in shown


def test_fewer_predictions_than_wanted_are_shown(view):
    view.show(status(predictions_hz=3.1, wanted_hz=5.0))
    assert "3.1 of 5.0/s" in painted(view, time.monotonic())
    view.show(status(predictions_hz=4.9, wanted_hz=5.0))
    assert "of 5.0/s" not in painted(view, time.monotonic())


def test_a_new_session_forgets_the_status_of_the_one_before(view):
    view.show(status("lost", session="first"))
    view.show(message(session="second"))
    shown = painted(view, time.monotonic())
    assert "live" in shown
    assert "lost" not in shown.replace("lost 0", "")


def test_reasons_cannot_steer_the_terminal(view):
    view.show(status("lost", reason="\x1b[2J[red]gone"))
    assert "?[2J[red]gone" in painted(view, time.monotonic())


def test_without_a_terminal_a_line_is_printed_where_an_event_begins_and_ends(capsysbinary):
    told = [event("start", score=0.625), event("update"), event("end", label="swipe \x1bleft")]
    messages = [msgspec.structs.replace(each, sequence=n) for n, each in enumerate(told)]
    with publishing(heartbeat(), *messages) as endpoint:
        assert watch(endpoint, count=2) == 0
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "camera-0  swipe left begins  62%",
        "camera-0  swipe ?left ends  after 3.0 s (score)",
    ]


def test_an_event_that_began_unseen_goes_on_at_first_sight(capsysbinary):
    told = [event("update", duration_s=54.0 + n) for n in range(3)]
    told += [event("update", id="another", label="wave"), event("end")]
    messages = [msgspec.structs.replace(each, sequence=n) for n, each in enumerate(told)]
    with publishing(*messages) as endpoint:
        assert watch(endpoint, kind="event", count=3) == 0
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "camera-0  swipe left goes on, 54 s",
        "camera-0  wave goes on, 3 s",
        "camera-0  swipe left ends  after 3.0 s (score)",
    ]


def test_what_is_not_shown_neither_counts_nor_holds_off_the_time_out(capsysbinary):
    updates = [event("update", sequence=n) for n in range(400)]
    with (
        publishing(*updates, every_s=0.005) as endpoint,
        pytest.raises(SinkError, match=r"1 messages shown, then none for 0\.5 s"),
    ):
        watch(endpoint, kind="event", count=2, timeout_s=0.5)
    assert len(capsysbinary.readouterr().out.splitlines()) == 1


@pytest.mark.parametrize("as_json", [True, False])
def test_who_waits_in_vain_is_told_once_what_for(capsys, monkeypatch, as_json):
    monkeypatch.setattr(silence, "PATIENCE_S", 0.1)
    with pytest.raises(SinkError):
        watch("tcp://127.0.0.1:1", json=as_json, timeout_s=0.6)
    said = "waiting: nothing listens on tcp://127.0.0.1:1; is the service running there?\n"
    assert capsys.readouterr().err == said


def test_who_gives_no_key_to_a_service_with_keys_is_told_so(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(silence, "PATIENCE_S", 0.1)
    _, secret = new_keys("service", tmp_path)
    publisher = ZmqPublisher("tcp://127.0.0.1:*", access=AccessOptions(keys=str(secret)))
    with pytest.raises(SinkError, match="has keys, and we gave none"):
        watch(publisher.endpoint, timeout_s=0.6)
    publisher.close()
    assert "has keys, and we gave none" in capsys.readouterr().err


def test_who_watches_a_source_that_is_not_published_is_told_so(capsys, monkeypatch):
    monkeypatch.setattr(silence, "PATIENCE_S", 0.1)
    with (
        publishing(heartbeat()) as endpoint,
        pytest.raises(SinkError, match="does it publish that source"),
    ):
        watch(endpoint, source="door", kind="event", timeout_s=0.6)
    assert "is heard, and has sent no event of 'door'" in capsys.readouterr().err


def test_who_sees_something_is_not_told_of_silence(capsys, monkeypatch):
    monkeypatch.setattr(silence, "PATIENCE_S", 0.3)
    with publishing(message()) as endpoint:
        assert watch(endpoint, timeout_s=0.8) == 0
    assert capsys.readouterr().err == ""


def test_heartbeats_are_lines_on_a_terminal_too(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with publishing(heartbeat()) as endpoint:
        assert watch(endpoint, kind="heartbeat", count=1) == 0


def test_a_key_without_the_servers_is_refused_in_words_that_fit_the_command(capsys, tmp_path):
    _, secret = new_keys("me", tmp_path)
    assert main(["watch", "--key", str(secret)]) == 2
    assert "needs the server key" in capsys.readouterr().err


def test_heartbeats_are_no_news_unless_they_are_asked_for(capsysbinary):
    with (
        publishing(heartbeat()) as endpoint,
        pytest.raises(SinkError, match="0 messages"),
    ):
        watch(endpoint, timeout_s=0.5)
    with publishing(heartbeat()) as endpoint:
        assert watch(endpoint, kind="heartbeat", count=1) == 0
    assert capsysbinary.readouterr().out == b"_system  2 of 3 cameras live\n"


def test_without_a_terminal_the_silence_of_a_publisher_is_told_once(capsysbinary):
    view = ChangeView()
    view.show(heartbeat(interval_s=0.01))
    for _ in range(3):
        time.sleep(0.05)
        view.show(None)
    view.show(heartbeat(interval_s=0.01))
    assert capsysbinary.readouterr().out.splitlines() == [
        b"publisher silent for 0 s",
        b"publisher is back",
    ]


def test_the_table_says_how_long_a_publisher_has_been_silent(view):
    view.show(message())
    assert "publisher" not in painted(view, time.monotonic() + 30.0)  # it sends no heartbeats
    view.show(heartbeat())
    assert "publisher" not in painted(view, time.monotonic() + 2.0)
    assert "publisher silent for 30 s" in painted(view, time.monotonic() + 30.0)
    view.show(message())
    assert "publisher" not in painted(view, time.monotonic())


def test_a_heartbeat_is_no_source(view):
    view.show(heartbeat())
    assert "waiting for messages" in painted(view, time.monotonic())


def test_the_table_shows_open_events_and_the_last_that_ended(view):
    view.show(event("start", label="wave", id="a", duration_s=2.0))
    view.show(event("end", label="fall", id="b", duration_s=3.5))
    shown = painted(view, time.monotonic() + 10.0)
    assert "wave  for 12 s" in shown
    assert "fall  ended 10 s ago, after 3.5 s (score)" in shown
    view.show(event("end", label="wave", id="a", duration_s=15.0))
    shown = painted(view, time.monotonic())
    assert "for" not in shown.replace("forget", "") and "fall" not in shown
    assert "wave  ended 0 s ago, after 15.0 s (score)" in shown


def test_open_events_are_bold(view):
    view.show(event("start", label="wave"))
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="standard")
    console.print(view.render(time.monotonic()))
    assert "\x1b[1mwave  for 3 s" in console.file.getvalue()


def test_many_open_events_are_counted(view):
    for number in range(8):
        view.show(event("start", label=f"label {number}", id=str(number)))
    shown = painted(view, time.monotonic())
    assert "label 4" in shown and "label 5" not in shown and "and 3 events more" in shown


def test_long_labels_of_events_leave_room_for_their_times(view):
    view.show(event("start", label="l" * 200))
    assert "l…  for 3 s" in painted(view, time.monotonic())


def test_events_alone_make_a_row_that_stays_while_one_is_open(view):
    view.show(event("start", label="wave"))
    shown = painted(view, time.monotonic() + 10 * FORGET_AFTER_S)
    assert "wave" in shown and "silent" not in shown
    view.show(event("end", label="wave"))
    assert "wave" in painted(view, time.monotonic())
    assert "wave" not in painted(view, time.monotonic() + FORGET_AFTER_S + 1)


def test_a_new_session_forgets_the_open_events_of_the_one_before(view):
    view.show(event("start", label="wave", session="first"))
    view.show(message(session="second"))
    assert "wave" not in painted(view, time.monotonic())


def test_an_event_whose_end_was_missed_is_not_shown_for_ever(view):
    view.show(event("start"))
    view.show(message(action=EVENT.label))
    assert f"{EVENT.label}  for" in painted(view, time.monotonic())
    view.show(message(action="none"))
    assert f"{EVENT.label}  for" not in painted(view, time.monotonic())


def test_labels_of_events_cannot_steer_the_terminal(view):
    view.show(event("start", label="\x1b[2J[red]gone"))
    assert "?[2J[red]gone" in painted(view, time.monotonic())
