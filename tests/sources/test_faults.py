"""What becomes of a camera on a bad day: real servers, a real network, real processes."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from streamrec.config import CaptureOptions, SourceOptions
from streamrec.sources.messages import Reading
from streamrec.sources.watch_camera import open_camera
from streamrec.types import CameraState, CameraStatus, Defect, Frame

CONNECTING, LIVE, STALLED, LOST, BACKING_OFF = list(CameraState)[:5]
pytestmark = pytest.mark.slow
PATIENCE_S = 15.0
SECRET = "s3:cr@t/#?%"


class Watching:
    """A camera that is watched: all its frames and statuses so far."""

    def __init__(self, url: str, reading: Reading, capture: dict[str, object]) -> None:
        self.frames: list[Frame] = []
        self.statuses: list[CameraStatus] = []
        self._changed = threading.Condition()
        self._camera = open_camera(
            url,
            name="cam",
            source=SourceOptions(source=url, open_timeout=2.0, read_timeout=2.0),
            capture=CaptureOptions(retry_most=1.0, **capture),
            reading=reading,
            tell=self._hear,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def states(self) -> list[CameraState]:
        """Every state once for each time that it was entered."""
        states = [status.state for status in self.statuses]
        return [s for i, s in enumerate(states) if i == 0 or s is not states[i - 1]]

    @property
    def status(self) -> CameraStatus:
        return self.statuses[-1]

    def until(self, ready: Callable[[], object], seconds: float = PATIENCE_S) -> None:
        with self._changed:
            happened = self._changed.wait_for(ready, seconds)
        assert happened, f"did not happen; {len(self.frames)} frames, {self.statuses[-3:]}"

    def until_frames(self, count: int = 5) -> list[Frame]:
        """Wait for so many further frames and return them."""
        first = len(self.frames)
        self.until(lambda: len(self.frames) >= first + count)
        return self.frames[first:]

    def until_state(self, *states: CameraState) -> None:
        """Wait until these states come, from now on and in this order."""
        first = max(0, len(self.statuses) - 1)

        def found() -> bool:
            later = iter(status.state for status in self.statuses[first:])
            return all(state in later for state in states)

        self.until(found)

    def until_counted(self, name: str) -> None:
        self.until(lambda: self.statuses and self.status.counts[name] > 0)

    def close(self) -> float:
        """Stop; return the seconds that it took."""
        began_s = time.monotonic()
        self._camera.close()
        self._thread.join(PATIENCE_S)
        return time.monotonic() - began_s

    def _hear(self, status: CameraStatus) -> None:
        with self._changed:
            self.statuses.append(status)
            self._changed.notify_all()

    def _read(self) -> None:
        for frame in self._camera:
            with self._changed:
                self.frames.append(frame)
                self._changed.notify_all()


@pytest.fixture
def watch() -> Iterator[Callable[..., Watching]]:
    """Watch cameras until the end of the test."""
    with ExitStack() as running:

        def begin(url: str, *, reading: Reading | None = None, **capture: object) -> Watching:
            watching = Watching(url, reading or Reading(), capture)
            running.callback(watching.close)
            return watching

        yield begin


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_h264_is_read_over_either_transport(cameras, watch, transport):
    camera = watch(cameras(transport=transport, fps=25).url(), transport=transport)
    frames = camera.until_frames(30)
    assert camera.states == [CONNECTING, LIVE]
    assert frames[0].image.shape == (120, 160, 3)
    assert [frame.cut for frame in frames] == [True] + [False] * 29
    assert all(a.index < b.index and a.time_s < b.time_s for a, b in pairwise(frames))


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_camera_lets_in_whoever_knows_the_password(cameras, watch, method):
    server = cameras(fps=25)
    server.do(f"login joe secret {method}")
    assert watch(server.url(login=("joe", "secret"))).until_frames(1)


def test_a_server_that_is_killed_and_restarted_is_watched_again(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.kill()
    camera.until_state(LOST, BACKING_OFF)
    server.restart()
    frames = camera.until_frames()
    assert frames[0].cut
    assert camera.status.counts["losses"] >= 1
    indices = [frame.index for frame in camera.frames]
    assert indices == sorted(set(indices))


def test_a_server_that_does_not_run_yet_is_waited_for(cameras, watch):
    server = cameras(fps=25)
    server.kill()
    camera = watch(server.url())
    camera.until_state(LOST, BACKING_OFF)
    assert "nothing listens" in camera.status.reason
    server.restart()
    assert camera.until_frames()


def test_a_short_halt_is_a_stall_and_no_loss(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.pause()
    camera.until_state(STALLED)
    server.resume()
    camera.until_state(LIVE)
    camera.until_frames()
    assert camera.status.counts["losses"] == 0 and camera.status.counts["connections"] == 1


def test_a_long_halt_is_a_loss_that_heals(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.pause()
    camera.until_state(STALLED, LOST)
    server.resume()
    camera.until_state(CONNECTING, LIVE)
    assert camera.until_frames()[-1].time_s == pytest.approx(time.time(), abs=1.0)


def test_a_camera_that_sends_no_frames_stalls_and_is_lost(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.do("mute cam0")
    camera.until_state(STALLED, LOST)
    assert "no frame" in camera.status.reason
    server.do("restore cam0")
    camera.until_state(LIVE)


def test_connections_that_are_cut_are_made_again(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.do("drop cam0")
    camera.until_state(LOST, CONNECTING, LIVE)
    assert camera.status.counts["connections"] == 2


@pytest.mark.parametrize(
    ("path", "login", "reason"),
    [
        ("none", ("joe", SECRET), "no such path"),
        ("cam0", ("joe", f"{SECRET}!"), "refused"),
        ("cam0", None, "wants a user name and password"),
    ],
    ids=["path", "password", "none"],
)
def test_a_camera_that_refuses_is_asked_again_for_ever(cameras, watch, caplog, path, login, reason):
    caplog.set_level(logging.DEBUG)
    server = cameras(login=("joe", SECRET))
    address = server.url(path, login=login) if login else f"rtsp://{server.address}/{path}"
    camera = watch(address)
    camera.until(lambda: camera.statuses and camera.status.attempt >= 2)
    assert reason in camera.status.reason
    assert LIVE not in camera.states
    assert "s3:cr" not in f"{camera.statuses}{caplog.text}"
    assert "s3%3Acr" not in f"{camera.statuses}{caplog.text}"


def test_no_password_shows_in_logs_statuses_or_command_lines(cameras, watch, caplog):
    caplog.set_level(logging.DEBUG)
    server = cameras(login=("joe", SECRET), fps=25)
    camera = watch(server.url())
    camera.until_frames()
    said = _command_lines()
    server.do("drop cam0")
    camera.until_state(LOST, CONNECTING)
    server.kill()
    camera.until_state(LOST)
    said += f"{camera.statuses} {camera.frames} {caplog.text} {_command_lines()}"
    assert "127.0.0.1" in said
    for secret in (SECRET, "s3:cr", "s3%3Acr", "joe"):
        assert secret not in said


def _command_lines() -> str:
    """What other users of this machine see of the processes started here."""
    processes = psutil.Process().children(recursive=True)
    return " ".join(" ".join(process.cmdline()) for process in processes)


def test_lost_packets_cost_pictures_and_not_the_connection(cameras, watch):
    server = cameras(fps=25, size="640x360")
    camera = watch(server.url(), transport="udp")
    camera.until_frames()
    server.do("loss cam0 0.02")
    camera.until_counted("decoder_errors")
    camera.until_counted("corrupt")
    server.do("restore cam0")
    camera.until_frames(25)
    assert camera.status.counts["losses"] == 0


def test_a_delay_of_200_ms_is_endured(cameras, network, watch):
    server = cameras(fps=25)
    line = network(server)
    line.do("delay 200")
    line.do("jitter 50")
    camera = watch(line.through(server.url(), server))
    frames = camera.until_frames(40)
    assert LOST not in camera.states
    gaps = [b.time_s - a.time_s for a, b in pairwise(frames)]
    assert sum(gaps) / len(gaps) == pytest.approx(0.04, abs=0.01)


def test_a_line_that_goes_dead_is_left_and_made_anew(cameras, network, watch):
    server = cameras(fps=25)
    line = network(server)
    camera = watch(line.through(server.url(), server))
    camera.until_frames()
    line.do("stall")
    camera.until_state(STALLED, LOST, CONNECTING)
    line.do("restore")
    camera.until_state(LIVE)
    assert camera.until_frames()[0].time_s == pytest.approx(time.time(), abs=1.0)


@pytest.mark.parametrize("decoder", ["opencv", "av"])
def test_another_size_is_a_cut(cameras, watch, decoder):
    if decoder == "av":
        pytest.importorskip("av")
    server = cameras(fps=25)
    camera = watch(server.url(), decoder=decoder)
    camera.until_frames()
    server.do("resize cam0 320 240")
    camera.until(lambda: camera.frames[-1].image.shape == (240, 320, 3), 4.0)
    first = next(frame for frame in camera.frames if frame.image.shape == (240, 320, 3))
    assert first.cut
    camera.until(lambda: (camera.status.width, camera.status.height) == (320, 240))
    camera.until_counted("size_changes")
    indices = [frame.index for frame in camera.frames]
    assert indices == sorted(set(indices))
    assert camera.status.counts["losses"] == 0


def test_another_frame_rate_is_counted_and_no_cut(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until(lambda: camera.statuses and camera.status.fps)
    server.do("rate cam0 10")
    camera.until_counted("rate_changes")
    camera.until(lambda: camera.status.fps == pytest.approx(10, rel=0.1))
    camera.until_frames()
    assert not any(frame.cut for frame in camera.frames[1:])
    assert camera.status.counts["losses"] == camera.status.counts["size_changes"] == 0


def test_wrong_bytes_are_counted_and_what_they_spoil_is_withheld(cameras, watch):
    server = cameras(fps=25)
    camera = watch(server.url())
    camera.until_frames()
    server.do("corrupt cam0 0.3")
    camera.until_counted("decoder_errors")
    camera.until_counted("corrupt")
    camera.until(lambda: camera.status.defect is Defect.CORRUPT)
    server.do("restore cam0")
    camera.until(lambda: camera.status.defect is None)
    camera.until_frames(25)
    assert camera.status.counts["losses"] == 0


@pytest.mark.parametrize("decoder", ["opencv", "av"])
def test_a_camera_that_sends_nothing_sound_stays_connected(cameras, watch, decoder):
    if decoder == "av":
        pytest.importorskip("av")
    server = cameras(fps=25, size="64x48")  # so small that many cannot be decoded at all
    camera = watch(server.url(), decoder=decoder)
    camera.until_frames()
    server.do("corrupt cam0 1")
    camera.until(lambda: camera.status.defect is Defect.CORRUPT)
    time.sleep(4.0)
    assert (camera.status.state, camera.status.defect) == (LIVE, Defect.CORRUPT)
    server.do("restore cam0")
    camera.until(lambda: camera.status.defect is None)
    camera.until_frames()
    assert camera.status.counts["losses"] == 0


@pytest.mark.parametrize("defect", [Defect.FROZEN, Defect.BLACK])
def test_pictures_of_nothing_are_withheld_until_there_are_others(cameras, watch, defect):
    server = cameras(fps=25)
    camera = watch(server.url(), reading=Reading(frozen_s=0.5))
    camera.until_frames()
    server.do(f"{'freeze' if defect is Defect.FROZEN else 'black'} cam0")
    camera.until(lambda: camera.status.defect is defect)
    seen = len(camera.frames)
    time.sleep(0.5)
    assert len(camera.frames) == seen
    assert camera.status.state is LIVE
    server.do("restore cam0")
    camera.until(lambda: camera.status.defect is None)
    camera.until_frames()
    assert camera.status.counts["losses"] == 0


def _nothing(server: object) -> None:
    """All is well."""


_REACH: dict[CameraState, tuple[Callable[..., None], Callable[..., None]]] = {
    CONNECTING: (lambda server: server.pause(), _nothing),
    LIVE: (_nothing, _nothing),
    STALLED: (_nothing, lambda server: server.pause()),
    BACKING_OFF: (lambda server: server.kill(), _nothing),
}
"""What to do before and after a camera is watched, so that it gets into a state."""


@pytest.mark.parametrize("state", _REACH)
def test_watching_ends_within_two_seconds_in_every_state(cameras, watch, state):
    server = cameras(fps=25)
    before, after = _REACH[state]
    before(server)
    camera = watch(server.url())
    if state in (LIVE, STALLED):
        camera.until_frames()
    after(server)
    camera.until(lambda: camera.statuses and camera.status.state is state)
    readers = psutil.Process().children(recursive=True)
    assert camera.close() < 2.0
    assert sum("streamrec.reader" in _line(process) for process in readers) == 0
    server.kill()


def _line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def test_one_bad_camera_takes_no_frame_from_another(cameras, watch):
    server = cameras(2, fps=25)
    good, bad = watch(server.url("cam0")), watch(server.url("cam1"))
    good.until_frames()
    bad.until_frames()
    for fault in ("mute cam1", "drop cam1", "restore cam1", "corrupt cam1 1.0"):
        server.do(fault)
        time.sleep(0.5)
    good.until_frames(25)
    gaps = [b.time_s - a.time_s for a, b in pairwise(good.frames)]
    assert good.states == [CONNECTING, LIVE]
    assert sum(gaps) / len(gaps) == pytest.approx(0.04, abs=0.01)
    assert good.status.counts["losses"] == good.status.counts["corrupt"] == 0


def test_nothing_is_left_behind_by_cameras_that_come_and_go(cameras, watch):
    server = cameras(fps=25)
    watch(server.url()).close()
    this = psutil.Process()
    files, threads = this.num_fds(), this.num_threads()
    children = len(this.children(recursive=True))
    for command in ("restore cam0", "mute cam0", "drop cam0"):
        server.do(command)
        camera = watch(server.url())
        camera.until(lambda camera=camera: camera.statuses)
        time.sleep(0.5)
        camera.close()
    assert this.num_fds() == files
    assert _comes_true(lambda: this.num_threads() <= threads)  # the system's go after Python's
    assert len(this.children(recursive=True)) == children
    assert not list(Path("/dev/shm").glob("streamrec*"))


def _comes_true(condition: Callable[[], bool]) -> bool:
    """Wait a second for it."""
    deadline_s = time.monotonic() + 1.0
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return condition()
