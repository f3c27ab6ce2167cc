"""What a whole file shows: the answer, and how it came about over time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from streamrec.errors import SourceReadError
from streamrec.recognizer import Recognizer
from streamrec.smoothing import NoSmoothing
from streamrec.sources.base import Source
from streamrec.types import Array, Frame, Image, Prediction, Score, StreamSpec

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


class FileWatch:
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
        """Look at the next frame."""
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


def classify(
    recognizer: Recognizer,
    source: Source,
    *,
    file: str,
    on_frame: OnFrame | None = None,
) -> FileAnswer:
    """Watch a file with a model, on the model's own time grid.

    Of a model that sees windows, the answer is the mean over all windows, which may overlap. Where
    none is full, what there is is looped to the window's length: the whole file, or each of the
    shots that long gaps between its frames make of it.

    Of a model that carries a state, it is the mean of what the model says each time it has seen as
    many frames as its running means look back on, and at the end of the file. For a file that is no
    longer than that, it is what the model says after the last frame.

    Raises:
        SourceError: the file cannot be read, or has no pictures.
    """
    watch = FileWatch(on_frame)
    predictions = list(_predictions(recognizer, source, watch))
    return answer_of(recognizer, file, watch, predictions)


def answer_of(
    recognizer: Recognizer, file: str, watch: FileWatch, predictions: Sequence[Prediction]
) -> FileAnswer:
    """Return what predictions on the model's own time grid come to; see ``classify``.

    Raises:
        SourceError: there are none.
    """
    if not watch.frames:
        raise SourceReadError(f"{file} has no pictures in it")
    if not predictions:
        raise SourceReadError(f"{file} is too short: {recognizer.name} sees motion between frames")
    timeline = np.stack([prediction.raw for prediction in predictions])
    scores: Array = timeline[_ends(recognizer.spec, predictions)].mean(0)
    return FileAnswer(
        file=file,
        model=recognizer.name,
        labels=recognizer.labels,
        frames=watch.frames,
        duration_s=watch.duration_s,
        scores=scores,
        times_s=tuple(prediction.time_s for prediction in predictions),
        timeline=timeline,
        thumbnails=tuple(watch.thumbnails),
    )


def _predictions(recognizer: Recognizer, source: Source, watch: FileWatch) -> Iterator[Prediction]:
    stream = recognizer.stream(predict="grid", smoother=NoSmoothing(), declared_fps=source.fps)
    for frame in source:
        watch.take(frame)
        if (prediction := stream.push(frame)) is not None:
            yield prediction
    if (prediction := stream.finish()) is not None:
        yield prediction


def _ends(spec: StreamSpec, predictions: Sequence[Prediction]) -> list[int]:
    """Return which of the predictions make the answer."""
    last = len(predictions) - 1
    if not spec.windowed:
        span = min(spec.clip_frames, spec.horizon or spec.clip_frames)
        return sorted({*range(span - 1, last, span), last})
    full = [i for i, prediction in enumerate(predictions) if not prediction.warm_up]
    ages = [prediction.state_age for prediction in predictions]
    shots = [i for i in range(last) if ages[i + 1] <= ages[i]]  # each ends where another begins
    return full or [*shots, last]
