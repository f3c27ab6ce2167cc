"""How good a model is on endless video: the clips of a data set, with background between them.

Every clip is an episode of its own: a stream that has seen so many minutes of background, a little
more of it, the clip, and background again. The minutes are watched once for each horizon; each
episode goes on from what the stream remembered then. So no episode knows of another, the order of
the clips does not matter, and the same input gives the same figures.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from streamrec.config import EventSettings, LiveOptions, ModelOptions, StreamOptions, WindowOptions
from streamrec.dataset.clips import Dataset
from streamrec.errors import OptionError, SourceError
from streamrec.evaluation.clips import Fault, require_some
from streamrec.evaluation.live_episode import Episode, memories, play_episode
from streamrec.evaluation.live_figures import live_figures
from streamrec.evaluation.live_footage import (
    Background,
    Footage,
    Make,
    Shot,
    StillScenes,
    Videos,
    background_files,
    read_footage,
    readable,
)
from streamrec.evaluation.live_horizons import Variant, check_setting, load_variants
from streamrec.evaluation.live_playlist import Action, Playlist, playlist
from streamrec.evaluation.live_result import LiveResult, LiveRow
from streamrec.evaluation.live_stream import LiveStream, Memory
from streamrec.events import EventDetector
from streamrec.preprocess import Preprocessor
from streamrec.types import StreamSpec
from streamrec.weights.files import Progress

ON_THE_GRID = StreamOptions(predict="grid")
"""A prediction at each point of the model's time grid, as a service makes them."""

MOST_MINUTES = 1440.0
"""No stream is older than a day."""


def evaluate_live(
    model: str,
    dataset: Dataset,
    options: LiveOptions,
    model_options: ModelOptions,
    progress: Progress | None = None,
    *,
    windows: WindowOptions | None = None,
    stream: StreamOptions = ON_THE_GRID,
    events: EventSettings | None = None,
) -> LiveResult:
    """Play the clips of a data set into endless streams.

    Args:
        model: its name or file, whatever ``model_options.model`` says.
        dataset: the clips.
        options: horizons, ages, background.
        model_options: what runs the model.
        progress: told how many minutes of background and clips are done, and their total.
        windows: how the model sees a stream, if it sees windows.
        stream: how pictures become predictions.
        events: the rules of events; None: the default ones. Labels that mean that nothing happens
            are no events.

    Raises:
        ModelError: the model cannot be had, or does not have some of the labels.
        OptionError: a value that is not allowed.
        DatasetError: no clip, or no background, can be played.
    """
    settings = words("horizons", options.horizons)
    variants = load_variants(model, settings, model_options, windows)
    return evaluate_variants(variants, dataset, options, progress, stream=stream, events=events)


