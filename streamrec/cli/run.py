"""``streamrec run``: live video in, predictions out."""

import argparse
import logging
import math
import signal
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.cli.overwrite import require_other_file
from streamrec.config import (
    DEFAULT_MODEL,
    AccessOptions,
    CaptureOptions,
    ModelOptions,
    OutputOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)
from streamrec.errors import SinkError

if TYPE_CHECKING:
    from streamrec.pipeline import Summary
    from streamrec.recognizer import Stream
    from streamrec.sinks.base import Sink, Viewer
    from streamrec.sinks.zmq import ZmqPublisher
    from streamrec.sources.base import Source
    from streamrec.types import CameraStatus, Defect, StreamSpec


_OPTIONS = (
    SourceOptions,
    CaptureOptions,
    ModelOptions,
    WindowOptions,
    StreamOptions,
    OutputOptions,
    AccessOptions,
)
_DEFAULT_CAPTURE = CaptureOptions()
_DEFAULT_ACCESS = AccessOptions()

_LATE_SHARE = 0.1
"""Of the frames, from which on a model is said to be too slow."""

_MOST_KEPT = 256
"""Frames that wait while a window is computed."""


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("run", help="recognise live video and publish predictions")
    for kind in _OPTIONS:
        add_options(parser, kind)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    return watch_source(
        read_options(args, SourceOptions),
        read_options(args, ModelOptions),
        read_options(args, WindowOptions),
        read_options(args, StreamOptions),
        read_options(args, OutputOptions),
        read_options(args, CaptureOptions),
        read_options(args, AccessOptions),
    )


def watch_source(
    source_options: SourceOptions,
    model_options: ModelOptions,
    window_options: WindowOptions,
    stream_options: StreamOptions,
    output_options: OutputOptions,
    capture_options: CaptureOptions = _DEFAULT_CAPTURE,
    access_options: AccessOptions = _DEFAULT_ACCESS,
) -> int:
    """Recognise one source until it ends, the window is closed, or Ctrl-C.

    Cameras and live streams must be there at the start; when one is lost later, it is said, and
    tried again for ever.
    """
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress
    from streamrec.smoothing import make_smoother

    require_other_file("--record", output_options.record, source_options.source)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        reporter = _Reporter()
        source = stack.enter_context(_open(source_options, capture_options, reporter))
        outputs = _Outputs(output_options, access_options, stack)
        reporter.publish_on(outputs.publisher)
        with download_progress(model_options.model or DEFAULT_MODEL) as progress:
            recognizer = choose_model(model_options, window_options, _say, progress)
        outputs.add_viewers(source)
        stream = recognizer.stream(
            source.name,
            predict=stream_options.predict,
            smoother=make_smoother(stream_options.smooth, stream_options.smooth_seconds),
            declared_fps=source.fps,
        )
        max_delay_s = capture_options.max_delay if source.live else math.inf
        if recognizer.spec.windowed:  # a window takes its time, and wants every frame
            source.keep(_MOST_KEPT)
            max_delay_s = math.inf
        hello = f"{source.name}: {recognizer.name} by {recognizer.engine}"
        summary = _watch(source, stream, outputs, max_delay_s, hello)
        if stream.late > _LATE_SHARE * summary.frames:
            _say(_too_slow(recognizer.spec))
    return 0


def _watch(
    source: "Source", stream: "Stream", outputs: "_Outputs", max_delay_s: float, hello: str
) -> "Summary":
    """Run the loop until its end or Ctrl-C; say what happens, and what happened in the end."""
    from streamrec.pipeline import Summary
    from streamrec.pipeline import run as run_pipeline

    summary = Summary()
    try:
        _say(f"{hello}, publishing on {outputs.endpoint}; Ctrl-C ends")
        run_pipeline(
            source,
            stream,
            outputs.sinks,
            outputs.viewers,
            max_delay_s=max_delay_s,
            summary=summary,
        )
    except KeyboardInterrupt:
        for name in (signal.SIGINT, signal.SIGTERM):  # a second one must not spoil the ending
            signal.signal(name, signal.SIG_IGN)
    finally:
        _say(describe(summary))
    return summary


