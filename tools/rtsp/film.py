"""H.264 films in memory: once made they cost nothing to send, so one process plays many cameras."""

from pathlib import Path
from typing import Any, NamedTuple

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # type: ignore[import-not-found]  # noqa: E402

_H264 = "video/x-h264,stream-format=byte-stream,alignment=au ! appsink name=out sync=false"
_DRAW = (
    "videotestsrc num-buffers={pictures} {pattern} "
    "! video/x-raw,format=I420,width={width},height={height},framerate={fps}/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max={fps} bitrate={kbps} "
    f"! {_H264}"
)
_READ = f"filesrc location={{path}} ! qtdemux ! h264parse config-interval=-1 ! {_H264}"


class Unit(NamedTuple):
    """One coded picture; ``delay`` is from its decoding to its showing, in pictures."""

    data: bytes
    delay: float


class Film(NamedTuple):
    """Coded pictures in the order of decoding, the first of which stands for itself."""

    units: tuple[Unit, ...]
    width: int
    height: int
    fps: float

    def still(self) -> "Film":
        """Return the first picture as a film of its own."""
        return self._replace(units=self.units[:1])


def moving(width: int, height: int, fps: int, kbps: int) -> Film:
    """Draw two seconds of colour bars that go by; a key picture every second."""
    pattern = f"pattern=smpte75 horizontal-speed={max(2, width // 160 * 2)}"
    return _film(
        _DRAW.format(
            pictures=2 * fps, pattern=pattern, width=width, height=height, fps=fps, kbps=kbps
        )
    )


def black(width: int, height: int) -> Film:
    """Draw one black picture."""
    return _film(
        _DRAW.format(
            pictures=1, pattern="pattern=black", width=width, height=height, fps=1, kbps=1000
        )
    )


def read(path: Path) -> Film:
    """Take the H.264 out of an MP4 file."""
    return _film(_READ.format(path=str(path).replace(" ", "\\ ")))


def _film(launch: str) -> Film:
    """Run a pipeline to its end and keep what comes out."""
    pipeline = Gst.parse_launch(launch)
    pipeline.set_state(Gst.State.PLAYING)
    out = pipeline.get_by_name("out")
    samples = list(iter(lambda: out.emit("pull-sample"), None))
    pipeline.set_state(Gst.State.NULL)
    if not samples:
        raise ValueError("no H.264 in it")
    form = samples[0].get_caps().get_structure(0)
    _, numerator, denominator = form.get_fraction("framerate")
    fps = numerator / denominator
    return Film(_units(samples, fps), form.get_value("width"), form.get_value("height"), fps)


def _units(samples: list[Any], fps: float) -> tuple[Unit, ...]:
    buffers = [sample.get_buffer() for sample in samples]
    delays = [buffer.pts / Gst.SECOND * fps - number for number, buffer in enumerate(buffers)]
    return tuple(
        Unit(buffer.extract_dup(0, buffer.get_size()), delay - min(delays))
        for buffer, delay in zip(buffers, delays, strict=True)
    )
