"""A source that never gives up, before real servers that are killed, halted and not there."""

import logging
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import psutil
import pytest
from tiny_models import recognizer

from streamrec.errors import SourceOpenError
from streamrec.sources.link import LinkPolicy
from streamrec.sources.messages import Ended, Noticed, Opened, Withheld
from streamrec.sources.persistent import PersistentSource
from streamrec.sources.process import ReaderProcess
from streamrec.types import CameraState, Defect

CONNECTING, LIVE, STALLED, LOST, BACKING_OFF, DISABLED = CameraState
POLICY = LinkPolicy(open_timeout_s=8.0, read_timeout_s=2.0, retry_most_s=1.0)


def persistent(url: str, told: list, policy: LinkPolicy = POLICY) -> PersistentSource:
    begin = partial(ReaderProcess, url, name="door", open_timeout_s=4.0, read_timeout_s=2.0)
    return PersistentSource(begin, name="door", policy=policy, tell=told.append)


def states(told: list) -> list[CameraState]:
    """The states in their order, each once until the next."""
    seen = [status.state for status in told]
    return [state for before, state in zip([None, *seen], seen, strict=False) if state != before]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "streamrec.reader" in child.cmdline()]


def test_a_server_that_is_killed_and_started_again_costs_a_reset(cameras, caplog):
    caplog.set_level(logging.INFO, "streamrec")
    server, told = cameras(login=("joe", "geheim")), []
    with persistent(server.url(), told) as source:
        stream = recognizer().stream()
        frames = [source.read() for _ in range(5)]
        before = [stream.push(frame) for frame in frames]
        server.kill()
        threading.Timer(1.0, server.restart).start()
        while not frames[-1].cut or len(frames) == 1:
            frames.append(source.read())
            before.append(stream.push(frames[-1]))
    assert [frame.index for frame in frames if frame.cut] == [frames[0].index, frames[-1].index]
    assert all(one.index < other.index for one, other in pairwise(frames))
    assert (before[-2].resets, before[-1].resets, before[-1].state_age) == (0, 1, 1)
    assert states(told)[:4] == [CONNECTING, LIVE, LOST, BACKING_OFF]
    assert states(told)[-1] is LIVE
    counts = told[-1].counts
    assert counts["connections"] == 2
    assert counts["losses"] >= 1
    assert counts["frames"] == len(frames)
    said = caplog.text + repr(told)
    assert "door: live" in said and "door: lost" in said
    assert "geheim" not in said and "joe" not in said
    assert children() == []


def test_a_camera_that_is_not_there_yet_is_waited_for(cameras):
    port, told = free_port(), []
    late = threading.Timer(1.5, lambda: cameras(port=port))
    with persistent(f"rtsp://127.0.0.1:{port}/cam0", told) as source:
        late.start()
        frame = source.read()
    assert (frame.index >= 0, frame.cut, frame.source) == (True, True, "door")
    assert {LOST, BACKING_OFF} < set(states(told))
    assert told[-1].attempt >= 1 or told[-1].state is LIVE


def test_a_first_connection_that_must_work_and_does_not_is_an_error():
    told = []
    with (
        persistent(f"rtsp://joe:geheim@127.0.0.1:{free_port()}/cam0", told) as source,
        pytest.raises(SourceOpenError, match="nothing listens") as caught,
    ):
        source.connect()
    assert "geheim" not in str(caught.value)
    assert children() == []


def test_a_first_connection_that_works_tells_the_rate(cameras):
    with persistent(cameras().url(), []) as source:
        assert source.connect() is source
        assert (source.fps, source.live) == (15.0, True)
        assert source.read().cut


def restore_once_lost(server, told: list) -> None:
    while LOST not in states(told):
        time.sleep(0.05)
    server.do("restore cam0")


def test_a_camera_that_sends_nothing_is_stalled_then_lost_then_found(cameras):
    server, told = cameras(), []
    with persistent(server.url(), told) as source:
        source.read()
        server.do("mute cam0")
        threading.Thread(target=restore_once_lost, args=(server, told), daemon=True).start()
        while (frame := source.read()) is not None and told[-1].counts["connections"] < 2:
            pass
    assert frame.cut
    wanted = iter(states(told))
    assert all(state in wanted for state in (LIVE, STALLED, LOST, BACKING_OFF, LIVE))
    assert told[-1].counts["stalls"] >= 1


