"""Cameras and network streams that are watched for months: options in, a lasting source out."""

from collections.abc import Callable
from importlib.util import find_spec

from streamrec.config import CaptureOptions, SourceOptions
from streamrec.errors import RuntimeMissingError
from streamrec.sources.base import Source
from streamrec.sources.capture import CaptureThread
from streamrec.sources.link import LinkPolicy
from streamrec.sources.messages import Reading
from streamrec.sources.pace import PacedSource
from streamrec.sources.persistent import OnPreview, OnSnapshot, PersistentSource
from streamrec.sources.process import GRACE_S, ReaderProcess
from streamrec.sources.uri import camera_index, network_name, require_name
from streamrec.types import CameraStatus


class WatchedCamera(CaptureThread):
    """The newest frame of a camera that is kept connected.

    Args:
        source: the camera.
        must_connect: whether the first connection must work.
        realtime: play what is not live at its own speed.
        on_change: as of ``CaptureThread``.

    Raises:
        SourceOpenError: the first connection must work, and does not.
    """

    def __init__(
        self,
        source: PersistentSource,
        *,
        must_connect: bool,
        realtime: bool,
        on_change: Callable[[], None],
    ) -> None:
        self._camera = source

        def begin() -> Source:
            if must_connect:
                source.connect()
            return source if source.live or not realtime else PacedSource(source)

        try:
            super().__init__(begin, on_change=on_change)
        except BaseException:
            source.interrupt()
            raise

    def snapshot(self, answer: OnSnapshot) -> None:
        """Ask for the next picture as the camera sends it; see ``PersistentSource.snapshot``."""
        self._camera.snapshot(answer)

    def close(self) -> None:
        """Stop watching, within milliseconds."""
        self._camera.interrupt()
        super().close()


def open_camera(
    uri: str,
    *,
    name: str | None = None,
    source: SourceOptions,
    capture: CaptureOptions,
    reading: Reading,
    tell: Callable[[CameraStatus], None],
    on_change: Callable[[], None] = lambda: None,
    show: OnPreview = lambda captured_s, jpeg, cut: None,
    must_connect: bool = False,
) -> WatchedCamera:
    """Begin to watch a camera or a network stream, each connection in a process of its own.

    Args:
        uri: where it is; may hold credentials, which nothing repeats.
        name: what frames and statuses carry as ``source``; default: made from the URI.
        source: time-outs, and whether a file behind an address is played at its own speed.
        capture: how it is kept alive.
        reading: how pictures are made of what it sends.
        tell: called with each change, and every ten seconds; on the thread that reads.
        on_change: called on that thread when there is a frame to take, or an end.
        show: called on that thread with each small JPEG, where ``reading`` asks for them.
        must_connect: wait for the first connection, which must work; otherwise nothing is an error.

    Raises:
        OptionError: ``name`` has other characters than letters, digits, ``_``, ``.`` and ``-``.
        RuntimeMissingError: the decoder is not installed.
        SourceOpenError: the first connection must work, and does not.
    """
    if name is not None:
        require_name(name)
    if capture.decoder == "av" and find_spec("av") is None:
        raise RuntimeMissingError(
            "the decoder av is not installed: pip install 'streamrec[av]', or take opencv"
        )
    index = camera_index(uri)
    name = name or (network_name(uri) if index is None else f"camera{index}")

    def connect() -> ReaderProcess:
        return ReaderProcess(
            uri,
            name=name,
            open_timeout_s=source.open_timeout,
            read_timeout_s=source.read_timeout,
            transport=capture.transport,
            decoder=capture.decoder,
            options=capture.ffmpeg,
            reading=reading,
        )

    policy = LinkPolicy(
        open_timeout_s=source.open_timeout + GRACE_S,
        read_timeout_s=source.read_timeout,
        retry_most_s=capture.retry_most,
    )
    camera = PersistentSource(connect, name=name, policy=policy, tell=tell, show=show)
    return WatchedCamera(
        camera, must_connect=must_connect, realtime=source.realtime, on_change=on_change
    )
