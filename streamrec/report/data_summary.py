"""What a model was trained on, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from streamrec.dataset.clips import Dataset, LabelledClip, Split

SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCounts:
    """How much there is of a split: clips, groups (a clip without one is its own), and files."""

    name: str
    clips: int
    groups: int
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCounts:
    """Clips of a class, in the order of ``DataSummary.splits``."""

    label: str
    clips: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSummary:
    """A data set, counted; ``splits`` are those that have clips."""

    splits: tuple[SplitCounts, ...]
    classes: tuple[ClassCounts, ...]


def summarize(dataset: Dataset) -> DataSummary:
    """Count the clips of a data set."""
    parts: list[tuple[str, Sequence[LabelledClip]]] = [
        (split, clips) for split in SPLITS if (clips := dataset.of(split))
    ]
    parts = parts or [("all", dataset.clips)]
    counted = [Counter(label for clip in clips for label in clip.labels) for _, clips in parts]
    return DataSummary(
        splits=tuple(_count(name, clips) for name, clips in parts),
        classes=tuple(
            ClassCounts(label=label, clips=tuple(counts[label] for counts in counted))
            for label in dataset.labels
        ),
    )


def _count(name: str, clips: Sequence[LabelledClip]) -> SplitCounts:
    groups = {clip.name if clip.group is None else (clip.group,) for clip in clips}
    return SplitCounts(
        name=name, clips=len(clips), groups=len(groups), files=len({clip.path for clip in clips})
    )
