"""Clips with labels -> what a model says of each of them as a whole."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from streamrec.classify import classify
from streamrec.comparison.figures import class_key
from streamrec.dataset.clip_file import ClipFile
from streamrec.dataset.clips import LabelledClip
from streamrec.errors import DatasetError, LabelsError, SourceError
from streamrec.evaluation.answers import Answers
from streamrec.recognizer import Recognizer
from streamrec.sources.base import Source
from streamrec.sources.file import FileSource
from streamrec.types import Array, Frame, StreamSpec

Views = Literal["single", "multi"]

_TOLD = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """A clip that cannot be read, and why."""

    clip: LabelledClip
    reason: str


class ClipSource(Source):
    """The frames of a clip, whose times are those in its file.

    Raises:
        SourceOpenError: the file cannot be opened.
    """

    live = False

    def __init__(self, clip: LabelledClip) -> None:
        self._clip, self._file = clip, ClipFile(clip.path)
        self._frames = self._file.read_from(clip.start_s)
        self.name, self.fps, self.frame_count = self._file.name, self._file.fps, None

    def read(self) -> Frame | None:
        """Return the next frame that belongs to the clip."""
        end_s = self._clip.end_s
        for frame in self._frames:
            if end_s is not None and frame.time_s >= end_s:
                return None
            if frame.time_s >= self._clip.start_s:
                return frame
        return None

    def close(self) -> None:
        """Release the file."""
        self._file.close()


def answer(
    recognizer: Recognizer,
    clips: Sequence[LabelledClip],
    labels: Sequence[str],
    *,
    views: Views = "multi",
    progress: Callable[[], None] = lambda: None,
) -> tuple[Answers, list[Fault]]:
    """Ask a model about clips.

    Args:
        recognizer: the model.
        clips: those that cannot be read are left out, and told.
        labels: what the clips may show; case does not matter.
        views: ``multi``: the whole clip, as `streamrec.classify.classify` answers; ``single``: as
            many frames as the model was trained with, from the clip's middle.
        progress: called after each clip.

    Returns:
        The answers, with the model's labels, and the clips that could not be read.

    Raises:
        LabelsError: the model does not have some of the labels.
        DatasetError: no clip can be read.
    """
    classes = class_ids(labels, recognizer)
    answered: list[LabelledClip] = []
    scores: list[Array] = []
    faults: list[Fault] = []
    for clip in clips:
        try:
            scores.append(_scores(recognizer, clip, views))
            answered.append(clip)
        except SourceError as error:
            faults.append(Fault(clip, str(error)))
        progress()
    require_some(answered, faults)
    answers = Answers(
        model=recognizer.name,
        labels=recognizer.labels,
        clips=answered,
        truth=truth_of(answered, classes, len(recognizer.labels)),
        scores=np.stack(scores),
        independent=recognizer.spec.multi_label,
    )
    return answers, faults


def class_ids(labels: Sequence[str], recognizer: Recognizer) -> Mapping[str, int]:
    """Return which of a model's classes each label is; case does not matter.

    Raises:
        LabelsError: the model does not have some of them; the nearest names are told.
    """
    known = {class_key(label): i for i, label in reversed(list(enumerate(recognizer.labels)))}
    missing = [label for label in labels if class_key(label) not in known]
    if missing:
        told = ", ".join(_with_nearest(label, recognizer.labels) for label in missing[:_TOLD])
        more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
        raise LabelsError(
            f"{recognizer.name} does not know {told}{more}; call the clips' labels as the model "
            "does, or leave the label of clips empty that show none of its classes"
        )
    return {label: known[class_key(label)] for label in labels}


def truth_of(
    clips: Sequence[LabelledClip], classes: Mapping[str, int], count: int
) -> npt.NDArray[np.bool_]:
    """Return which of a model's ``count`` classes clips show, bool [N, count]."""
    truth = np.zeros((len(clips), count), np.bool_)
    for row, clip in enumerate(clips):
        truth[row, [classes[label] for label in clip.labels]] = True
    return truth


def require_some(answered: Sequence[object], faults: Sequence[Fault]) -> None:
    """Check that there is something to judge.

    Raises:
        DatasetError: no clip could be read.
    """
    if not answered:
        why = f", the first as {faults[0].reason}" if faults else ""
        raise DatasetError(f"none of the {len(faults)} clips can be read{why}")


def _with_nearest(label: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(label, known, n=1, cutoff=0.4)
    return f"{label!r} (nearest: {near[0]!r})" if near else f"{label!r}"


def _scores(recognizer: Recognizer, clip: LabelledClip, views: Views) -> Array:
    piece = _middle(clip, recognizer.spec) if views == "single" else clip
    with ClipSource(piece) as source:
        return classify(recognizer, source, file=clip.name).scores


def _middle(clip: LabelledClip, spec: StreamSpec) -> LabelledClip:
    """Return the middle of a clip, as long as the model was trained with; else all of it."""
    frames = spec.clip_frames + (spec.flow is not None)  # two pictures make a motion
    span_s, end_s = frames / spec.fps, _end_s(clip.path)
    if clip.end_s is not None:
        end_s = min(end_s, clip.end_s)
    spare_s = end_s - clip.start_s - span_s
    if spare_s <= 0.0:
        return clip
    start_s = clip.start_s + spare_s / 2
    return replace(clip, start_s=start_s, end_s=start_s + span_s)


def _end_s(path: Path) -> float:
    """Return how long a file lasts, seconds, as it declares or else by its last frame."""
    with FileSource(path) as source:
        if source.fps and source.frame_count:
            return source.frame_count / source.fps
        return max((frame.time_s for frame in source), default=0.0)
