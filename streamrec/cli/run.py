"""``streamrec run``: live video in, predictions out."""

import argparse
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.cli.overwrite import require_other_file
from streamrec.config import (
    DEFAULT_MODEL,
    ModelOptions,
    OutputOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)

if TYPE_CHECKING:
    from streamrec.pipeline import Summary
    from streamrec.sinks.base import Sink, Viewer
    from streamrec.sources.base import Source
    from streamrec.types import StreamSpec


_LATE_SHARE = 0.1
"""Of the frames, from which on a model is said to be too slow."""

_MOST_KEPT = 256
"""Frames that wait while a window is computed."""


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser("run", help="recognise live video and publish predictions")
    for kind in (SourceOptions, ModelOptions, WindowOptions, StreamOptions, OutputOptions):
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
    )


def watch_source(
    source_options: SourceOptions,
    model_options: ModelOptions,
    window_options: WindowOptions,
    stream_options: StreamOptions,
    output_options: OutputOptions,
) -> int:
    """Recognise one source until it ends, the window is closed, or Ctrl-C."""
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress
    from streamrec.pipeline import Summary
    from streamrec.pipeline import run as run_pipeline
    from streamrec.smoothing import make_smoother
    from streamrec.sources.open import open_source

    require_other_file("--record", output_options.record, source_options.source)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    summary = Summary()
    with ExitStack() as stack:
        source = stack.enter_context(
            open_source(
                source_options.source,
                name=source_options.name,
                realtime=source_options.realtime,
                mirror=source_options.mirror,
                open_timeout_s=source_options.open_timeout,
                read_timeout_s=source_options.read_timeout,
            )
        )
        outputs = _Outputs(output_options, stack)
        with download_progress(model_options.model or DEFAULT_MODEL) as progress:
            recognizer = choose_model(model_options, window_options, _say, progress)
        outputs.add_viewers(source)
        if recognizer.spec.windowed:  # a window takes its time, and wants every frame
            source.keep(_MOST_KEPT)
        stream = recognizer.stream(
            source.name,
            predict=stream_options.predict,
            smoother=make_smoother(stream_options.smooth, stream_options.smooth_seconds),
            declared_fps=source.fps,
        )
        _say(
            f"{source.name}: {recognizer.name} by {recognizer.engine}, "
            f"publishing on {outputs.endpoint}; Ctrl-C ends"
        )
        try:
            run_pipeline(source, stream, outputs.sinks, outputs.viewers, summary=summary)
        except KeyboardInterrupt:
            for name in (signal.SIGINT, signal.SIGTERM):  # a second one must not spoil the ending
                signal.signal(name, signal.SIG_IGN)
        finally:
            _say(describe(summary))
            if stream.late > _LATE_SHARE * summary.frames:
                _say(_too_slow(recognizer.spec))
    return 0


class _Outputs:
    """The sinks and viewers that the options ask for, closed with ``stack``."""

    def __init__(self, options: OutputOptions, stack: ExitStack) -> None:
        from streamrec.sinks.console import ConsoleSink, JsonLinesSink
        from streamrec.sinks.zmq import ZmqPublisher

        self._options, self._stack = options, stack
        publisher = ZmqPublisher(
            options.publish, top_k=options.top, format=options.format, insecure=options.insecure
        )
        self.endpoint = publisher.endpoint
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
        f"({rate:.1f}/s), {summary.dropped} frames dropped, "
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
