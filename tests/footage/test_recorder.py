"""Thumbnails and clips of events, decoded again."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from footage_cases import START_S, ending, event, frames_of, jpeg_of, second_of

from streamrec.config import FootageOptions
from streamrec.footage.recorder import Recorder
from streamrec.footage.writer import Writer


def test_a_clip_begins_before_its_event_and_goes_on_after_it(camera):
    door = camera(clip_before=3.0, clip_after=2.0)
    wave = event(1, start=20.0)
    door.film(0, 21)
    door.event(wave)
    door.film(21, 24)
    door.event(ending(wave, 24.0))
    door.film(24, 30)
    seen = door.clip(wave)
    assert (seen[0], seen[-1]) == pytest.approx((17.0, 26.0), abs=0.8)
    assert len(seen) / 10 == pytest.approx(9.0, abs=0.11), "it lasts as long as what it shows"
    assert door.counts == {"clips": 1, "thumbnails": 1}


def test_the_length_is_true_at_any_rate_of_pictures(camera):
    door = camera(clip_before=5.0, clip_after=5.0)
    wave = event(1, start=10.0)
    door.film(0, 10, fps=7.3)
    door.event(wave)
    door.event(ending(wave, 10.0))
    door.film(10, 12, fps=3)
    door.film(14, 20, fps=10)
    assert len(door.clip(wave)) / 10 == pytest.approx(10.0, abs=0.21)


def test_an_event_that_is_longer_than_a_clip_has_a_clip_that_is_not(camera):
    door = camera(clip_before=2.0, clip_longest=6.0)
    wave = event(1, start=10.0)
    door.film(0, 10)
    door.event(wave)
    door.film(10, 40)
    door.event(ending(wave, 40.0, peak=39.0))
    seen = door.clip(wave)
    assert (seen[0], seen[-1]) == pytest.approx((8.0, 14.0), abs=0.8)
    assert door.thumbnail(wave) == pytest.approx(39.0, abs=1)


def test_events_that_overlap_have_a_clip_each(camera):
    door = camera(clip_before=2.0, clip_after=3.0)
    wave, fall = event(1, start=10.0), event(2, start=12.0, label="falling")
    door.film(0, 10)
    door.event(wave)
    door.film(10, 12)
    door.event(ending(wave, 12.0, reason="label"))
    door.event(fall)
    door.film(12, 16)
    door.event(ending(fall, 16.0))
    door.film(16, 25)
    assert [door.clip(wave)[i] for i in (0, -1)] == pytest.approx([8.0, 15.0], abs=0.8)
    assert [door.clip(fall)[i] for i in (0, -1)] == pytest.approx([10.0, 19.0], abs=0.8)


def test_the_thumbnail_is_there_at_once_and_shows_the_peak_in_the_end(camera):
    door = camera(clip=False)
    wave = event(1, start=10.0)
    door.film(0, 11)
    door.event(wave)
    assert door.thumbnail(wave) == pytest.approx(10.0, abs=1)
    door.film(11, 40)
    door.event(ending(wave, 40.0, peak=34.0))
    assert door.thumbnail(wave) == pytest.approx(34.0, abs=1)
    assert [path.suffix for path in door.folder.rglob("*.*")] == [".jpg"]
    assert door.counts == {"thumbnails": 1}


def test_the_best_frame_that_an_update_told_of_is_kept_until_the_end(camera):
    door = camera(clip=False)
    wave = event(1, start=10.0)
    door.film(0, 10)
    door.event(wave)
    door.film(10, 12)
    told = ending(wave, 12.0, peak=11.0)
    door.event(event(1, start=10.0, phase="update", peak_s=told.peak_s))
    door.film(12, 90)
    door.event(ending(wave, 90.0, peak=11.0))
    assert door.thumbnail(wave) == pytest.approx(11.0, abs=1)


@pytest.mark.parametrize("reason", ["reset", "lost", "disabled", "failed", "shutdown"])
def test_where_nothing_more_is_to_come_the_clip_is_written_as_it_is(camera, reason):
    door = camera()
    wave = event(1, start=10.0)
    door.film(0, 10)
    door.event(wave)
    door.film(10, 12)
    door.event(ending(wave, 12.0, reason=reason))
    assert door.clip(wave)[-1] == pytest.approx(12.0, abs=0.8)


@pytest.mark.parametrize("how", ["cut", "finish"])
def test_no_clip_goes_on_across_a_loss_of_the_camera(camera, how):
    door = camera()
    wave = event(1, start=10.0)
    door.film(0, 10)
    door.event(wave)
    door.film(10, 12)
    if how == "cut":
        door.show(20.0, cut=True)
    else:
        door.recorder.finish()
    assert door.clip(wave)[-1] == pytest.approx(12.0, abs=0.8)
    later = event(2, start=21.0)
    door.show(20.0, cut=True)
    door.film(20.2, 22)
    door.event(later)
    door.recorder.finish()
    assert door.clip(later)[0] == pytest.approx(20.0, abs=0.8)


def test_too_many_pictures_end_a_clip_early_and_it_still_shows_the_beginning(tmp_path):
    writer = Writer()
    recorder = Recorder(tmp_path, "door", FootageOptions(clip=True, clip_longest=600.0), writer)
    recorder._ring._most_bytes = 300 * len(jpeg_of(0))
    for tenth in range(300):
        recorder.frame(START_S + tenth / 10, jpeg_of(tenth / 10), cut=False)
    recorder.event(event(1, start=29.0))
    for tenth in range(300, 900):
        recorder.frame(START_S + tenth / 10, jpeg_of(tenth / 10), cut=False)
    assert writer.drain(20)
    frames, _ = frames_of(next(tmp_path.rglob("*.mp4")))
    assert 250 <= len(frames) <= 310
    assert second_of(frames[0]) == pytest.approx(24.0, abs=0.8)


def test_an_event_without_any_picture_is_counted_as_lost(camera):
    door = camera()
    wave = event(1, start=10.0)
    door.event(wave)
    door.event(ending(wave, 11.0, reason="lost"))
    assert door.counts == {"footage_lost": 2}
    assert not door.folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="there are no such permissions")
def test_only_the_services_own_user_may_look_at_footage(camera):
    door = camera()
    wave = event(1, start=10.0)
    door.film(0, 20)
    door.event(wave)
    door.event(ending(wave, 20.0, reason="lost"))
    assert door.counts == {"clips": 1, "thumbnails": 1}
    modes = {path.suffix: path.stat().st_mode & 0o777 for path in door.folder.rglob("*")}
    assert modes == {"": 0o700, ".jpg": 0o600, ".mp4": 0o600}
    assert door.folder.stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_written_is_counted_and_said_once(camera, tmp_path, caplog):
    (tmp_path / "media").write_text("a file where the folder should be")
    door = camera()
    with caplog.at_level(logging.WARNING, "streamrec"):
        for number in range(3):
            wave = event(number, start=10.0)
            door.film(5, 10)
            door.event(wave)
            door.event(ending(wave, 10.0, reason="lost"))
        assert door.counts == {"footage_lost": 6}
    assert sorted(line[:29] for line in caplog.messages) == [
        "door: no clip of its events: ",
        "door: no thumbnail of its eve",
    ]


PROGRAM = """
import sys, threading
sys.path.insert(0, {tests!r})
from pathlib import Path
from footage_cases import Camera, ending, event
door = Camera(Path({folder!r}))
for number in range({events}):
    wave = event(number, start=10.0)
    door.film(0, 10)
    door.event(wave)
    door.film(10, 40)
    door.event(ending(wave, 40.0, reason="lost"))
