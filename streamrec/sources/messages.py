"""What a capture process and its owner say to each other.

The owner sends a ``ReadRequest``, then ``Taken`` for each picture that it has copied, and now and
then ``TakeSnapshot``. The process answers ``Opened`` or ``Failed``, then ``Picture`` and the others
until ``Ended`` or ``Failed``. Pixels lie in shared memory (``streamrec.sources.shared``).
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from streamrec.types import Defect, Preprocessing


class Reading(Struct, frozen=True, kw_only=True):
    """How pictures are made of what a camera sends.

    Attributes:
        fps: pictures a second, on a grid by time; None: all that come.
        preprocessing: makes them as large as the model takes them; None: as they come.
        region: corners of what is looked at, x and y as shares of width and height; two: a box;
            three or more: a polygon, around which all is grey; none: the whole picture.
        mirror: flip them left to right.
        checked: whether pictures that no camera took are withheld: see ``Defect``.
        frozen_s: withhold pictures after all have been the same for so long, seconds; 0: never.
        max_delay_s: leave out what comes with more delay than this, seconds.
        preview_height: rows of the small JPEGs that come along; 0: none do.
    """

    fps: float | None = None
    preprocessing: Preprocessing | None = None
    region: tuple[tuple[float, float], ...] = ()
    mirror: bool = False
    checked: bool = True
    frozen_s: float = 10.0
    max_delay_s: float = 2.0
    preview_height: int = 0


class ReadRequest(Struct, frozen=True, kw_only=True, tag="read"):
    """What to open, and how.

    Attributes:
        uri: a camera or network address as ``open_source`` takes it, credentials included.
        name: what frames are called; None: made from the URI.
        open_timeout_s, read_timeout_s: longest wait for a connection and for a frame, seconds.
        transport: of RTSP.
        decoder: of network streams.
        options: further FFmpeg options, ``key;value|key;value``.
        reading: how pictures are made.
        memory: where the pixels go: see ``streamrec.sources.shared``.
    """

    uri: str
    memory: str
    name: str | None = None
    open_timeout_s: float = 10.0
    read_timeout_s: float = 10.0
    transport: Literal["tcp", "udp"] = "tcp"
    decoder: Literal["opencv", "av"] = "opencv"
    options: str = ""
    reading: Reading = Reading()


class Taken(Struct, frozen=True, tag="taken"):
    """The picture in this slot has been copied; the slot is free."""

    slot: int


class TakeSnapshot(Struct, frozen=True, tag="take-snapshot"):
    """Send the next picture as it comes, whole and in full size."""


class Opened(Struct, frozen=True, kw_only=True, tag="opened"):
    """The source is open. ``fps`` and ``frame_count`` as it declares them."""

    name: str
    live: bool
    fps: float | None
    frame_count: int | None


class Picture(Struct, frozen=True, kw_only=True, tag="picture"):
    """A frame is in shared memory, uint8 [height, width, 3] BGR; the times are as in ``Frame``.

    Attributes:
        slot: where in the shared memory.
        camera_height, camera_width: the size in which the camera sends it.
        lag_s: how much longer it took to get here than the fastest frame did, seconds.
        preview: all that the camera sees, as a small JPEG; empty where none is wanted or due.
    """

    slot: int
    height: int
    width: int
    camera_height: int
    camera_width: int
    index: int
    captured_s: float
    time_s: float
    pts_s: float | None
    capture_ms: float
    dropped: int
    cut: bool
    lag_s: float
    preview: bytes = b""


class Withheld(Struct, frozen=True, tag="withheld"):
    """A picture came that is not fit to be seen."""

    defect: Defect


class Noticed(Struct, frozen=True, kw_only=True, tag="noticed"):
    """Something to be counted, by its name in ``streamrec.sources.counts``.

    Attributes:
        count: the name; ``times``: how often.
        fps: the frame rate, where that is the news.
    """

    count: str
    times: int = 1
    fps: float | None = None


class Snapshot(Struct, frozen=True, tag="snapshot"):
    """The picture that was asked for."""

    jpeg: bytes


class Ended(Struct, frozen=True, tag="ended"):
    """The source came to its regular end."""


class Failed(Struct, frozen=True, tag="failed"):
    """The source cannot be opened, or not be read any further; ``text`` holds no credentials."""

    kind: Literal["open", "read"]
    text: str


FromReader: TypeAlias = Opened | Picture | Withheld | Noticed | Snapshot | Ended | Failed
ToReader: TypeAlias = ReadRequest | Taken | TakeSnapshot
