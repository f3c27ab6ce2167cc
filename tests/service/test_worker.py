"""A worker, as a process, with the embedded model and made cameras."""

import time

import cv2
import numpy as np
import psutil
import pytest

from streamrec.child import Child
from streamrec.config import (
    CameraOptions,
    EventSettings,
    ModelOptions,
    RuleOptions,
    SourceOptions,
)
from streamrec.service.messages import (
    Alive,
    Begin,
    Forget,
    FromWorker,
    Happened,
    Predicted,
    Snapshot,
    TakeSnapshot,
    Told,
    Watch,
)
from streamrec.service.settings import CameraSettings
from streamrec.types import CameraState, EventEnd, EventPhase, now_s

PATIENCE_S = 30.0
SCENE = "synthetic:?fps=25&live=1"


def camera(name, source=SCENE, **camera):
    return CameraSettings(
        name=name,
        source=SourceOptions(source=source),
        model=ModelOptions(model=camera.pop("model", "gestures")),
        events=camera.pop("events", EventSettings()),
        camera=CameraOptions(**camera),
    )


class Worker:
    """A running worker, and what it has said."""

    def __init__(self):
        self.child = Child("streamrec.service.worker", FromWorker)
        self.heard = []
        self.child.line.send(Begin(top=2))

    def send(self, *orders):
        for order in orders:
            self.child.line.send(order)

    def hear(self, fits):
        """Wait for a message that fits."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            message = self.child.line.receive(0.5)
            if message is not None:
                self.heard.append(message)
                if fits(message):
                    return message
        raise AssertionError(f"nothing fits in {len(self.heard)} messages")

    def hear_prediction(self, name):
        return self.hear(lambda m: isinstance(m, Predicted) and m.message.source == name)

    def hear_status(self, name, state):
        return self.hear(
            lambda m: isinstance(m, Told) and (m.status.source, m.status.state) == (name, state)
        ).status


@pytest.fixture
def worker():
    worker = Worker()
    yield worker
    worker.child.kill()


def test_its_cameras_are_predicted_at_the_models_rate_and_told_to_be_live(worker):
    worker.send(Watch(camera("a")), Watch(camera("b")))
    worker.hear_status("a", CameraState.LIVE)
    first, *_, last = [worker.hear_prediction("a").message for _ in range(11)]
    worker.hear_prediction("b")
    assert last.captured_s - first.captured_s == pytest.approx(1.0, abs=0.3)
    assert len(first.top) == 2


def test_one_camera_that_cannot_be_watched_leaves_the_others_alone(worker):
    worker.send(Watch(camera("bad", model="no-such-model")), Watch(camera("good")))
    status = worker.hear_status("bad", CameraState.DISABLED)
    assert "no-such-model" in status.reason
    worker.hear_prediction("good")


def test_a_secret_that_is_missing_is_said_by_name_and_looked_for_again(worker):
    worker.send(Watch(camera("cam", source="rtsp://viewer:{NO_SUCH_SECRET}@127.0.0.1:1/x")))
    status = worker.hear_status("cam", CameraState.BACKING_OFF)
    assert "NO_SUCH_SECRET" in status.reason
    assert status.retry_s > now_s()


def test_a_camera_that_is_forgotten_is_silent_and_its_process_gone(worker):
    worker.send(Watch(camera("a")), Watch(camera("b")))
    worker.hear_prediction("a")
    worker.hear_prediction("b")
    assert len(psutil.Process(worker.child.pid).children()) == 2
    worker.send(Forget("a"))
    worker.hear(lambda m: isinstance(m, Alive))
    worker.hear(lambda m: isinstance(m, Alive))
    before = len(worker.heard)
    for _ in range(5):
        worker.hear_prediction("b")
    assert not any(
        isinstance(m, Predicted) and m.message.source == "a" for m in worker.heard[before:]
    )
    assert len(psutil.Process(worker.child.pid).children()) == 1


def test_a_snapshot_is_the_whole_picture(worker):
    worker.send(Watch(camera("a")))
    worker.hear_prediction("a")
    worker.send(TakeSnapshot("a", 7))
    snapshot = worker.hear(lambda m: isinstance(m, Snapshot))
    assert (snapshot.camera, snapshot.number, snapshot.error) == ("a", 7, "")
    assert snapshot.jpeg.startswith(b"\xff\xd8")


def test_a_snapshot_of_what_is_not_watched_says_so(worker):
    worker.send(TakeSnapshot("nobody", 1))
    assert "not watched" in worker.hear(lambda m: isinstance(m, Snapshot)).error


def test_watching_again_begins_anew_with_other_settings(worker):
    worker.send(Watch(camera("a")))
    assert worker.hear_prediction("a").message.top
    worker.send(Watch(camera("a", min_score=1.0)))
    worker.hear(lambda m: isinstance(m, Predicted) and not m.message.top)


def test_events_have_one_id_from_their_start_to_their_end(worker):
    always = EventSettings(rule=RuleOptions(on_score=0.5), aliases={"anything": ("*",)})
    worker.send(Watch(camera("a", events=always)))
    events = [worker.hear(lambda m: isinstance(m, Happened)).event for _ in range(2)]
    assert worker.hear_prediction("a").message.action == "anything"
    worker.send(Forget("a"))
    end = worker.hear(lambda m: isinstance(m, Happened) and m.event.phase is EventPhase.END).event
    assert [event.phase for event in events] == [EventPhase.START, EventPhase.UPDATE]
    assert end.reason is EventEnd.DISABLED
    assert {event.id for event in events} == {end.id}


def test_it_ends_with_the_line_and_takes_its_captures_along(worker):
    worker.send(Watch(camera("a")))
    worker.hear_prediction("a")
    processes = psutil.Process(worker.child.pid).children(recursive=True)
    assert processes
    worker.child.stop(5.0)
    assert psutil.wait_procs(processes, timeout=5.0)[1] == []


def test_the_end_of_a_film_ends_its_camera_only(worker, tmp_path):
    path = str(tmp_path / "film.mp4")
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"mp4v"), 15.0, (64, 48))
    for level in range(15):
        writer.write(np.full((48, 64, 3), 10 * level, np.uint8))
    writer.release()
    film = CameraSettings(
        name="film",
        source=SourceOptions(source=path, realtime=True),
        model=ModelOptions(model="gestures"),
    )
    worker.send(Watch(film), Watch(camera("long")))
    assert "end" in worker.hear_status("film", CameraState.DISABLED).reason
    worker.hear_prediction("long")
