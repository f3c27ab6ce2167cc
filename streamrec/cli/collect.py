"""``streamrec collect``: live video in, labelled clips out."""

import argparse
import logging
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from streamrec.cli.options import add_options, read_options
from streamrec.cli.source import open_watched
from streamrec.config import (
    CaptureOptions,
    CollectOptions,
    EventOptions,
    ModelOptions,
    RuleOptions,
    SourceOptions,
    StreamOptions,
    WindowOptions,
)
from streamrec.errors import OptionError, OutputError

if TYPE_CHECKING:
    from streamrec.collecting.events import EventClips
    from streamrec.collecting.recorder import Recorder
    from streamrec.collecting.session import Session, StopFlag, WaitingSource
    from streamrec.recognizer import Recognizer
    from streamrec.types import CameraStatus

_KEPT_FRAMES = 256
_GROUP_S = 3600.0
_INSTEAD = "run without --show in a terminal, which takes the keys, too"

_OPTIONS = (
    CollectOptions,
    SourceOptions,
    CaptureOptions,
    ModelOptions,
    WindowOptions,
    RuleOptions,
    EventOptions,
)

_TEXT = """\
Record labelled clips from a camera, a stream or a file into DIR/LABEL, which
`streamrec data check` and `streamrec train` read.

Press the key of a label, in the terminal or in the window (--show): the clip
goes from a second before to two seconds after (--before, --after). Hold the key
down, or press it again, and the clip goes on. With --toggle a press begins a
clip and the next one ends it. Backspace deletes the last clip; Enter says that
another person or scene comes; q, Esc or Ctrl-C ends and saves what is recorded.
With --model, the events of that model are recorded instead.

Clips of one session, up to an Enter, stay together when data are parted into
training and validation, as they are much alike: record several.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settings:
    collect: CollectOptions
    source: SourceOptions
    capture: CaptureOptions
    model: ModelOptions
    window: WindowOptions
    stream: StreamOptions
    rule: RuleOptions
    events: EventOptions


def register(commands: Any) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "collect",
        help="record labelled clips from live video, by key or by event",
        description=_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for kind in _OPTIONS:
        add_options(parser, kind)
    add_options(parser, StreamOptions, without=("predict",))
    parser.set_defaults(run=run, predict="grid")


def run(args: argparse.Namespace) -> int:
    """Run the command."""
    return _collect(
        _Settings(
            collect=read_options(args, CollectOptions),
            source=read_options(args, SourceOptions),
            capture=read_options(args, CaptureOptions),
            model=read_options(args, ModelOptions),
            window=read_options(args, WindowOptions),
            stream=read_options(args, StreamOptions),
            rule=read_options(args, RuleOptions),
            events=read_options(args, EventOptions),
        )
    )


def _collect(settings: _Settings) -> int:
    logging.getLogger("streamrec").addHandler(logging.NullHandler())  # all that matters is said
    from streamrec.collecting.session import StopFlag
    from streamrec.collecting.terminal import terminal_keys

    by_event, stop = settings.model.model is not None, StopFlag()
    has_keys = sys.stdin.isatty() or settings.collect.show
    labels = {} if by_event else _labels(settings, has_keys)
    with ExitStack() as stack:
        told: SimpleQueue[CameraStatus] = SimpleQueue()
        recognizer = _load(settings) if by_event else None
        source = stack.enter_context(_open(settings, told, realtime=not by_event))
        source.keep(_KEPT_FRAMES)
        session = _session(settings, source, labels, told, stop, recognizer)
        if session.window is not None:
            stack.callback(session.window.close)
        first = source.read()
        stack.enter_context(stop.on_signals())
        session.keys = stack.enter_context(terminal_keys())
        keys = session.operator.help if has_keys else "Ctrl-C ends"
        _say(f"{source.name} -> {settings.collect.to}: {keys}")
        try:
            session.run(first)
        finally:
            session.recorder.finish()
    return _conclude(session.recorder)


def _labels(settings: _Settings, has_keys: bool) -> dict[str, str]:
    """Return the label of each key."""
    from streamrec.collecting.labels import key_labels

    labels = key_labels(settings.collect.labels)
    if not has_keys:
        raise OptionError(
            "keys are pressed in a terminal, which this is not, or in a window: give --show; or "
            "give --model NAME, whose events are recorded without keys"
        )
    return labels


def _session(
    settings: _Settings,
    source: "WaitingSource",
    labels: dict[str, str],
    told: "SimpleQueue[CameraStatus]",
    stop: "StopFlag",
    recognizer: "Recognizer | None",
) -> "Session":
    from pathlib import Path

    from streamrec.collecting.folder import ClipFolder
    from streamrec.collecting.operator import Operator
    from streamrec.collecting.recorder import Recorder
    from streamrec.collecting.session import Session
    from streamrec.collecting.terminal import no_keys
    from streamrec.window import Window

    options = settings.collect
    group_s = {} if recognizer is None else {"group_s": _GROUP_S}
    late_s = 0.0 if recognizer is None else _late_s(settings, recognizer)
    folder = ClipFolder(Path(options.to), source.name, **group_s)
    recorder = Recorder(folder, options, _say, fps=source.fps, late_s=late_s)
    return Session(
        source=source,
        recorder=recorder,
        operator=Operator(labels, recorder, _say),
        keys=no_keys,
        told=told,
        tell=_say,
        window=Window(f"streamrec: {source.name}", instead=_INSTEAD) if options.show else None,
        events=None if recognizer is None else _events(settings, source, recognizer, recorder),
        stop=stop,
    )


def _late_s(settings: _Settings, recognizer: "Recognizer") -> float:
    """Return how long after its first frame an event may be told of, seconds."""
    rule, hop_s = settings.rule, recognizer.spec.hop_s
    return 1.0 + max(rule.min_duration, rule.consecutive * hop_s)


def _events(
    settings: _Settings, source: "WaitingSource", recognizer: "Recognizer", recorder: "Recorder"
) -> "EventClips":
    from streamrec.collecting.events import EventClips
    from streamrec.collecting.labels import event_settings
    from streamrec.events import EventDetector, EventTracker
    from streamrec.smoothing import make_smoother

    options, wanted = settings.stream, settings.collect
    events = event_settings(wanted.labels, settings.rule, settings.events)
    stream = recognizer.stream(
        source.name,
        predict=options.predict,
        smoother=make_smoother(options.smooth, options.smooth_seconds),
        declared_fps=source.fps,
    )
    tracker = EventTracker(EventDetector(recognizer.labels, events, recognizer.spec.hop_s))
    return EventClips(stream, tracker, recorder, before_s=wanted.before, after_s=wanted.after)


def _load(settings: _Settings) -> "Recognizer":
    from streamrec.build import choose_model
    from streamrec.cli.progress import download_progress

    with download_progress(settings.model.model or "") as progress:
        return choose_model(settings.model, settings.window, _say, progress)


def _open(
    settings: _Settings, told: "SimpleQueue[CameraStatus]", *, realtime: bool
) -> "WaitingSource":
    from typing import cast

    source = replace(settings.source, realtime=realtime or settings.source.realtime)
    opened = open_watched(source, settings.capture, told.put)
    return cast("WaitingSource", opened)  # a file that is not played in real time never waits


def _conclude(recorder: "Recorder") -> int:
    """Print how many clips there are of each label.

    Raises:
        OutputError: some were lost.
    """
    for label, count in sorted((+recorder.folder.counts).items()):
        print(f"{label}\t{count}")
    if len(recorder.folder.groups()) == 1:
        _say(
            "all clips are of one group, so that none can judge what the others teach: record "
            "another session, or press Enter where another person or scene comes"
        )
    if recorder.dropped:
        _say(f"{recorder.dropped} frames were missed, as this machine was too slow")
    if recorder.shelf.lost:
        raise OutputError(f"{recorder.shelf.lost} clips could not be saved, see above")
    return 0


def _say(text: str) -> None:
    with suppress(OSError):  # a terminal that was closed; what is recorded is saved nevertheless
        print(text, file=sys.stderr)
