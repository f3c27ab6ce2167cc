"""``streamrec events``, on stores that the service's own writer has made."""

import csv
import json
import os
import sqlite3
import time
from datetime import UTC, datetime, timedelta
from io import StringIO

import cv2
import numpy as np
import pytest

from streamrec.cli.moments import parse_moment, show_span
from streamrec.cli.timeline import Timeline, fitted_span, save_timeline
from streamrec.errors import OptionError
from streamrec.footage.files import footage_file
from streamrec.store.place import store_place
from streamrec.wire import status_message_of
from tests.store.made_store import BEGIN_S, fill, made_event, made_status

NOW = datetime(2026, 11, 21, 14, 30)
WAVE = made_event(label="wave $x$ \N{SNOWMAN}")
FALL = made_event(BEGIN_S + 100, None, label="fall", source="yard", peak=0.6)


@pytest.fixture
def store(tmp_path):
    """A store of an event of each of two cameras; the second has not ended."""
    (tmp_path / "here").mkdir()
    place = store_place(str(tmp_path / "here" / "events.db"))
    fill(place.url, [WAVE, FALL], [made_status(BEGIN_S + 20, "lost", "yard")])
    return place


@pytest.fixture
def events(cli, store, tmp_path):
    """Run ``streamrec events`` on it."""

    def run(action, *arguments):
        return cli("events", action, *arguments, "--store", tmp_path / "here" / "events.db")

    return run


def ids(result):
    assert result.code == 0, result.err
    return [json.loads(line)["id"] for line in result.out.splitlines()]


def test_list_shows_the_newest_first_in_local_time(events):
    result = events("list")
    assert result.code == 0 and result.err == ""
    header, fall, wave = result.out.splitlines()
    assert header.split() == ["began", "camera", "label", "for", "peak", "mean", "ended", "id"]
    began = datetime.fromtimestamp(BEGIN_S + 100).astimezone().isoformat(" ", "seconds")
    assert fall.startswith(f"{began}  yard")
    assert fall.split()[-2:] == ["open", FALL.id[:8]]
    assert "wave $x$ \N{SNOWMAN}" in wave and "3.0 s" in wave and "score" in wave


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ((), [FALL, WAVE]),
        (("--camera", "door", "--camera", "nowhere"), [WAVE]),
        (("--label", "WAVE*"), [WAVE]),
        (("--min-score", "0.7"), [WAVE]),
        (("--open",), [FALL]),
        (("--limit", "1"), [FALL]),
        (("--since", "3000-01-01"), [FALL]),
        (("--until", datetime.fromtimestamp(BEGIN_S + 50).isoformat()), [WAVE]),
    ],
)
def test_flags_choose_events(events, flags, expected):
    assert ids(events("list", "--json", *flags)) == [event.id for event in expected]


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (("--since", "soon"), "not a time: 'soon'"),
        (("--since", "9999999999999"), "not a time"),
        (("--since", "2h", "--until", "3h"), "--since is before --until"),
        (("--min-score", "2"), "--min-score"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_flags_that_make_no_sense_are_refused(events, flags, part):
    events("list", *flags).fails(2, part)


def test_nothing_found_is_said(events):
    for action in ("list", "stats"):
        result = events(action, "--camera", "nowhere")
        assert (result.code, result.out) == (0, "") and "no such events in" in result.err


def test_a_long_list_says_that_there_is_more(cli, tmp_path):
    file = tmp_path / "many.db"
    fill(store_place(str(file)).url, [made_event(BEGIN_S + i) for i in range(60)])
    result = cli("events", "list", "--store", file)
    assert len(result.out.splitlines()) == 51
    assert "the newest 50 of 60 events" in result.err
    assert len(ids(cli("events", "list", "--json", "--store", file))) == 60


def test_show_has_everything_of_an_event(events, store, tmp_path):
    clip = footage_file(store.media, "door", BEGIN_S, WAVE.id, "clip")
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"a clip")
    result = events("show", WAVE.id[:8], "--clip", tmp_path / "copy.mp4")
    assert result.code == 0, result.err
    for part in (
        WAVE.id,
        "90.0%",
        "60.0% of 7 predictions",
        str(clip),
        f"thumbnail       none in {store.media}",
    ):
        assert part in result.out
    assert result.out.splitlines()[-1].split()[1] == "end"
    assert (tmp_path / "copy.mp4").read_bytes() == b"a clip"
    events("show", WAVE.id, "--thumbnail", tmp_path / "x.jpg").fails(5, "no thumbnail")
    events("show", "0000000").fails(2, "no event '0000000'")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="may read everything")
def test_footage_of_another_user_is_none(events, store):
    clip = footage_file(store.media, "door", BEGIN_S, WAVE.id, "clip")
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"video")
    store.media.chmod(0)
    assert "clip            none" in events("show", WAVE.id).out
    events("show", WAVE.id, "--clip", "copy.mp4").fails(5, "may read")
    store.media.chmod(0o700)


