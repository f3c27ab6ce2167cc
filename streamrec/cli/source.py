"""Opening the one source that a command watches."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from streamrec.config import CaptureOptions, SourceOptions

if TYPE_CHECKING:
    from streamrec.sources.base import Source
    from streamrec.types import CameraStatus


def open_watched(
    source: SourceOptions, capture: CaptureOptions, tell: "Callable[[CameraStatus], None]"
) -> "Source":
    """Open a file; or a camera or stream, which must be there now, and is kept connected.

    Args:
        source: where and what it is.
        capture: how a camera is kept alive.
        tell: called with each change of a camera; on the thread that reads.

    Raises:
        OptionError: the name has other characters than it may have.
        SourceOpenError: it cannot be opened.
    """
    from streamrec.sources.uri import lasts

    if not lasts(source.source):
        from streamrec.sources.open import open_source

        return open_source(
            source.source, name=source.name, realtime=source.realtime, mirror=source.mirror
        )
    from streamrec.sources.messages import Reading
    from streamrec.sources.watch_camera import open_camera

    reading = Reading(
        mirror=source.mirror, frozen_s=capture.frozen_after, max_delay_s=capture.max_delay
    )
    return open_camera(
        source.source,
        name=source.name,
        source=source,
        capture=capture,
        reading=reading,
        tell=tell,
        must_connect=True,
    )
