"""URI -> source, in one function."""

import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import urlsplit

from streamrec.errors import OptionError, SourceOpenError
from streamrec.sources.base import Source
from streamrec.sources.capture import CaptureThread
from streamrec.sources.grabber import Grabber, WholeFrames
from streamrec.sources.pace import PacedSource
from streamrec.sources.synthetic import Scene, SyntheticSource
from streamrec.sources.uri import camera_index, redact, require_name, scheme

if TYPE_CHECKING:
    from streamrec.sources.camera import CameraSource

_TIMEOUT_RANGE_S = (0.1, 3600.0)
_GRACE_S = 5.0  # what a source's own time-outs may overrun before the capture thread's apply


class _Request(NamedTuple):
    uri: str
    name: str | None
    realtime: bool
    mirror: bool
    open_timeout_s: float
    read_timeout_s: float
    transport: Literal["tcp", "udp"] = "tcp"


def open_source(
    uri: str | int,
    *,
    name: str | None = None,
    realtime: bool = False,
    mirror: bool = False,
    open_timeout_s: float = 10.0,
    read_timeout_s: float = 10.0,
    transport: Literal["tcp", "udp"] = "tcp",
) -> Source:
    """Open a video source. Cameras and network streams are decoded in a process of their own.

    Args:
        uri: a camera (``0``, ``/dev/video0``), a path or ``file:`` URL of a video, GIF or picture,
            an address (``rtsp:``, ``http:``, ``https:``, ``udp:``) or ``synthetic:`` (see Scene).
        name: what the frames carry as ``source``: letters, digits, ``_``, ``.`` and ``-``; default:
            made from the URI, without credentials.
        realtime: True: play a file at its own speed; frames not taken in time are dropped.
        mirror: flip the pictures left to right, as webcam programs do.
        open_timeout_s: longest wait for the connection of a camera or network source, 0.1 to
            3600 seconds.
        read_timeout_s: longest wait for one of its frames, 0.1 to 3600 seconds.
        transport: what RTSP travels over.

    Returns:
        The source. A live one is read on a thread of its own and yields the newest frame.

    Raises:
        SourceOpenError: it cannot be opened, or its scheme is not one of those above.
        OptionError: ``name`` has other characters, or a time-out is out of its range.
    """
    if name is not None:
        require_name(name)
    _require_timeout("open_timeout_s", open_timeout_s)
    _require_timeout("read_timeout_s", read_timeout_s)
    if transport not in ("tcp", "udp"):
        raise OptionError(f"transport is one of tcp, udp; got {transport!r}")
    times = (open_timeout_s, read_timeout_s)
    request = _Request(str(uri), name, realtime, mirror, *times, transport)
    return _OPENERS[source_kind(request.uri)](request)


def source_kind(uri: str) -> str:
    """Return ``camera``, or the scheme of a URI, which is ``file`` for a path.

    Raises:
        SourceOpenError: there is no source of that scheme.
    """
    kind = "camera" if camera_index(uri) is not None else scheme(uri)
    if kind not in _OPENERS:
        allowed = ", ".join(f"{name}:" for name in _OPENERS if name != "camera")
        raise SourceOpenError(
            f"unknown scheme: {redact(uri)}; a source is a camera index, a path, or starts "
            f"with one of {allowed}"
        )
    return kind


def open_here(
    uri: str,
    *,
    open_timeout_s: float,
    read_timeout_s: float,
    decoder: Literal["opencv", "av"] = "opencv",
) -> Grabber:
    """Open a source in this process, a file or a scene as if it were a camera.

    Raises:
        RuntimeMissingError: the decoder is not installed.
        SourceOpenError: it cannot be opened, or its scheme is not one of those of ``open_source``.
    """
    kind = source_kind(uri)
    if kind == "camera":
        return _camera(uri)
    if kind == "file":
        from streamrec.sources.file import FileSource

        return WholeFrames(PacedSource(FileSource(file_path(uri)), as_camera=True))
    if kind == "synthetic":
        return WholeFrames(PacedSource(SyntheticSource(Scene.parse(uri)), as_camera=True))
    from streamrec.sources.network import NetworkSource

    return NetworkSource(
        uri, open_timeout_s=open_timeout_s, read_timeout_s=read_timeout_s, decoder=decoder
    )


def _require_timeout(name: str, seconds: float) -> None:
    least, most = _TIMEOUT_RANGE_S
    if not least <= seconds <= most:
        raise OptionError(f"{name} goes from {least:g} to {most:g} seconds; got {seconds}")


def _open_camera(request: _Request) -> Source:
    if sys.platform == "darwin":
        _camera(request.uri).close()  # AVFoundation asks for permission on the main thread only
    return _on_thread(lambda: _in_process(request), request)


def _camera(uri: str) -> "CameraSource":
    from streamrec.sources.camera import CameraSource

    index = camera_index(uri)
    assert index is not None
    return CameraSource(index)


def _open_file(request: _Request) -> Source:
    from streamrec.sources.file import FileSource

    source = _prepared(FileSource(file_path(request.uri)), request)
    return CaptureThread(lambda: PacedSource(source)) if request.realtime else source


def file_path(uri: str) -> Path:
    """Return the path that a path or ``file:`` URL means."""
    if not uri.lower().startswith("file:"):
        return Path(uri)
    from urllib.request import url2pathname  # loads HTTP and TLS

    return Path(url2pathname(urlsplit(uri).path))


def _open_network(request: _Request) -> Source:
    def connect() -> Source:
        source = _in_process(request)
        return PacedSource(source) if request.realtime and not source.live else source

    return _on_thread(connect, request)


def _in_process(request: _Request) -> Source:
    """Open what may hang in a process of its own."""
    from streamrec.sources.messages import Reading
    from streamrec.sources.process import ProcessSource

    return ProcessSource(
        request.uri,
        name=request.name,
        open_timeout_s=request.open_timeout_s,
        read_timeout_s=request.read_timeout_s,
        transport=request.transport,
        reading=Reading(mirror=request.mirror, checked=False, max_delay_s=math.inf),
    )


def _open_synthetic(request: _Request) -> Source:
    scene = Scene.parse(request.uri)
    source = _prepared(SyntheticSource(scene), request)
    if scene.live:
        return CaptureThread(lambda: PacedSource(source, as_camera=True))
    return CaptureThread(lambda: PacedSource(source)) if request.realtime else source


def _prepared(source: Source, request: _Request) -> Source:
    """Name a source, and flip it where asked to."""
    source.name = request.name or source.name
    if request.mirror:
        from streamrec.sources.mirror import MirroredSource

        return MirroredSource(source)
    return source


def _on_thread(open_device: Callable[[], Source], request: _Request) -> Source:
    return CaptureThread(
        open_device,
        open_timeout_s=request.open_timeout_s + _GRACE_S,
        read_timeout_s=request.read_timeout_s + _GRACE_S,
    )


_OPENERS: dict[str, Callable[[_Request], Source]] = {
    "camera": _open_camera,
    "file": _open_file,
    "rtsp": _open_network,
    "http": _open_network,
    "https": _open_network,
    "udp": _open_network,
    "synthetic": _open_synthetic,
}
