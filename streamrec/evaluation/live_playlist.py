"""What is played of a data set: its clips with an action, and those in which nothing happens."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from streamrec.comparison.figures import class_key
from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.errors import DatasetError, OptionError

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
        skipped: why clips are left out.
    """

    actions: Sequence[Action]
    scenes: Sequence[LabelledClip]
    quiet: Mapping[int, str]
    skipped: Sequence[str]


def playlist(labels: Sequence[str], dataset: Dataset, quiet: str | None) -> Playlist:
    """Sort the clips of a data set by what a model calls them.

    A clip without labels, or with those that mean that nothing happens only, is a scene.

    Args:
        labels: the model's class names.
        dataset: the clips. Names are equal where they differ by case only.
        quiet: names of the classes that mean that nothing happens, parted by commas; None:
            ``STILL``, if the model has it.

    Raises:
        OptionError: the model has no class of those names.
        DatasetError: it knows the labels of no clip.
    """
    ids = {class_key(label): index for index, label in enumerate(labels)}
    still = _quiet(ids, quiet)
    actions, scenes, skipped = [], [], []
    for clip in dataset.clips:
        known = {ids[key] for key in map(class_key, clip.labels) if key in ids}
        if known - still:
            actions.append(Action(clip, {index: labels[index] for index in sorted(known - still)}))
        elif known or not clip.labels:
            scenes.append(clip)
        else:
            skipped.append(f"{clip.name}: the model has no class {', '.join(clip.labels)}")
    if not actions:
        raise DatasetError(f"{dataset.name} has no clip with a label of the model{_some(labels)}")
    return Playlist(actions, scenes, {index: labels[index] for index in sorted(still)}, skipped)


def _quiet(ids: Mapping[str, int], names: str | None) -> set[int]:
    if names is None:
        return {ids[STILL]} if STILL in ids else set()
    keys = [class_key(name) for name in names.split(",") if name.strip()]
    if unknown := [key for key in keys if key not in ids]:
        raise OptionError(f"--background-label: the model has no class {unknown[0]!r}{_some(ids)}")
    return {ids[key] for key in keys}


def _some(labels: Iterable[str]) -> str:
    names = list(labels)
    return f"; it has {', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"