print("begun", flush=True)
"""


def program(folder: Path, events: int) -> str:
    return PROGRAM.format(tests=str(Path(__file__).parents[1]), folder=str(folder), events=events)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of files")
def test_a_full_disk_is_counted_and_leaves_no_file(tmp_path):
    """A limit on the size of files stands for the full disk."""
    limits = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
    )
    ends = "door.writer.drain(20); print(door.counts)\n"
    run = subprocess.run(
        [sys.executable, "-c", limits + program(tmp_path, 2) + ends],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout == "begun\n{'thumbnails': 2, 'footage_lost': 2}\n", run.stderr
    assert run.stderr.count("\n") == 1 and "door: no clip of its events: " in run.stderr
    assert {path.suffix for path in tmp_path.rglob("*.*")} == {".jpg"}


def test_a_process_that_is_killed_leaves_no_half_file_under_its_name(tmp_path):
    command = [sys.executable, "-c", program(tmp_path, 40) + "threading.Event().wait()\n"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        end_s = time.monotonic() + 20
        while len(list(tmp_path.rglob("0*.mp4"))) < 3 and time.monotonic() < end_s:
            time.sleep(0.005)
        process.kill()
    clips = list(tmp_path.rglob("0*.mp4"))
    assert 3 <= len(clips) < 40
    assert {len(frames_of(clip)[0]) for clip in clips} == {349}
