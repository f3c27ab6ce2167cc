"""The capture process against a camera with faults; see also tests/sources/test_process.py."""

import socket
import threading
import time
from collections import Counter

import numpy as np
import pytest

from streamrec import reader as reader_module
from streamrec.reader import Reader
from streamrec.sampling import TimeGrid
from streamrec.sources.decoder_log import Heard
from streamrec.sources.grabber import Grabbed, Grabber
from streamrec.sources.messages import Noticed, Picture, Reading, Withheld
from streamrec.sources.owner import Owner
from streamrec.sources.process import ReaderProcess, Received
from streamrec.sources.shared import SharedPictures
from streamrec.types import Defect


@pytest.mark.parametrize(("transport", "fault"), [("tcp", "corrupt"), ("udp", "loss")])
def test_damage_is_counted_and_withheld_until_the_picture_is_whole_again(cameras, transport, fault):
    server, seen = cameras(), Counter()
    with ReaderProcess(server.url(), transport=transport, reading=Reading(fps=5.0)) as process:
        while not isinstance(process.receive(10), Received):
            pass
        server.do(f"{fault} cam0 0.2")
        _collect(process, seen, lambda: seen["decoder_errors"] and seen[Defect.CORRUPT])
        server.do(f"{fault} cam0 0")
        seen.clear()
        _collect(process, seen, lambda: seen["sound"] > 5)
    assert seen["sound"] > 5


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_another_size_is_seen_with_either_codec(codec):
    send = Sender(codec)
    with ReaderProcess(send.url) as process:
        send.begin((160, 120), (320, 240))
        sizes = _sizes(process, until=(240, 320))
    assert sizes == [(120, 160), (240, 320)]


def test_frames_that_are_sampled_lie_on_the_grid_so_that_none_is_lost_by_sampling_again(cameras):
    server, grid = cameras(fps=15), TimeGrid(fps=10.0, declared_fps=10.0)
    turns = []
    with ReaderProcess(server.url(), reading=Reading(fps=10.0)) as process:
        while len(turns) < 40:
            if isinstance(news := process.receive(10), Received):
                turns.append(len(grid.push(news.frame.time_s).turns))
    assert turns == [1] * 40


class Slow(Grabber):
    """A camera whose frames take twice as long to decode as they show."""

    name, live, fps, frame_count = "slow", True, 25.0, None

    def __init__(self, clock: dict[str, float]) -> None:
        self._clock, self._index = clock, -1

    def grab(self) -> Grabbed | None:
        self._index += 1
        self._clock["now"] += 0.08
        if self._clock["now"] > self._clock["end"]:
            return None
        return Grabbed(self._index, self._clock["now"], pts_s=0.04 * self._index)

    def retrieve(self) -> np.ndarray:
        return np.random.default_rng(self._index).integers(0, 256, (48, 64, 3), np.uint8)

    def close(self) -> None:
        pass


class Said(Owner):
    """Takes note of what is said, and frees each slot at once."""

    def __init__(self) -> None:
        self.said, self.wants_snapshot = [], threading.Event()

    def send(self, message: object) -> None:
        self.said.append(message)

    def free_slot(self, *, wait: bool) -> int | None:
        return 0


def test_a_stream_that_is_decoded_too_slowly_is_begun_anew_at_its_newest_frame(monkeypatch):
    clock, opened = {"now": 1000.0, "end": 1012.0}, []
    monkeypatch.setattr(reader_module, "now_s", lambda: clock["now"])

    def open_source() -> Slow:
        opened.append(clock["now"])
        return Slow(clock)

    owner = Said()
    log = type("Quiet", (), {"read": lambda self: Heard()})()
    reading = Reading(fps=5.0, max_delay_s=2.0)
    Reader(open_source, reading, owner, SharedPictures(), log).run()
    pictures = [said for said in owner.said if isinstance(said, Picture)]
    assert len(opened) == 2 and 6.0 < opened[1] - opened[0] < 12.0
    assert [picture.cut for picture in pictures].count(True) == 2
    assert max(picture.lag_s for picture in pictures) <= 2.0
    counted = Counter()
    for said in owner.said:
        if isinstance(said, Noticed):
            counted[said.count] += said.times
    assert counted["catch_ups"] == 1


class Sender:
    """Sends MPEG-TS over UDP, two seconds in each size."""

    def __init__(self, codec: str) -> None:
        self._av = pytest.importorskip("av")
        if codec not in self._av.codecs_available:
            pytest.skip(f"no {codec}")
        self._codec = codec
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"udp://127.0.0.1:{free.getsockname()[1]}"

    def begin(self, *sizes: tuple[int, int]) -> None:
        threading.Thread(target=self._send, args=sizes, daemon=True).start()

    def _send(self, *sizes: tuple[int, int]) -> None:
        images = np.random.default_rng(0).integers(0, 128, (10, 240, 320, 3), np.uint8)
        for part, (width, height) in enumerate(sizes):
            with self._av.open(f"{self.url}?pkt_size=1316", "w", format="mpegts") as container:
                stream = container.add_stream(self._codec, rate=25, width=width, height=height)
                stream.options = {"preset": "ultrafast", "tune": "zerolatency", **_KEYS}
                for i in range(50):
                    image = np.ascontiguousarray(images[i % 10, :height, :width])
                    frame = self._av.VideoFrame.from_ndarray(image, format="bgr24")
                    frame.pts = part * 50 + i
                    container.mux(stream.encode(frame))
                    time.sleep(0.04)


_KEYS = {"g": "12", "x265-params": "log-level=0:keyint=12:repeat-headers=1:pools=none"}


def _sizes(process, until):
    """Return the sizes that come, each once, up to this one."""
    sizes = []
    deadline_s = time.monotonic() + 15
    while until not in sizes and time.monotonic() < deadline_s:
        news = process.receive(1)
        if isinstance(news, Received) and news.frame.image.shape[:2] not in sizes:
            sizes.append(news.frame.image.shape[:2])
    return sizes


def _collect(process, seen, enough):
    deadline_s = time.monotonic() + 15
    while not enough() and time.monotonic() < deadline_s:
        match process.receive(1):
            case Withheld(defect):
                seen[defect] += 1
            case Noticed() as noticed:
                seen[noticed.count] += noticed.times
            case Received():
                seen["sound"] += 1
    assert enough(), seen
