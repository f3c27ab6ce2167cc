"""What is to be known of a data set before a model learns from it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from streamrec.dataset.splits import missing_classes, torn_groups
from streamrec.dataset.summary import Summary

FEW_CLIPS = 10
"""A class with fewer is hardly learnt, and its figures mean little."""

IMBALANCE = 5.0
"""Of the largest class to the smallest one."""

FEW_FRAMES = 4
"""A clip with fewer shows a model hardly any motion."""

_SLOW = 0.95
_NAMED = 5


def hints(summary: Summary) -> list[str]:
    """Return what should be looked at, a sentence each; what is fine is not told."""
    return [*_of_classes(summary), *_of_splits(summary), *_of_clips(summary)]


def _of_classes(summary: Summary) -> Iterator[str]:
    classes = [one for one in summary.classes if one.label is not None]
    if len(classes) < 2:
        yield "there is one class only: a model needs two, or clips of no class (_background)"
    if few := [one.label or "" for one in classes if one.clips < FEW_CLIPS]:
        yield f"fewer than {FEW_CLIPS} clips: {_some(few)}"
    counts = [one.clips for one in classes if one.clips]
    if counts and max(counts) >= IMBALANCE * min(counts):
        yield f"classes are uneven: from {min(counts)} to {max(counts)} clips"
    alike = defaultdict(list)
    for label in summary.dataset.labels:
        alike["".join(filter(str.isalnum, label.casefold())) or label].append(label)
    if twice := [" / ".join(labels) for labels in alike.values() if len(labels) > 1]:
        yield f"labels that may mean the same: {_some(twice)}"


def _of_splits(summary: Summary) -> Iterator[str]:
    dataset = summary.dataset
    if all(clip.group is None for clip in dataset.clips):
        yield (
            "no groups are known: if several clips were cut from one video, or show one person, "
            "say so in a list (`streamrec data list` writes one), or figures will be too good"
        )
    for name, labels in missing_classes(dataset).items():
        yield f"{name} has no clip of {_some(labels)}"
    if torn := torn_groups(dataset):
        yield f"groups or files that are in more than one split: {_some(torn)}"
    pairs = summary.duplicates
    if across := sum(pair.across_splits for pair in pairs):
        yield f"copies across splits make figures too good: {across}; give each pair one group"
    if contradicting := sum(pair.contradicts for pair in pairs):
        yield f"copies with different labels: {contradicting}"


def _of_clips(summary: Summary) -> Iterator[str]:
    least_fps = _SLOW * summary.fps
    if slow := [one for one in summary.facts if one.fps is not None and one.fps < least_fps]:
        yield (
            f"{_clips(len(slow))} with fewer than {summary.fps:g} frames/s: the model sees frames "
            "twice, as it would live"
        )
    if short := [one.clip.name for one in summary.facts if one.frames < FEW_FRAMES]:
        yield f"{_clips(len(short))} with fewer than {FEW_FRAMES} frames: {_some(short)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _clips(count: int) -> str:
    return "1 clip" if count == 1 else f"{count} clips"