def test_show_says_where_footage_was_looked_for_and_what_names_another_folder(
    cli, events, store, tmp_path
):
    shown = events("show", WAVE.id)
    assert str(store.media) in shown.err and "--config" in shown.err and "--media" in shown.err
    file = footage_file(tmp_path / "kept", "door", BEGIN_S, WAVE.id, "clip")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"a clip")
    shown = events("show", WAVE.id, "--media", tmp_path / "kept")
    assert str(file) in shown.out and shown.err == ""


def test_show_lists_some_messages_of_many_and_all_when_told(cli, tmp_path):
    file = tmp_path / "long.db"
    said = [
        made_event(BEGIN_S, None, duration_s=float(i), captured_s=BEGIN_S + i) for i in range(97)
    ]
    numbers = fill(store_place(str(file)).url, said)
    shown = cli("events", "show", said[0].id, "--store", file)
    listed = [line.split()[0] for line in shown.out.partition("\n\n")[2].splitlines()[1:]]
    assert listed[0] == str(numbers[0]) and listed[-1] == str(numbers[-1])
    assert len(listed) == 10 and "10 of 97 messages; --all" in shown.err
    shown = cli("events", "show", said[0].id, "--store", file, "--all", "--media", tmp_path)
    assert all(str(number) in shown.out for number in numbers) and shown.err == ""


def test_export_goes_to_standard_output_or_a_file(events, tmp_path):
    rows = list(csv.DictReader(StringIO(events("export").out)))
    assert [row["id"] for row in rows] == [WAVE.id, FALL.id]
    target = tmp_path / "events.json"
    result = events("export", "--to", target)
    assert (result.code, result.out) == (0, "") and "2 events written" in result.err
    assert [each["id"] for each in json.loads(target.read_text())] == [WAVE.id, FALL.id]
    assert len(list(tmp_path.glob("*events.json*"))) == 1


def test_export_replaces_no_store_and_makes_no_folder(events, tmp_path):
    for name in ("events.db", "events.db-wal", "events.db.spool"):
        events("export", "--to", tmp_path / "here" / name).fails(2, "belongs to the store")
    events("export", "--to", tmp_path / "nowhere" / "x.csv").fails(5, "no folder")
    events("list", "--plot", tmp_path / "here" / "events.db").fails(5, "cannot draw")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none")
