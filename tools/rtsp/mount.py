"""One camera of the RTSP server: what it shows to each viewer, and what is wrong with it."""

import random
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from film import Film  # noqa: E402
from gi.repository import Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

LAUNCH = (
    "( appsrc name=film is-live=true format=time leaky-type=upstream max-bytes=4000000 "
    "caps=video/x-h264,stream-format=byte-stream,alignment=au "
    "! rtph264pay pt=96 config-interval=-1 ! netsim name=pay0 )"
)
"""``netsim`` loses and delays packets where it is told to."""

TRANSPORTS = {
    "tcp": GstRtsp.RTSPLowerTrans.TCP,
    "udp": GstRtsp.RTSPLowerTrans.UDP,
    "both": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
}

_LATE_NS = 500_000_000  # after that pictures are left out, as in a camera that was halted
_DAMAGED_BYTES = 16


class Mount:
    """A camera; every viewer sees its film from the start.

    Attributes:
        film: what goes round; another one starts at once.
        fps: pictures a second.
        muted: whether it sends none, and keeps the connections.
        corrupt: share of the pictures that are damaged.
        loss: share of the RTP packets that are lost.
        delay_ms: how much later packets leave.
    """

    def __init__(self, film: Film, *, once: bool, transport: str) -> None:
        self._film, self.once = film, once
        self.clients: set[Any] = set()
        self._feeds: list[_Feed] = []
        self.restore()
        self.factory = GstRtspServer.RTSPMediaFactory()
        self.factory.set_launch(LAUNCH)
        self.factory.set_protocols(TRANSPORTS[transport])
        self.factory.connect("media-configure", self._configure)

    def restore(self) -> None:
        """Be as at the start."""
        self.film, self.fps = self._film, self._film.fps
        self.muted, self.corrupt = False, 0.0
        self.disturb(loss=0.0, delay_ms=0)

    def disturb(self, *, loss: float, delay_ms: int) -> None:
        """Lose packets, or let them leave later."""
        self.loss, self.delay_ms = loss, delay_ms
        for feed in self._feeds:
            feed.disturb()

    def drop(self) -> None:
        """Hang up on all viewers."""
        for client in list(self.clients):  # closing takes it out
            client.close()

    def tick(self) -> None:
        """Send what is due."""
        for feed in list(self._feeds):
            feed.tick()

    def _configure(self, _: Any, media: Any) -> None:
        feed = _Feed(self, media.get_element())
        feed.disturb()
        self._feeds.append(feed)
        media.connect("unprepared", lambda _: self._feeds.remove(feed))


class _Feed:
    """The film on its way to one viewer."""

    def __init__(self, mount: Mount, element: Any) -> None:
        self._mount = mount
        self._source = element.get_by_name("film")
        self._network = element.get_by_name("pay0")
        self._film, self._next = mount.film, 0
        self._due_ns: int | None = None
        self._random = random.Random(0)

    def disturb(self) -> None:
        self._network.set_property("drop-probability", self._mount.loss)
        self._network.set_property("delay-probability", 1.0 if self._mount.delay_ms else 0.0)
        self._network.set_property("min-delay", self._mount.delay_ms)
        self._network.set_property("max-delay", self._mount.delay_ms)

    def tick(self) -> None:
        if self._source.get_state(0).state != Gst.State.PLAYING:
            return
        now_ns = self._source.get_clock().get_time() - self._source.get_base_time()
        if self._due_ns is None or now_ns > self._due_ns + _LATE_NS:
            self._due_ns = now_ns
        while self._due_ns <= now_ns:
            if not self._mount.muted:
                self._send(self._due_ns)
            self._due_ns += round(Gst.SECOND / self._mount.fps)

    def _send(self, due_ns: int) -> None:
        if self._film is not self._mount.film:
            self._film, self._next = self._mount.film, 0
        elif self._mount.once and self._next == len(self._film.units):
            self._source.emit("end-of-stream")
            return
        unit = self._film.units[self._next % len(self._film.units)]
        self._next += 1
        buffer = Gst.Buffer.new_wrapped(self._damaged(unit.data))
        buffer.pts = due_ns + round(unit.delay * Gst.SECOND / self._mount.fps)
        self._source.emit("push-buffer", buffer)

    def _damaged(self, data: bytes) -> bytes:
        """Flip some bytes, behind the headers, of that share of the pictures."""
        if self._random.random() >= self._mount.corrupt:
            return data
        damaged = bytearray(data)
        for _ in range(_DAMAGED_BYTES):
            damaged[self._random.randrange(len(data) // 4, len(data))] ^= 0xFF
        return bytes(damaged)
