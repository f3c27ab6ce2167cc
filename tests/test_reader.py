"""The capture process against a camera with faults; see also tests/sources/test_process.py."""

import socket
import threading
import time
from collections import Counter

import numpy as np
import pytest

from streamrec.sources.messages import Noticed, Reading, Withheld
from streamrec.sources.process import ReaderProcess, Received
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