@contextmanager
def reading(source: PersistentSource):
    """Read on a thread, which has ended afterwards."""
    thread = threading.Thread(target=lambda: list(source))
    thread.start()
    try:
        yield
    finally:
        source.interrupt()
        thread.join(5)
        assert not thread.is_alive()
        source.close()
        assert children() == []


def wait_for(told: list, state: CameraState) -> None:
    deadline_s = time.monotonic() + 15
    while not told or told[-1].state is not state:
        assert time.monotonic() < deadline_s, states(told)
        time.sleep(0.02)


@pytest.mark.parametrize("state", [CONNECTING, LIVE, STALLED, BACKING_OFF])
def test_it_can_be_interrupted_in_every_state(cameras, state):
    told, silent = [], socket.create_server(("127.0.0.1", 0))
    with silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/cam0"
        if state is BACKING_OFF:
            url = f"rtsp://127.0.0.1:{free_port()}/cam0"
        server = cameras() if state in (LIVE, STALLED) else None
        with reading(persistent(server.url() if server else url, told)):
            if state is STALLED:
                wait_for(told, LIVE)
                server.pause()
            wait_for(told, state)
        if server:
            server.resume()


def test_what_is_interrupted_before_it_began_has_no_frames():
    source = persistent("rtsp://127.0.0.1:1/cam0", [])
    source.interrupt()
    assert source.read() is None
    assert source.connect() is source
    source.close()
    source.close()


def test_a_snapshot_is_the_picture_as_the_camera_sends_it(cameras):
    server, told, answers = cameras(), [], []
    with persistent(server.url(), told) as source:
        source.snapshot(lambda jpeg, error: answers.append((jpeg, error)))
        assert answers == [(b"", "door is connecting")]
        source.read()
        source.snapshot(lambda jpeg, error: answers.append((jpeg, error)))
        while len(answers) < 2:
            source.read()
        assert answers[1][0].startswith(b"\xff\xd8") and answers[1][1] == ""
        source.snapshot(lambda jpeg, error: answers.append((jpeg, error)))
    assert len(answers) == 3


def test_a_file_behind_an_address_ends_where_it_ends(http_server, video):
    told = []
    with persistent(f"{http_server}/{video(frames=12).name}", told) as source:
        assert not source.connect().live
        assert len(list(source)) == 12
        assert source.read() is None
    assert (told[-1].state, told[-1].counts["losses"]) == (DISABLED, 0)


class Script:
    """Says what it is told to, one at a time, in place of a process."""

    def __init__(self, *news) -> None:
        self.killed = False
        self._news = list(news)

    def receive(self, timeout_s):
        return self._news.pop(0) if self._news else Ended()

    def kill(self) -> None:
        self.killed = True

    def __enter__(self):
        return self

    def __exit__(self, *exc) -> None:
        self.kill()


def test_pictures_that_are_withheld_keep_a_camera_live_and_are_counted():
    told, said = [], [Withheld(Defect.BLACK), Withheld(Defect.BLACK), Noticed(count="stale")]
    opened = Opened(name="door", live=True, fps=25.0, frame_count=None)
    script = Script(opened, *said)
    source = PersistentSource(lambda: script, name="door", policy=POLICY, tell=told.append)
    with reading(source):
        wait_for(told, BACKING_OFF)
    assert script.killed
    assert states(told)[:3] == [CONNECTING, LIVE, LOST]
    counts = told[-1].counts
    assert (counts["black"], counts["stale"], counts["frames"]) == (2, 1, 0)
    assert {status.defect for status in told if status.state is LIVE} == {Defect.BLACK}
    assert next(status for status in told if status.state is LOST).reason


def test_a_process_that_cannot_be_started_is_tried_again():
    told, attempts = [], []

    def start():
        attempts.append(1)
        raise SourceOpenError("no capture process")

    with reading(PersistentSource(start, name="door", policy=POLICY, tell=told.append)):
        wait_for(told, BACKING_OFF)
        assert told[-1].reason == "no capture process"
        while len(attempts) < 2:
            time.sleep(0.02)
