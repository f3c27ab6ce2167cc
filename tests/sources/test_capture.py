"""The capture thread makes nobody wait, and counts what it throws away."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.sources import capture as capture_module
from streamrec.sources.base import Source
from streamrec.sources.capture import CaptureThread
from streamrec.types import Frame


class Camera(Source):
    """Takes a picture at each `shoot`; at `hang_up` it ends, or fails with ``failure``."""

    name, fps, frame_count = "camera", None, None

    def __init__(self, *, live=True, failure=None, lost=0):
        self.live = live
        self.closed_by = None
        self._failure, self._lost = failure, lost
        self._index = 0
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._hung_up = False

    def shoot(self, pictures=1):
        """Take pictures, each of them in the mailbox before the next one."""
        for _ in range(pictures):
            self._back.acquire()
            self._go.release()
        self._back.acquire()
        self._back.release()

    def hang_up(self):
        self._hung_up = True
        self._go.release()

    def read(self):
        self._back.release()
        self._go.acquire()
        if self._hung_up and self._failure:
            raise self._failure
        if self._hung_up:
            return None
        frame = Frame(
            image=np.zeros((1, 1, 3), np.uint8),
            index=self._index,
            captured_s=0.0,
            time_s=self._index / 10,
            source=self.name,
            dropped=self._lost,
        )
        self._index += 1
        return frame

    def close(self):
        self.closed_by = threading.current_thread().name


@pytest.fixture
def capture():
    """Start captures and end their cameras after the test."""
    started = []

    def start(camera, **options):
        thread = CaptureThread(lambda: camera, **options)
        started.append((thread, camera))
        return thread

    yield start
    for thread, camera in started:
        camera.hang_up()
        thread.close()


def test_the_newest_frame_is_read_and_the_missed_ones_are_counted(capture):
    camera = Camera()
    source = capture(camera)
    camera.shoot(4)
    frame = source.read()
    assert (frame.index, frame.dropped) == (3, 3)
    camera.shoot()
    frame = source.read()
    assert (frame.index, frame.dropped) == (4, 0)


@settings(deadline=None, max_examples=30)
@given(bursts=st.lists(st.integers(1, 5), min_size=1, max_size=8), lost=st.integers(0, 2))
def test_every_frame_of_the_source_is_delivered_or_counted(bursts, lost):
    camera = Camera(lost=lost)
    with CaptureThread(lambda: camera) as source:
        seen = 0
        for burst in bursts:
            camera.shoot(burst)
            frame = source.read()
            seen += 1 + frame.dropped
        assert frame.index == sum(bursts) - 1
        assert seen == sum(bursts) * (1 + lost)
        camera.hang_up()


def test_a_busy_readers_frames_are_kept_every_second_one_gives_way(capture):
    camera = Camera()
    source = capture(camera)
    source.keep(3)
    camera.shoot(5)
    frames = [source.read() for _ in range(3)]
    assert [(frame.index, frame.dropped) for frame in frames] == [(1, 1), (3, 1), (4, 0)]
    assert [frame.behind_s for frame in frames] == pytest.approx([0.3, 0.1, 0.0])


def test_what_is_kept_is_bounded_by_its_size_too(capture, monkeypatch):
    monkeypatch.setattr(capture_module, "MOST_KEPT_BYTES", 6)  # two pictures
    camera = Camera()
    source = capture(camera)
    source.keep(100)
    camera.shoot(3)
    assert [source.read().index for _ in range(2)] == [1, 2]


@settings(deadline=None, max_examples=30)
@given(
    bursts=st.lists(st.tuples(st.integers(0, 6), st.integers(1, 6)), min_size=1, max_size=8),
    room=st.integers(0, 4),
    lost=st.integers(0, 2),
)
def test_what_is_kept_is_delivered_in_order_and_the_rest_counted(bursts, room, lost):
    camera = Camera(lost=lost)
    with CaptureThread(lambda: camera) as source:
        source.keep(room)
        shot = seen = 0
        for burst, reads in bursts:
            if burst:
                camera.shoot(burst)
            shot += burst
            for _ in range(min(reads, len(source._frames))):
                frame = source.read()
                seen += 1 + frame.dropped
                assert seen == (frame.index + 1) * (1 + lost)
                assert len(source._frames) < max(room, 1)
        camera.hang_up()
        rest = list(source)
        assert seen + sum(1 + frame.dropped for frame in rest) == shot * (1 + lost)


def test_a_source_that_is_not_live_waits_for_its_reader(capture):
    camera = Camera(live=False)
    source = capture(camera)
    for _ in range(3):
        camera._go.release()
    time.sleep(0.05)
    assert [source.read().index for _ in range(3)] == [0, 1, 2]


def test_the_last_frame_comes_before_the_end(capture):
    camera = Camera()
    source = capture(camera)
    camera.shoot()
    camera.hang_up()
    assert source.read().index == 0
    assert source.read() is None
    assert source.read() is None


@pytest.mark.parametrize("failure", [SourceReadError("unplugged"), RuntimeError("a bug")])
def test_an_error_of_the_thread_reaches_the_reader_after_the_last_frame(capture, failure):
    camera = Camera(failure=failure)
    source = capture(camera)
    camera.shoot()
    camera.hang_up()
    assert source.read().index == 0
    with pytest.raises(type(failure), match=str(failure)):
        source.read()


def test_an_error_while_opening_is_raised_at_once():
    def fail():
        raise SourceOpenError("no such camera")

    with pytest.raises(SourceOpenError, match="no such camera"):
        CaptureThread(fail)


def test_a_source_that_does_not_open_in_time_is_closed_when_it_does():
    camera, opened = Camera(), threading.Event()
    camera.hang_up()

    def open_late():
        opened.wait()
        return camera

    with pytest.raises(SourceOpenError, match=r"within 0.05 s"):
        CaptureThread(open_late, open_timeout_s=0.05)
    opened.set()
    (thread,) = (t for t in threading.enumerate() if t.name == "streamrec-capture")
    thread.join(5)
    assert camera.closed_by == "streamrec-capture"


def test_a_read_that_hangs_is_an_error_after_the_timeout(capture):
    source = capture(Camera(), read_timeout_s=0.05)
    with pytest.raises(SourceReadError, match=r"no frame from camera for 0.05 s"):
        source.read()


def test_close_returns_while_the_read_hangs_and_ends_the_stream(capture):
    source = capture(Camera())
    started_s = time.monotonic()
    source.close()
    source.close()
    assert time.monotonic() - started_s < 5
    assert source.read() is None


def test_the_thread_that_opened_a_source_closes_it(capture):
    camera = Camera()
    source = capture(camera)
    camera.hang_up()
    assert source.read() is None
    source.close()
    assert camera.closed_by == "streamrec-capture"


@pytest.mark.skipif(os.name == "nt", reason="a process cannot send itself Ctrl-C on Windows")
def test_ctrl_c_ends_a_program_whose_camera_hangs():
    program = (
        "import threading\n"
        "from streamrec.sources.capture import CaptureThread\n"
        "def hang():\n"
        "    print('opening', flush=True)\n"
        "    threading.Event().wait()\n"
        "try: CaptureThread(hang)\n"
        "except KeyboardInterrupt: print('interrupted')\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "opening\n"
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=20)[0] == "interrupted\n"
    assert child.returncode == 0
