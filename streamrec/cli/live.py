"""One source, watched by this process: what ``streamrec run`` does."""

import logging
import math
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streamrec.cli.overwrite import require_other_file
from streamrec.cli.source import open_watched
from streamrec.config import (
    DEFAULT_MODEL,
    AccessOptions,
    CaptureOptions,
    EventSettings,
    HealthOptions,
    ModelOptions,
    OutputOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)
from streamrec.errors import SinkError

if TYPE_CHECKING:
    from streamrec.health.metrics import Health
    from streamrec.pipeline import Summary
    from streamrec.recognizer import Recognizer, Stream
    from streamrec.service.live_events import LiveEvents
    from streamrec.sinks.base import Sink, Viewer
    from streamrec.sources.base import Source
    from streamrec.types import CameraStatus, Defect, Frame, Prediction, StreamSpec
    from streamrec.wire import EventMessage

_LATE_SHARE = 0.1
"""Of the frames, from which on a model is said to be too slow."""

_MOST_KEPT = 256
"""Frames that wait while a window is computed."""

_log = logging.getLogger("streamrec")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSettings:
    """What to watch, how, and what becomes of it."""

    source: SourceOptions
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    window: WindowOptions = field(default_factory=WindowOptions)
    stream: StreamOptions = field(default_factory=StreamOptions)
    events: EventSettings = field(default_factory=EventSettings)
    output: OutputOptions = field(default_factory=OutputOptions)
    access: AccessOptions = field(default_factory=AccessOptions)
    health: HealthOptions = field(default_factory=HealthOptions)


def watch_source(settings: LiveSettings) -> int:
    """Recognise one source until it ends, the window is closed, or Ctrl-C.

    Cameras and live streams must be there at the start; when one is lost later, it is said, and
    tried again for ever.
    """
    require_other_file("--record", settings.output.record, settings.source.source)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        voice = _Voice(settings.health)
        reporter = _Reporter(voice)
        source = stack.enter_context(open_watched(settings.source, settings.capture, reporter.tell))
        outputs = _Outputs(settings, stack, voice)
        recognizer = _load(settings, voice)
        reporter.tell_on(outputs.begin(source, recognizer))
        stream = _begin(settings, source, recognizer)
        max_delay_s = settings.capture.max_delay if source.live else math.inf
        if recognizer.spec.windowed:  # a window takes its time, and wants every frame
            source.keep(_MOST_KEPT)
            max_delay_s = math.inf
        voice.say(f"{source.name}: {recognizer.name} by {recognizer.engine}, {outputs.where}")
        summary = _watch(source, stream, outputs, max_delay_s, voice)
        if stream.late > _LATE_SHARE * summary.frames:
            voice.say(_too_slow(recognizer.spec))
    return 0


def _load(settings: LiveSettings, voice: "_Voice") -> "Recognizer":
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress

    with download_progress(settings.model.model or DEFAULT_MODEL) as progress:
        return choose_model(settings.model, settings.window, voice.say, progress)


def _begin(settings: LiveSettings, source: "Source", recognizer: "Recognizer") -> "Stream":
    from streamrec.smoothing import make_smoother

    options = settings.stream
    return recognizer.stream(
        source.name,
        predict=options.predict,
        smoother=make_smoother(options.smooth, options.smooth_seconds),
        declared_fps=source.fps,
    )


def _watch(
    source: "Source", stream: "Stream", outputs: "_Outputs", max_delay_s: float, voice: "_Voice"
) -> "Summary":
    """Run the loop until its end or Ctrl-C; say what happened."""
    from streamrec.pipeline import Summary
    from streamrec.pipeline import run as run_pipeline

    summary = Summary()
    try:
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
        voice.say(describe(summary))
    return summary


class _Voice:
    """Says things to people on standard error; or logs them for programs."""

    def __init__(self, options: HealthOptions) -> None:
        from streamrec.health.logs import log_to_stderr

        self._logs = options.log_format == "json"
        if self._logs:
            log_to_stderr("json")
        else:
            _log.addHandler(logging.NullHandler())  # all that matters is said here

    def say(self, text: str) -> None:
        """Say it."""
        if self._logs:
            _log.info("%s", text)
        else:
            print(text, file=sys.stderr)

    def comment(self, text: str) -> None:
        """Say what is logged elsewhere, if logs are written at all."""
        if not self._logs:
            print(text, file=sys.stderr)