def _open(source: SourceOptions, capture: CaptureOptions, reporter: "_Reporter") -> "Source":
    from streamrec.sources.uri import lasts

    if not lasts(source.source):
        from streamrec.sources.open import open_source

        return open_source(
            source.source, name=source.name, realtime=source.realtime, mirror=source.mirror
        )
    from streamrec.sources.messages import Reading
    from streamrec.sources.watch_camera import open_camera

    logging.getLogger("streamrec").addHandler(logging.NullHandler())  # the reporter says it
    reading = Reading(
        mirror=source.mirror, frozen_s=capture.frozen_after, max_delay_s=capture.max_delay
    )
    return open_camera(
        source.source,
        name=source.name,
        source=source,
        capture=capture,
        reading=reading,
        tell=reporter.tell,
        must_connect=True,
    )


class _Reporter:
    """Says in one line that a camera was lost, and in one that it is back; publishes all of it.

    What is wrong with its pictures is said once, since in bad weather it comes and goes.
    """

    def __init__(self) -> None:
        self._lost_s: float | None = None
        self._defects: set[Defect] = set()
        self._last: CameraStatus | None = None
        self._publisher: ZmqPublisher | None = None

    def publish_on(self, publisher: "ZmqPublisher") -> None:
        """Publish what is told from now on, beginning with how it stands."""
        self._publisher = publisher
        if self._last is not None:
            publisher.tell(self._last)

    def tell(self, status: "CameraStatus") -> None:
        """Take how it stands with the camera."""
        self._last = status
        if self._publisher is not None:
            with suppress(SinkError):  # it is closed first
                self._publisher.tell(status)
                self._publisher.serve_joiners()
        self._print(status)

    def _print(self, status: "CameraStatus") -> None:
        lost = status.state == "lost" and status.counts["connections"] > 0
        if lost and self._lost_s is None:
            self._lost_s = status.since_s
            _say(f"{status.source}: {status.reason}; trying again")
        elif status.state == "live" and self._lost_s is not None:
            _say(f"{status.source}: back after {status.since_s - self._lost_s:.0f} s")
            self._lost_s = None
        if status.defect is not None and status.defect not in self._defects:
            self._defects.add(status.defect)
            _say(f"{status.source}: the picture is {status.defect}, and not shown to the model")


class _Outputs:
    """The sinks and viewers that the options ask for, closed with ``stack``."""

    def __init__(self, options: OutputOptions, access: AccessOptions, stack: ExitStack) -> None:
        from streamrec.sinks.console import ConsoleSink, JsonLinesSink
        from streamrec.sinks.zmq import ZmqPublisher

        self._options, self._stack = options, stack
        publisher = ZmqPublisher(
            options.publish, top_k=options.top, format=options.format, insecure=access.insecure
        )
        self.publisher, self.endpoint = publisher, publisher.endpoint
        console = JsonLinesSink(top=options.top) if options.json else ConsoleSink()
        self.sinks: list[Sink] = [publisher, console]
        self.viewers: list[Viewer] = []
        for sink in self.sinks:
            stack.callback(sink.close)

    def add_viewers(self, source: "Source") -> None:
        """Open the window and the recording."""
        if self._options.show:
            from streamrec.sinks.window import WindowViewer

            self._add(WindowViewer(f"streamrec: {source.name}"))
        if self._options.record is not None:
            from streamrec.sinks.video import VideoRecorder

            self._add(VideoRecorder(self._options.record, fps=source.fps))

    def _add(self, viewer: "Viewer") -> None:
        self.viewers.append(viewer)
        self._stack.callback(viewer.close)


def describe(summary: "Summary") -> str:
    """Put a run into one line."""
    rate = summary.predictions / summary.seconds if summary.seconds > 0 else 0.0
    return (
        f"{summary.frames} frames, {summary.predictions} predictions in {summary.seconds:.1f} s "
        f"({rate:.1f}/s), {summary.dropped} frames dropped, {summary.old} of them too old, "
        f"{summary.skipped} grid points skipped, {summary.repeated} repeated, "
        f"{summary.resets} resets; capture to publish {summary.latency_ms(50):.1f} ms median, "
        f"{summary.latency_ms(95):.1f} ms 95th percentile"
    )


def _too_slow(spec: "StreamSpec") -> str:
    return (
        f"{spec.name} takes longer here than the {spec.hop_s:.2f} s between two predictions, so "
        "some were left out; take a larger --hop, a smaller --window, or another model"
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
