"""Thumbnails and clips of a real camera, by a real worker."""

import time

import cv2
import pytest
from footage_cases import frames_of

from streamrec.child import Child
from streamrec.config import (
    CaptureOptions,
    EventSettings,
    FootageOptions,
    ModelOptions,
    RuleOptions,
    SourceOptions,
)
from streamrec.footage.files import footage_file
from streamrec.service.messages import (
    Begin,
    FromWorker,
    Happened,
    Predicted,
    Remarked,
    Told,
    Watch,
)
from streamrec.service.settings import CameraSettings
from streamrec.types import EventEnd, EventPhase

PATIENCE_S = 30.0
ALWAYS = EventSettings(rule=RuleOptions(min_duration=1.5), aliases={"anything": ("*",)})


@pytest.fixture
def worker(tmp_path):
    """A worker that keeps footage."""
    worker = Child("streamrec.service.worker", FromWorker)
    worker.line.send(Begin(top=1, media=str(tmp_path)))
    yield worker
    worker.kill()


def watch(worker, url, **options):
    worker.line.send(
        Watch(
            CameraSettings(
                name="door",
                source=SourceOptions(source=url, read_timeout=1.0),
                capture=CaptureOptions(retry_most=1.0),
                model=ModelOptions(model="gestures"),
                events=ALWAYS,
                footage=FootageOptions(**options),
            )
        )
    )


def hear(worker, fits):
    """All messages up to the first that fits."""
    heard, end_s = [], time.monotonic() + PATIENCE_S
    while not heard or not fits(heard[-1]):
        assert time.monotonic() < end_s, heard[-5:]
        if (message := worker.line.receive(0.5)) is not None:
            heard.append(message)
    return heard


def phase_of(message):
    return message.event.phase if isinstance(message, Happened) else None


def appears(path):
    end_s = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert time.monotonic() < end_s, path
        time.sleep(0.02)
    return path


def test_an_event_of_a_camera_that_is_lost_has_a_thumbnail_and_a_clip(worker, cameras, tmp_path):
    server = cameras(fps=15, size="320x240")
    watch(worker, server.url(), thumbnail=True, clip=True, clip_before=1.0, clip_height=120)
    heard = hear(worker, lambda m: phase_of(m) is EventPhase.START)
    begun = heard[-1].event
    appears(footage_file(tmp_path, "door", begun.started_s, begun.id, "thumbnail"))
    heard += hear(worker, lambda m: phase_of(m) is EventPhase.UPDATE)
    server.kill()
    heard += hear(worker, lambda m: phase_of(m) is EventPhase.END)
    ended = heard[-1].event
    assert ended.reason is EventEnd.LOST
    frames, fps = frames_of(
        appears(footage_file(tmp_path, "door", begun.started_s, begun.id, "clip"))
    )
    captured = [m.message.captured_s for m in heard if isinstance(m, Predicted)]
    begins_s = max(captured[0], begun.started_s - 1.0)
    assert fps == pytest.approx(10)
    assert len(frames) / fps == pytest.approx(captured[-1] - begins_s, abs=0.5)
    assert {frame.shape for frame in frames} == {(120, 160, 3)}
    thumbnail = footage_file(tmp_path, "door", begun.started_s, begun.id, "thumbnail")
    assert cv2.imread(str(thumbnail)).shape == (120, 160, 3)
    told = hear(worker, lambda m: isinstance(m, Told) and m.status.counts.get("clips"))[-1].status
    assert told.counts["thumbnails"] == 1


def test_clips_are_finished_when_the_service_ends(worker, cameras, tmp_path):
    watch(worker, cameras(fps=15).url(), clip=True)
    begun = hear(worker, lambda m: phase_of(m) is EventPhase.START)[-1].event
    worker.stop(5.0)
    clip = footage_file(tmp_path, "door", begun.started_s, begun.id, "clip")
    assert len(frames_of(clip)[0]) > 5
    assert [path.name for path in clip.parent.iterdir()] == [clip.name]


def test_why_footage_cannot_be_written_is_said(worker, cameras, tmp_path):
    (tmp_path / "door").write_text("a file where the folder should be")
    watch(worker, cameras(fps=15).url(), thumbnail=True)
    remark = hear(worker, lambda m: isinstance(m, Remarked))[-1].text
    assert remark.startswith(f"door: no thumbnail of its events: cannot write {tmp_path}")


def test_footage_without_a_store_is_said_not_to_be_kept():
    worker = Child("streamrec.service.worker", FromWorker)
    worker.line.send(Begin(top=1))
    watch(worker, "synthetic:", clip=True)
    remark = hear(worker, lambda m: isinstance(m, Remarked))[-1].text
    worker.kill()
    assert remark == "door: no thumbnails or clips are kept, as 'store' is none"


def test_without_the_options_nothing_is_kept(worker, cameras, tmp_path):
    watch(worker, cameras(fps=15).url())
    hear(worker, lambda m: phase_of(m) is EventPhase.UPDATE)
    assert list(tmp_path.iterdir()) == []