class _Reporter:
    """Says in one line that a camera was lost, and in one that it is back; passes all of it on.

    What is wrong with its pictures is said once, since in bad weather it comes and goes.
    """

    def __init__(self, voice: _Voice) -> None:
        self._voice = voice
        self._lost_s: float | None = None
        self._defects: set[Defect] = set()
        self._last: CameraStatus | None = None
        self._told: _Published | None = None

    def tell_on(self, published: "_Published") -> None:
        """Pass on what is told from now on, beginning with how it stands."""
        self._told = published
        if self._last is not None:
            published.told(self._last)

    def tell(self, status: "CameraStatus") -> None:
        """Take how it stands with the camera."""
        self._last = status
        if self._told is not None:
            with suppress(SinkError):  # it is closed first
                self._told.told(status)
        self._comment(status)

    def _comment(self, status: "CameraStatus") -> None:
        lost = status.state == "lost" and status.counts["connections"] > 0
        if lost and self._lost_s is None:
            self._lost_s = status.since_s
            self._voice.comment(f"{status.source}: {status.reason}; trying again")
        elif status.state == "live" and self._lost_s is not None:
            away_s = status.since_s - self._lost_s
            self._voice.comment(f"{status.source}: back after {away_s:.0f} s")
            self._lost_s = None
        if status.defect is not None and status.defect not in self._defects:
            self._defects.add(status.defect)
            text = f"the picture is {status.defect}, and not shown to the model"
            self._voice.comment(f"{status.source}: {text}")


class _Published:
    """What is published of predictions, events and the camera; metrics are fed with the same."""

    def __init__(self, live: "LiveEvents", health: "Health | None") -> None:
        self._live, self._health = live, health

    def emit(self, prediction: "Prediction", frame: "Frame") -> None:
        """Publish a prediction."""
        from streamrec.types import now_s

        self._live.emit(prediction, frame)
        if self._health is not None:
            self._health.predicted(prediction, now_s())

    def told(self, status: "CameraStatus") -> None:
        """Publish how it stands with the camera; may be called on any thread."""
        self._live.told(status)
        if self._health is not None:
            self._health.told(status)

    def close(self) -> None:
        """End what is open."""
        self._live.close()


class _Outputs:
    """The sinks and viewers that the options ask for, closed with ``stack``."""

    def __init__(self, settings: LiveSettings, stack: ExitStack, voice: _Voice) -> None:
        from streamrec.sinks.console import ConsoleSink, JsonLinesSink
        from streamrec.sinks.zmq import ZmqPublisher

        options = settings.output
        self._settings, self._stack, self._voice = settings, stack, voice
        self._publisher = ZmqPublisher(
            options.publish, top_k=options.top, format=options.format, access=settings.access
        )
        stack.callback(self._publisher.close)
        console = JsonLinesSink(top=options.top) if options.json else ConsoleSink()
        self.sinks: list[Sink] = [console]
        self.viewers: list[Viewer] = []
        self._health: Health | None = None
        self.where = f"publishing on {self._publisher.endpoint}"
        if settings.health.metrics:
            self._serve_metrics(settings.health.metrics)
        self.where += "; Ctrl-C ends"

    def begin(self, source: "Source", recognizer: "Recognizer") -> _Published:
        """Open what depends on the source and the model."""
        from streamrec.events import EventDetector, EventTracker
        from streamrec.service.live_events import LiveEvents

        tracker = EventTracker(
            EventDetector(recognizer.labels, self._settings.events, recognizer.spec.hop_s)
        )
        top = self._settings.output.top
        live = LiveEvents(self._publisher, tracker, top, show=self._show)
        published = _Published(live, self._health)
        self._stack.callback(published.close)
        self.sinks.insert(0, published)
        self._add_viewers(source)
        return published

    def _serve_metrics(self, address: str) -> None:
        from streamrec.health.metrics import Health
        from streamrec.health.server import HealthServer

        self._health = Health(loop=False)
        server = HealthServer(address, self._health)
        self._stack.callback(server.close)
        self.where += f", metrics on http://{server.address}/metrics"

    def _show(self, event: "EventMessage") -> None:
        if self._health is not None:
            self._health.happened(event)
        if self._settings.output.json:
            return
        if event.phase == "start":
            self._voice.say(f"{event.source}: {event.label} begins")
        elif event.phase == "end":
            facts = f"{event.duration_s:.1f} s, at most {event.peak:.0%}"
            self._voice.say(f"{event.source}: {event.label} ends ({event.reason}), {facts}")

    def _add_viewers(self, source: "Source") -> None:
        """Open the window and the recording."""
        options = self._settings.output
        if options.show:
            from streamrec.sinks.window import WindowViewer

            self._add(WindowViewer(f"streamrec: {source.name}"))
        if options.record is not None:
            from streamrec.sinks.video import VideoRecorder

            self._add(VideoRecorder(options.record, fps=source.fps))

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