def test_export_writes_to_what_is_no_file_and_leaves_it_there(events, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert events("export", "--to", tmp_path / "pipe").code == 0
    assert os.read(reading, 100).startswith(b"id,")
    os.close(reading)
    assert (tmp_path / "pipe").is_fifo()
    events("export", "--to", tmp_path).fails(5, "cannot write")


def test_stats_count_by_camera_label_hour_and_day(events):
    result = events("stats")
    assert result.code == 0
    for part in ("all", "camera", "label", "hour", "day", "yard"):
        assert any(line.startswith(part) for line in result.out.splitlines())
    figures = json.loads(events("stats", "--json").out)
    assert (figures["whole"]["count"], figures["labels"]["fall"]["ongoing"]) == (2, 1)


@pytest.mark.parametrize("action", ["list", "stats"])
def test_a_picture_is_drawn(events, tmp_path, action):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    picture = tmp_path / "events.png"
    until = datetime.fromtimestamp(BEGIN_S + 300).isoformat()
    result = events(action, "--plot", picture, "--until", until)
    assert result.code == 0, result.err
    assert result.out == events(action, "--until", until).out
    assert result.err == f"2 events written into {picture}\n"
    pixels = cv2.imread(str(picture))
    for color in ((0xB2, 0x72, 0x00), (0x00, 0x5E, 0xD5)):  # BGR of the first two labels
        assert (pixels == color).all(-1).sum() > 100


def test_nothing_is_drawn_of_nothing_and_that_is_said(events, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    result = events("list", "--camera", "nowhere", "--plot", tmp_path / "x.png")
    assert (result.code, result.out) == (0, "") and "nothing is drawn" in result.err
    assert not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    ("spans", "asked", "drawn"),
    [
        ([(500, 10), (590, 10)], (None, None), (496, 604)),
        ([(500, 10), (590, 10)], (0, None), (496, 604)),
        ([(500, 10), (590, 10)], (0, 900), (0, 900)),
        ([(500, 10), (590, 10)], (505, None), (505, 604)),
        ([(500, 10), (590, 10)], (None, 595), (496, 595)),
        ([(500, None)], (0, None), (480, 1000)),
        ([(1200, 10)], (0, None), (1199, 1210)),
        ([(500, 0)], (None, None), (499, 501)),
        ([], (200, None), (200, 1000)),
    ],
)
def test_the_time_axis_fits_the_events_within_what_was_asked_for(spans, asked, drawn):
    made = [made_event(float(begin), lasted) for begin, lasted in spans]
    assert fitted_span(made, *asked, now_s=1000.0) == pytest.approx(drawn)


def test_short_events_have_bars_whose_colour_is_seen(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    short = made_event(BEGIN_S + 5e5, 0.5)
    save_timeline(Timeline([short], [], BEGIN_S, BEGIN_S + 1e6), tmp_path / "events.png")
    drawn = (cv2.imread(str(tmp_path / "events.png")) == (0xB2, 0x72, 0x00)).all(-1)
    assert drawn[:, : int(drawn.shape[1] * 0.8)].any(0).sum() >= 3  # not the legend


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="its zone cannot be chosen here")
def test_events_of_the_hour_that_comes_twice_are_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    begin_s = datetime(2026, 10, 25, 0, 40, tzinfo=UTC).timestamp()
    event = made_event(begin_s + 600, 1200.0)
    save_timeline(Timeline([event], [], begin_s, begin_s + 2400), tmp_path / "events.png")
    monkeypatch.undo()
    time.tzset()
    drawn = (cv2.imread(str(tmp_path / "events.png")) == (0xB2, 0x72, 0x00)).all(-1)
    columns = np.flatnonzero(drawn[:, : int(drawn.shape[1] * 0.8)].any(0))  # not the legend
    assert 0.3 < np.ptp(columns) / drawn.shape[1] < 0.5


def test_a_camera_is_away_while_it_sends_nothing():
    told = [
        *(made_status(BEGIN_S + 1, "lost"), made_status(BEGIN_S + 2, "backing-off")),
        *(made_status(BEGIN_S + 5, "live"), made_status(BEGIN_S + 6, "stalled")),
        *(made_status(BEGIN_S + 7, "disabled"), made_status(BEGIN_S + 3, "live", "yard")),
    ]
    timeline = Timeline([], list(map(status_message_of, told)), BEGIN_S, BEGIN_S + 10)
    assert timeline.away("door") == [
        (BEGIN_S + 1, BEGIN_S + 5),
        (BEGIN_S + 7, BEGIN_S + 10),
    ]
    assert timeline.away("yard") == []


def test_the_store_of_a_configuration_is_found_with_its_secret(cli, store, tmp_path, monkeypatch):
    config = tmp_path / "here" / "cameras.yaml"
    config.write_text("store: events.db\ncameras: {}\n")
    assert len(ids(cli("events", "list", "--json", "--config", config))) == 2
    config.write_text("store: none\ncameras: {}\n")
    cli("events", "list", "--config", config).fails(2, "nothing is stored")
    monkeypatch.setenv("DB_PASSWORD", "hunter2")
    url = "postgresql://me:{DB_PASSWORD}@127.0.0.1:1/x"
    result = cli("events", "list", "--store", url)
    result.fails(5, "postgresql://127.0.0.1:1/x")
    assert "hunter2" not in result.err


def test_the_users_own_store_is_looked_for_unless_told_otherwise(cli, home):
    cli("events", "list").fails(5, str(home / "events.db"), "--store")
    assert not home.exists()
    home.mkdir()
    fill(store_place("auto").url, [WAVE])
    assert ids(cli("events", "list", "--json")) == [WAVE.id]


def test_a_damaged_store_is_said_without_a_traceback(cli, tmp_path, store):
    file = tmp_path / "here" / "events.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    file.write_bytes(content)
    cli("events", "list", "--store", file).fails(5, str(file))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("today", datetime(2026, 11, 21)),
        ("Yesterday", datetime(2026, 11, 20)),
        ("90min", NOW - timedelta(minutes=90)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("3d", NOW - timedelta(days=3)),
        ("2w", NOW - timedelta(weeks=2)),
        ("9:05", datetime(2026, 11, 21, 9, 5)),
        ("9:05:30", datetime(2026, 11, 21, 9, 5, 30)),
        ("09:05:30", datetime(2026, 11, 21, 9, 5, 30)),
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026-11-01 10:20", datetime(2026, 11, 1, 10, 20)),
        ("2026-11-01T10:20:30+05:00", datetime.fromisoformat("2026-11-01T10:20:30+05:00")),
    ],
)
def test_times_are_understood(text, moment):
    assert parse_moment(text, NOW) == moment.timestamp()


@pytest.mark.parametrize("text", ["", "2x", "25:00", "2026-13-01", "1e3h", "999999999w", "-2h"])
def test_other_times_are_refused(text):
    with pytest.raises(OptionError, match="for example"):
        parse_moment(text, NOW)


def test_spans_are_short_words():
    assert [show_span(s) for s in (0.04, 59.94, 60, 3661, 90_000)] == [
        "0.0 s",
        "59.9 s",
        "0:01:00",
        "1:01:01",
        "1 day, 1:00:00",
    ]
