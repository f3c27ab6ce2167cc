"""What there is in a data set, in figures."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from streamrec.dataset.class_folders import SPLITS
from streamrec.dataset.clips import Dataset, Split
from streamrec.dataset.duplicates import Duplicate
from streamrec.dataset.scan import ClipFacts
from streamrec.dataset.splits import group_of


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the largest of some numbers."""

    least: float
    median: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSummary:
    """The clips of one class that can be used.

    Attributes:
        label: its name; None: the clips of no class.
        clips: how many.
        groups: in how many groups.
        splits: how many of them are in each split.
        duration_s: how long they are, seconds; None: there are none.
    """

    label: str | None
    clips: int
    groups: int
    splits: dict[Split, int]
    duration_s: Spread | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A data set in figures.

    Attributes:
        dataset: the clips that can be used, with their splits.
        fps: the rate at which frames are counted.
        clips: clips in all, also those that cannot be used.
        groups: in how many groups those are that can be used.
        classes: one after the other; last the clips of no class, where there are any.
        duration_s, frames, fps_of_files: of the clips that can be used.
        sizes: width, height and number of clips, the most frequent first.
        facts: of the clips that can be used.
        faults: clips that cannot be used.
        damaged: clips that can be, but are not whole.
        ignored: files of the folder that are no clips.
        duplicates: copies among clips of different groups.
    """

    dataset: Dataset
    fps: float
    clips: int
    groups: int
    classes: tuple[ClassSummary, ...]
    duration_s: Spread
    frames: Spread
    fps_of_files: Spread | None
    sizes: tuple[tuple[int, int, int], ...]
    facts: tuple[ClipFacts, ...] = field(repr=False)
    faults: tuple[ClipFacts, ...] = field(repr=False)
    damaged: tuple[ClipFacts, ...] = field(repr=False)
    ignored: int
    duplicates: tuple[Duplicate, ...] = field(repr=False)


def summarise(
    dataset: Dataset,
    facts: Sequence[ClipFacts],
    fps: float,
    *,
    ignored: int = 0,
    duplicates: Sequence[Duplicate] = (),
) -> Summary:
    """Put a data set that was scanned into figures.

    Args:
        dataset: the clips that can be used, at least one, with their splits.
        facts: of all clips.
        fps: the rate at which it was scanned.
        ignored: files that are no clips.
        duplicates: copies that were found.
    """
    usable = tuple(one for one in facts if one.fault is None)
    sizes = Counter((one.width, one.height) for one in usable).most_common()
    durations = {one.clip.name: one.duration_s for one in usable}
    return Summary(
        dataset=dataset,
        fps=fps,
        clips=len(facts),
        groups=len({group_of(clip) for clip in dataset.clips}),
        classes=_classes(dataset, durations),
        duration_s=_spread([one.duration_s for one in usable]),
        frames=_spread([one.frames for one in usable]),
        fps_of_files=_spread_of_any([one.fps for one in usable if one.fps is not None]),
        sizes=tuple((width, height, count) for (width, height), count in sizes),
        facts=usable,
        faults=tuple(one for one in facts if one.fault is not None),
        damaged=tuple(one for one in usable if one.damage is not None),
        ignored=ignored,
        duplicates=tuple(duplicates),
    )


def _classes(dataset: Dataset, durations: dict[str, float]) -> tuple[ClassSummary, ...]:
    clips_of: dict[str | None, list[int]] = {label: [] for label in dataset.labels}
    for number, clip in enumerate(dataset.clips):
        for label in clip.labels or (None,):
            clips_of.setdefault(label, []).append(number)
    found = []
    for label, numbers in clips_of.items():
        clips = [dataset.clips[number] for number in numbers]
        counts = Counter(clip.split for clip in clips)
        summary = ClassSummary(
            label=label,
            clips=len(clips),
            groups=len({group_of(clip) for clip in clips}),
            splits={name: counts[name] for name in SPLITS},
            duration_s=_spread_of_any([durations[clip.name] for clip in clips]),
        )
        found.append(summary)
    return tuple(found)


def _spread_of_any(values: Sequence[float]) -> Spread | None:
    return _spread(values) if values else None


def _spread(values: Sequence[float]) -> Spread:
    return Spread(min(values), median(values), max(values))
