"""What one model says of one file over time, and what each of its predictions costs."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from streamrec.classify import FileAnswer, FileWatch, OnFrame, answer_of
from streamrec.recognizer import Recognizer
from streamrec.sources.base import Source
from streamrec.types import Array, Prediction


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Observation:
    """What one model says of one file.

    Attributes:
        answer: for the whole file, and its probabilities over time.
        smoothed: the probabilities as a stream shows them, float32 [predictions, classes].
        warm_up: for each prediction, whether it came before the model had seen enough.
        spent_s: for each prediction, the time that the frames since the one before took:
            preprocessing and inference, no decoding, seconds.
    """

    answer: FileAnswer
    smoothed: Array = field(repr=False)
    warm_up: tuple[bool, ...] = field(repr=False)
    spent_s: tuple[float, ...] = field(repr=False)

    @property
    def best(self) -> list[int]:
        """The best class of each prediction, as a stream shows it."""
        ids: list[int] = self.smoothed.argmax(1).tolist()
        return ids

    @property
    def warm_up_end_s(self) -> float:
        """Media time at which the model had seen enough, seconds; infinite: it never had."""
        moments = zip(self.answer.times_s, self.warm_up, strict=True)
        return next((time_s for time_s, warm_up in moments if not warm_up), math.inf)


def observe(
    recognizer: Recognizer, source: Source, *, file: str, on_frame: OnFrame | None = None
) -> Observation:
    """Watch a file with a model, once, on the model's own time grid.

    Raises:
        SourceError: the file cannot be read, or has no pictures.
    """
    stream = recognizer.stream(predict="grid", declared_fps=source.fps)
    watch, timer = FileWatch(on_frame), _Timer()
    for frame in source:
        watch.take(frame)
        timer.time(partial(stream.push, frame))
    timer.time(stream.finish)
    answer = answer_of(recognizer, file, watch, timer.predictions)
    return Observation(
        answer=answer,
        smoothed=np.stack([prediction.scores for prediction in timer.predictions]),
        warm_up=tuple(prediction.warm_up for prediction in timer.predictions),
        spent_s=tuple(timer.spent_s),
    )


class _Timer:
    """Keeps predictions, and the time that led to each."""

    def __init__(self) -> None:
        self.predictions: list[Prediction] = []
        self.spent_s: list[float] = []
        self._since_s = 0.0

    def time(self, call: Callable[[], Prediction | None]) -> None:
        started_s = time.perf_counter()
        prediction = call()
        self._since_s += time.perf_counter() - started_s
        if prediction is not None:
            self.predictions.append(prediction)
            self.spent_s.append(self._since_s)
            self._since_s = 0.0
