"""Capture processes, with real ones, a real RTSP server and real signals."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from streamrec.errors import SourceOpenError, SourceReadError
from streamrec.preprocess import Preprocessor
from streamrec.sources.messages import Noticed, Opened, Reading, Snapshot, Withheld
from streamrec.sources.process import ProcessSource, ReaderProcess, Received
from streamrec.types import Defect, Preprocessing

SCENE = "synthetic:?width=320&height=240&fps=50&seconds=60"
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def next_of(process, kind, timeout_s=10.0):
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        news = process.receive(1.0)
        if isinstance(news, kind):
            return news
    pytest.fail(f"no {kind.__name__}")


def gone(pid):
    with suppress(ProcessLookupError, FileNotFoundError):
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    return True


def wait_until(done, timeout_s=10.0):
    deadline_s = time.monotonic() + timeout_s
    while not done() and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return done()


def descriptors():
    return psutil.Process().num_fds()


@linux
@pytest.mark.parametrize("start", [ReaderProcess, ProcessSource])
def test_a_process_that_cannot_be_started_leaves_nothing_open(start, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/python")
    before = descriptors()
    with pytest.raises(SourceOpenError, match=r"no capture process for rtsp://\*\*\*@host/x: "):
        start("rtsp://joe:secret@host/x")
    assert descriptors() == before


@linux
def test_an_address_that_is_no_text_is_malformed_and_leaves_nothing_open():
    before = descriptors()
    with pytest.raises(SourceOpenError, match="it is not UTF-8; write other bytes as %FF"):
        ReaderProcess("rtsp://joe:se\udcffcret@host/x")
    assert descriptors() == before


def test_frames_of_an_rtsp_server_come_and_the_first_is_a_cut(rtsp_server):
    server = rtsp_server("joe", "se:cret")
    with ReaderProcess(server.url, name="door") as process:
        opened = next_of(process, Opened)
        frames = [next_of(process, Received).frame for _ in range(5)]
        if sys.platform == "linux":
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    assert b"cret" not in path.read_bytes()
    assert (opened.name, opened.live, opened.fps) == ("door", True, 15.0)
    assert [frame.cut for frame in frames] == [True] + [False] * 4
    assert frames[0].source == "door" and frames[0].image.shape == (120, 160, 3)
    assert frames[0].index > 0, "what waited while it opened is left out"
    assert all(0 <= time.time() - frame.captured_s < 10 for frame in frames)


def test_why_it_cannot_be_opened_is_told_without_the_password():
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    with (
        ReaderProcess(f"rtsp://joe:hunter2@127.0.0.1:{port}/x") as process,
        pytest.raises(SourceOpenError, match="nothing listens") as error,
    ):
        process.receive(10)
    assert "hunter2" not in str(error.value)


def test_only_frames_on_the_time_grid_come_resized():
    reading = Reading(fps=5.0, preprocessing=Preprocessing(64, 64))
    with ReaderProcess(SCENE, reading=reading) as process:
        frames = [next_of(process, Received).frame for _ in range(5)]
    assert all(frame.image.shape == (64, 64, 3) and frame.dropped == 0 for frame in frames)
    assert np.diff([frame.time_s for frame in frames]) == pytest.approx(0.2, abs=0.1)
    assert all(b.index - a.index > 4 for a, b in itertools.pairwise(frames))


def test_the_model_sees_the_same_as_of_a_whole_picture(http_server, video):
    video(frames=5)
    preprocessing = Preprocessing(24, 32, resize="crop", resized=(30, 40))
    url = f"{http_server}/clip.mp4"
    small = Reading(preprocessing=preprocessing)
    with ProcessSource(url) as whole, ProcessSource(url, reading=small) as resized:
        pairs = list(zip(whole, resized, strict=True))
    preprocessor = Preprocessor(preprocessing)
    assert len(pairs) == 5 and pairs[0][1].image.shape == (30, 40, 3)
    for one, other in pairs:
        assert np.array_equal(preprocessor(one.image), preprocessor(other.image))


def test_the_region_is_cut_out_before_mirroring():
    half = Reading(region=((0.0, 0.0), (0.5, 1.0)), mirror=True)
    with ReaderProcess(SCENE, reading=half) as process:
        received = next_of(process, Received)
    assert received.frame.image.shape == (240, 160, 3)
    assert (received.picture.camera_height, received.picture.camera_width) == (240, 320)
    assert received.frame.image[0, 0].sum() > received.frame.image[0, -1].sum()


def test_a_snapshot_is_the_whole_picture_as_jpeg():
    with ReaderProcess(SCENE, reading=Reading(fps=1, preprocessing=Preprocessing(8, 8))) as process:
        next_of(process, Opened)
        process.ask_snapshot()
        jpeg = next_of(process, Snapshot).jpeg
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape == (240, 320, 3)


def test_small_pictures_of_all_that_the_camera_sees_come_along_where_asked_for():
    part = Reading(region=((0.0, 0.0), (0.5, 1.0)), mirror=True, preview_height=120)
    with ReaderProcess(SCENE, reading=part) as process:
        pictures = [next_of(process, Received).picture for _ in range(40)]
    jpegs = [picture.preview for picture in pictures if picture.preview]
    seconds = pictures[-1].time_s - pictures[0].time_s
    assert 0.5 < len(jpegs) / (10 * seconds) < 2
    shown = cv2.imdecode(np.frombuffer(jpegs[0], np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (120, 160, 3)
    assert shown[0, 0].sum() > shown[0, -1].sum(), "it is mirrored"


def test_without_being_asked_for_no_small_picture_comes():
    with ReaderProcess(SCENE) as process:
        assert next_of(process, Received).picture.preview == b""


def test_black_pictures_are_withheld_unless_they_are_not_checked(tmp_path):
    path = tmp_path / "black.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (64, 48))
    for _ in range(20):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()
    with ReaderProcess(str(path)) as process:
        assert next_of(process, (Received, Withheld)) == Withheld(Defect.BLACK)
    with ReaderProcess(str(path), reading=Reading(checked=False)) as process:
        assert next_of(process, (Received, Withheld)).frame.image.max() == 0


def test_the_measured_rate_is_told():
    with ReaderProcess(SCENE, reading=Reading(fps=1.0)) as process:
        noticed = next_of(process, Noticed)
    assert (noticed.count, noticed.times) == ("rate_changes", 0)
    assert noticed.fps == pytest.approx(50, rel=0.2)


def test_a_reader_that_is_busy_loses_frames_and_they_are_counted():
    with ReaderProcess(SCENE) as process:
        next_of(process, Received)
        time.sleep(0.5)
        frames = [next_of(process, Received).frame for _ in range(8)]
    indices = [frame.index for frame in frames]
    assert sum(frame.dropped for frame in frames) == indices[-1] - indices[0] - 7 > 5


@posix
def test_a_process_that_is_killed_is_told_with_its_signal():
    with ReaderProcess(SCENE) as process:
        next_of(process, Received)
        os.kill(process.pid, signal.SIGSEGV)
        with pytest.raises(SourceReadError, match=r"capture process of synth.* signal 11"):
            next_of(process, Snapshot)


@posix
def test_a_process_that_is_stopped_gives_no_frame_and_can_be_killed():
    with ReaderProcess(SCENE) as process:
        next_of(process, Received)
        os.kill(process.pid, signal.SIGSTOP)
        while process.receive(0.3) is not None:
            pass
        process.kill()
        with pytest.raises(SourceReadError, match="was stopped"):
            process.receive(1)
    assert gone(process.pid)


def test_a_native_read_that_hangs_can_be_killed(http_server):
    with ReaderProcess(f"{http_server}/stalls", read_timeout_s=60) as process:
        next_of(process, Received)
        while process.receive(0.3) is not None:
            pass
        began_s = time.monotonic()
        process.kill()
    assert time.monotonic() - began_s < 2


@linux
@pytest.mark.parametrize("uri", [SCENE, "stalls"])
def test_nothing_is_left_of_an_owner_that_was_killed(http_server, uri):
    uri = f"{http_server}/stalls" if uri == "stalls" else uri
    program = (
        "import time\nfrom streamrec.sources.process import *\n"
        f"process = ReaderProcess({uri!r}, read_timeout_s=60)\n"
        "while not isinstance(process.receive(), Received): pass\n"
        "print(process.pid, flush=True)\ntime.sleep(60)\n"
    )
    before = set(Path("/dev/shm").iterdir())
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    assert not gone(pid)
    owner.kill()
    owner.communicate()
    assert wait_until(lambda: gone(pid))
    assert set(Path("/dev/shm").iterdir()) <= before


@linux
def test_connections_leave_no_file_open_behind():
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(2):
        with ReaderProcess(SCENE) as process:
            next_of(process, Received)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
