"""What is played of a data set: its clips with an action, and those in which nothing happens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streamrec.comparison.figures import class_key
from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.errors import DatasetError, OptionError
from streamrec.evaluation.clips import class_ids
from streamrec.recognizer import Recognizer

STILL = "still"
"""The label with which a model says that nothing happens, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Action:
    """A clip, and the classes of the model that it shows, names by numbers."""

    clip: LabelledClip
    classes: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Playlist:
    """What is played.

    Attributes:
        actions: clips that show something; ``scenes``: those in which nothing happens.
        quiet: classes of the model that mean that nothing happens, names by numbers.
    """

    actions: Sequence[Action]
    scenes: Sequence[LabelledClip]
    quiet: Mapping[int, str]


def playlist(recognizer: Recognizer, dataset: Dataset, quiet: str | None) -> Playlist:
    """Sort the clips of a data set.

    A clip without labels, or with those only that mean that nothing happens, is a scene.

    Args:
        recognizer: the model; case does not matter in the names of its classes.
        dataset: the clips.
        quiet: names of the classes that mean that nothing happens, parted by commas; None:
            ``STILL``, if the model has it.

    Raises:
        LabelsError: the model does not have some of the labels.
        OptionError: it does not have those that mean that nothing happens.
        DatasetError: nothing happens in any clip.
    """
    labels, ids = recognizer.labels, class_ids(dataset.labels, recognizer)
    still = _quiet(labels, quiet)
    actions, scenes = [], []
    for clip in dataset.clips:
        shown = {ids[label] for label in clip.labels} - still
        if shown:
            actions.append(Action(clip, {index: labels[index] for index in sorted(shown)}))
        else:
            scenes.append(clip)
    if not actions:
        raise DatasetError(f"{dataset.name} has no clip of an action; label some of its clips")
    return Playlist(actions, scenes, {index: labels[index] for index in sorted(still)})


def _quiet(labels: Sequence[str], names: str | None) -> set[int]:
    if names is None:
        return {index for index, label in enumerate(labels) if class_key(label) == STILL}
    keys = {class_key(name) for name in names.split(",") if name.strip()}
    if unknown := keys - set(map(class_key, labels)):
        some = ", ".join(labels[:5])
        raise OptionError(
            f"--background-label names classes of the model, as {some}; got {min(unknown)!r}"
        )
    return {index for index, label in enumerate(labels) if class_key(label) in keys}