def evaluate_variants(
    variants: Sequence[Variant],
    dataset: Dataset,
    options: LiveOptions,
    progress: Progress | None = None,
    *,
    stream: StreamOptions = ON_THE_GRID,
    events: EventSettings | None = None,
) -> LiveResult:
    """Play the clips of a data set to variants of a model that are loaded; see `evaluate_live`."""
    ages_s = [60.0 * age for age in numbers("ages", options.ages, 0.0, MOST_MINUTES)]
    overlaps = numbers("overlaps", options.overlaps, 0.01, 1.0)
    recognizer, spec = variants[0].recognizer, variants[0].recognizer.spec
    played = playlist(recognizer, dataset, options.background_label)
    make = Preprocessor(spec.preprocessing).resize
    background = _background(options, played, spec, make)
    detector = _detector(spec, events or EventSettings(), played)
    tell = _Teller(progress, int(ages_s[-1] // 60) + len(played.actions))
    runs = list(_runs(variants, detector, stream, background, ages_s, tell))
    faults = _play(runs, played.actions, background, make, options, tell)
    return LiveResult(
        model=recognizer.name,
        data=dataset.name,
        fps=spec.fps,
        windowed=spec.windowed,
        background=background.name,
        quiet=tuple(played.quiet.values()),
        rows=tuple(_row(run, played, overlaps) for run in runs),
        skipped=tuple(f"{fault.clip.name}: {fault.reason}" for fault in faults),
    )


def check_live(options: LiveOptions) -> None:
    """Check, before any work is done, what the lists among the options say.

    Raises:
        OptionError: a value that is not allowed.
    """
    numbers("ages", options.ages, 0.0, MOST_MINUTES)
    numbers("overlaps", options.overlaps, 0.01, 1.0)
    for setting in words("horizons", options.horizons):
        check_setting(setting)


def numbers(option: str, text: str, least: float, most: float) -> list[float]:
    """Read numbers that commas part; each once, least first.

    Raises:
        OptionError: there are none, or one that is not allowed.
    """
    try:
        found = [float(word) for word in words(option, text)]
    except ValueError:
        found = [math.nan]
    if not all(least <= number <= most for number in found):
        raise OptionError(f"--{option} are numbers from {least:g} to {most:g}; got {text!r}")
    return sorted(set(found))


def words(option: str, text: str) -> list[str]:
    """Read words that commas part.

    Raises:
        OptionError: there are none.
    """
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise OptionError(f"--{option} names one at least; got {text!r}")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """A variant of the model after so much background: what it remembers, and its episodes."""

    variant: Variant
    stream: LiveStream
    memory: Memory
    episodes: list[Episode] = field(default_factory=list)

    def play(self, pieces: tuple[Footage, Footage, Footage], action: Action) -> None:
        self.stream.restore(self.memory)
        self.episodes.append(play_episode(self.stream, pieces, action.classes))


def _background(options: LiveOptions, played: Playlist, spec: StreamSpec, make: Make) -> Background:
    if options.background:
        return Videos(background_files(Path(options.background)), make)
    if played.scenes:
        return Videos(readable(played.scenes), make)
    size = spec.preprocessing.resized or (spec.preprocessing.height, spec.preprocessing.width)
    return StillScenes(size, spec.fps)


def _detector(spec: StreamSpec, events: EventSettings, played: Playlist) -> EventDetector:
    deny = (*events.deny, *played.quiet.values())
    return EventDetector(spec.labels, replace(events, deny=deny), spec.hop_s)


def _runs(
    variants: Sequence[Variant],
    detector: EventDetector,
    options: StreamOptions,
    background: Background,
    ages_s: Sequence[float],
    tell: "_Teller",
) -> Iterator[_Run]:
    """Let all variants watch the background, and begin a run of each at each age."""
    streams = [LiveStream(variant.recognizer, detector, options) for variant in variants]
    shots = map(tell.shown, background.endless())
    remembered = list(memories(streams, shots, ages_s))
    for number, (variant, stream) in enumerate(zip(variants, streams, strict=True)):
        for of_all in remembered:
            yield _Run(variant, stream, of_all[number])


def _play(
    runs: Sequence[_Run],
    actions: Sequence[Action],
    background: Background,
    make: Make,
    options: LiveOptions,
    tell: "_Teller",
) -> list[Fault]:
    """Play every clip in every run; return those that cannot be read.

    Raises:
        DatasetError: none can.
    """
    faults: list[Fault] = []
    for number, action in enumerate(actions):
        try:
            footage = read_footage(action.clip, make)
        except SourceError as error:
            faults.append(Fault(action.clip, str(error)))
            continue
        before, after = background.around(footage, number, options.before, options.after)
        for run in runs:
            run.play((before, footage, after), action)
        tell.advance()
    require_some(runs[0].episodes, faults)
    return faults


def _row(run: _Run, played: Playlist, overlaps: Sequence[float]) -> LiveRow:
    hours = run.memory.time_s / 3600.0
    return LiveRow(
        setting=run.variant.setting,
        horizon=run.variant.horizon,
        age_min=run.memory.time_s / 60.0,
        alarms_per_hour=run.memory.alarms / hours if hours else None,
        figures=live_figures(run.episodes, played.quiet, overlaps),
    )


class _Teller:
    """Tells how far it is: minutes of background and clips, each counted as one."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._done = self._minutes = 0

    def advance(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)

    def shown(self, shot: Shot) -> Shot:
        """Count the minute that this picture of the background ends, if it does."""
        while shot.time_s >= 60.0 * (self._minutes + 1):
            self._minutes += 1
            self.advance()
        return shot
