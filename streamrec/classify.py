"""What a whole file shows: the answer, and how it came about over time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from streamrec.errors import SourceReadError
from streamrec.grid_inputs import GridInputs
from streamrec.lanes import softmax
from streamrec.recognizer import Recognizer
from streamrec.runtimes.base import ClipRuntime
from streamrec.smoothing import NoSmoothing
from streamrec.sources.base import Source
from streamrec.types import Array, Frame, Image, Score, StreamSpec

OnFrame = Callable[[Frame], None]


@dataclass(frozen=True, slots=True, eq=False)
class FileAnswer:
    """What a model says of a file.

    Attributes:
        file, model: names.
        labels: class names in score order.
        frames: how many the file has; ``duration_s``: how long it lasts, seconds.
        scores: probabilities for the whole file, float32 [classes].
        times_s: when the model was asked, seconds of media time.
        timeline: its probabilities then, float32 [len(times_s), classes].
        thumbnails: some of the pictures, with their times.
    """

    file: str
    model: str
    labels: tuple[str, ...] = field(repr=False)
    frames: int
    duration_s: float
    scores: Array = field(repr=False)
    times_s: tuple[float, ...] = field(repr=False)
    timeline: Array = field(repr=False)
    thumbnails: tuple[tuple[float, Image], ...] = field(repr=False)

    def top(self, k: int) -> tuple[Score, ...]:
        """The ``k`` best classes, best first."""
        order = np.argsort(-self.scores, kind="stable")[:k]
        scores = [(int(i), float(self.scores[i])) for i in order]
        return tuple(Score(i, self.labels[i], score, score) for i, score in scores)


class _Watch:
    """Counts what passes and keeps some of the pictures, however long the file is."""

    KEPT = 32
    THUMBNAIL_ROWS = 200

    def __init__(self, on_frame: OnFrame | None) -> None:
        self._on_frame = on_frame
        self._stride = 1
        self.frames = 0
        self.first_s = self.last_s = 0.0
        self.thumbnails: list[tuple[float, Image]] = []

    def take(self, frame: Frame) -> None:
        if self.frames == 0:
            self.first_s = frame.time_s
        self.last_s = frame.time_s
        if self.frames % self._stride == 0:
            step = max(1, frame.image.shape[0] // self.THUMBNAIL_ROWS)
            self.thumbnails.append((frame.time_s, frame.image[::step, ::step].copy()))
            if len(self.thumbnails) > self.KEPT:
                self._stride *= 2
                self.thumbnails = self.thumbnails[::2]
        self.frames += 1
        if self._on_frame is not None:
            self._on_frame(frame)

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last one."""
        span_s = self.last_s - self.first_s
        return span_s * self.frames / (self.frames - 1) if self.frames > 1 else 0.0


def classify_stream(
    recognizer: Recognizer,
    source: Source,
    *,
    file: str,
    on_frame: OnFrame | None = None,
) -> FileAnswer:
    """Watch a file with a streaming model, on the model's own time grid.

    The answer is the mean of what the model says each time it has seen as many frames as its
    running means look back on, and at the end of the file. For a file that is no longer than
    that, it is what the model says after the last frame.

    Raises:
        SourceError: the file cannot be read, or has no pictures.
    """
    stream = recognizer.stream(predict="grid", smoother=NoSmoothing(), declared_fps=source.fps)
    watch, times_s, timeline = _Watch(on_frame), [], []
    for frame in source:
        watch.take(frame)
        prediction = stream.push(frame)
        if prediction is not None:
            times_s.append(prediction.time_s)
            timeline.append(prediction.raw)
    if not timeline:
        raise _no_pictures(file)
    scores = _mean_of_ends(np.stack(timeline), _memory_frames(recognizer.spec))
    return _answer(file, recognizer.name, recognizer.labels, watch, scores, times_s, timeline)


def _no_pictures(file: str) -> SourceReadError:
    return SourceReadError(f"{file} has no pictures in it")


def _memory_frames(spec: StreamSpec) -> int:
    return min(spec.clip_frames, spec.horizon or spec.clip_frames)


def _mean_of_ends(timeline: Array, span: int) -> Array:
    last = len(timeline) - 1
    ends = sorted({*range(span - 1, last, span), last})
    scores: Array = timeline[ends].mean(0)
    return scores


def classify_clips(
    name: str,
    models: Sequence[ClipRuntime],
    source: Source,
    *,
    file: str,
    on_frame: OnFrame | None = None,
) -> FileAnswer:
    """Watch a file with models that see whole clips: one after another, the last one shorter.

    The answer is the mean over the clips, weighted by length, and over the models.

    Raises:
        SourceError: the file cannot be read, or has no pictures.
    """
    watch = _Watch(on_frame)
    readers = [_ClipReader(model, source.fps) for model in models]
    for frame in source:
        watch.take(frame)
        for reader in readers:
            reader.take(frame)
    for reader in readers:
        reader.finish()
    if not watch.frames:
        raise _no_pictures(file)
    first = readers[0]
    scores: Array = np.mean([reader.mean() for reader in readers], axis=0, dtype=np.float32)
    labels = models[0].spec.labels
    return _answer(file, name, labels, watch, scores, first.times_s, first.answers)


class _ClipReader:
    """Collects one model's clips from a file and keeps its answers."""

    def __init__(self, model: ClipRuntime, fps: float | None) -> None:
        self._model = model
        self._seen = GridInputs(model.spec, fps)
        self._inputs: list[Array] = []
        self._lengths: list[int] = []
        self._last_s = 0.0
        self.times_s: list[float] = []
        self.answers: list[Array] = []

    def take(self, frame: Frame) -> None:
        for time_s, x in self._seen.push(frame):
            self._inputs.append(x)
            self._last_s = time_s
            if len(self._inputs) == self._model.spec.clip_frames:
                self.finish()

    def finish(self) -> None:
        if self._inputs:
            self.answers.append(softmax(self._model.run(np.concatenate(self._inputs))))
            self.times_s.append(self._last_s)
            self._lengths.append(len(self._inputs))
            self._inputs.clear()

    def mean(self) -> Array:
        return np.average(self.answers, axis=0, weights=self._lengths).astype(np.float32)


def _answer(
    file: str,
    model: str,
    labels: tuple[str, ...],
    watch: _Watch,
    scores: Array,
    times_s: Sequence[float],
    timeline: Sequence[Array],
) -> FileAnswer:
    return FileAnswer(
        file=file,
        model=model,
        labels=labels,
        frames=watch.frames,
        duration_s=watch.duration_s,
        scores=scores,
        times_s=tuple(times_s),
        timeline=np.stack(timeline),
        thumbnails=tuple(watch.thumbnails),
    )
