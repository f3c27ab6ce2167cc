"""Which clips train, which choose the model, and which judge it."""

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from streamrec.dataset.class_folders import SPLITS
from streamrec.dataset.clips import Dataset, LabelledClip, Split
from streamrec.dataset.library import require_library
from streamrec.errors import DatasetError, OptionError

_MAX_PARTS = 20  # a share is so many twentieths at the finest; a smaller one is one part
_NO_LABEL = ""

Ids = npt.NDArray[np.int64]


def split(dataset: Dataset, *, val: float, test: float, seed: int) -> Dataset:
    """Give every clip a split: groups stay whole, and each split has its share of each class.

    A split that the data set names stays as it is and gets no more clips, but the rest of its
    groups. The result depends on the seed, and not on the order of the clips. Clips of several
    labels count for the first one.

    Args:
        dataset: clips with or without a split.
        val: share of the clips without a split that become ``val``.
        test: share of them that become ``test``.
        seed: of the choice.

    Raises:
        OptionError: shares below 0, or that leave nothing to train.
        DatasetError: too few groups, or too few clips of each class.
        RuntimeMissingError: scikit-learn is not installed.
    """
    if min(val, test) < 0.0 or val + test >= 1.0:
        raise OptionError(f"val and test are 0 or more, and below 1 together; got {val} and {test}")
    given = {group_of(clip): clip.split for clip in dataset.clips if clip.split}
    splits: list[Split | None] = [clip.split or given.get(group_of(clip)) for clip in dataset.clips]
    rest = 1.0
    shares: tuple[tuple[Split, float], ...] = (("test", test), ("val", val))
    for name, share in shares:
        free = [i for i in _in_order(dataset.clips) if splits[i] is None]
        if share and free and name not in given.values():
            for i in _chosen([dataset.clips[i] for i in free], share / rest, seed, name):
                splits[free[i]] = name
            rest -= share
    return _with_splits(dataset, [name or "train" for name in splits])


def folds(dataset: Dataset, count: int, seed: int) -> Iterator[Dataset]:
    """Yield the data set ``count`` times: each clip is once ``val``, and ``train`` else.

    Clips that are ``test`` stay so; other splits are not kept. Groups stay whole, classes are
    shared evenly; see ``split``.

    Raises:
        OptionError: fewer than 2 folds.
        DatasetError: too few groups, or too few clips of each class.
        RuntimeMissingError: scikit-learn is not installed.
    """
    if count < 2:
        raise OptionError(f"2 folds at least; got {count}")
    free = [i for i in _in_order(dataset.clips) if dataset.clips[i].split != "test"]
    clips = [dataset.clips[i] for i in free]
    if count > (most := _most_parts(clips)):
        raise DatasetError(
            f"{count} folds need {count} groups at least, and as many clips of one class; "
            f"{dataset.name} has enough for {most}"
        )
    for part in _parts(clips, count, seed):
        judged = {free[i] for i in part}
        splits: list[Split] = ["val" if i in judged else "train" for i in range(len(dataset.clips))]
        kept = [clip.split if clip.split == "test" else None for clip in dataset.clips]
        yield _with_splits(dataset, [old or new for old, new in zip(kept, splits, strict=True)])


def group_of(clip: LabelledClip) -> tuple[str, str]:
    """Return what must not part over splits: the clip's group; without one, its file."""
    return ("file", str(clip.path)) if clip.group is None else ("group", clip.group)


def missing_classes(dataset: Dataset) -> dict[Split, tuple[str, ...]]:
    """Return which classes each split lacks; splits that have all, or no clip at all, are out."""
    missing: dict[Split, tuple[str, ...]] = {}
    for name in SPLITS:
        clips = dataset.of(name)
        found = {label for clip in clips for label in clip.labels}
        lacking = tuple(label for label in dataset.labels if label not in found)
        if clips and lacking:
            missing[name] = lacking
    return missing


def torn_groups(dataset: Dataset) -> tuple[str, ...]:
    """Return the groups, or files, of which one split learns and another one judges."""
    splits: defaultdict[tuple[str, str], set[Split]] = defaultdict(set)
    for clip in dataset.clips:
        if clip.split is not None:
            splits[group_of(clip)].add(clip.split)
    return tuple(sorted(name for (_, name), found in splits.items() if len(found) > 1))


def _with_splits(dataset: Dataset, splits: Sequence[Split]) -> Dataset:
    pairs = zip(dataset.clips, splits, strict=True)
    return replace(dataset, clips=tuple(replace(clip, split=name) for clip, name in pairs))


def _in_order(clips: Sequence[LabelledClip]) -> list[int]:
    """Return the clips' numbers in an order that does not depend on the disk or the list."""
    keys = [(clip.path.as_posix(), clip.start_s, clip.end_s or 0.0) for clip in clips]
    return sorted(range(len(clips)), key=keys.__getitem__)


def _chosen(clips: Sequence[LabelledClip], share: float, seed: int, name: str) -> Ids:
    """Choose about a share of the clips, by the parts that come nearest to it in each class.

    Raises:
        DatasetError: they cannot be parted.
    """
    most = _most_parts(clips)
    if most < 2:
        raise DatasetError(
            f"too few clips to choose {name}: 2 groups and 2 clips of one class are the least; "
            f"got {len(clips)} clips in {len({group_of(clip) for clip in clips})} groups"
        )
    wanted = _fraction(share, most)
    parts = _parts(clips, wanted.denominator, seed)
    classes = _classes(clips)
    target = float(wanted) * np.bincount(classes)
    candidates = [
        np.concatenate([*parts[i:], *parts[:i]][: wanted.numerator]) for i in range(len(parts))
    ]
    return min(
        (ids for ids in candidates if 0 < len(ids) < len(clips)),
        key=lambda ids: float(
            np.abs(np.bincount(classes[ids], minlength=len(target)) - target).sum()
        ),
    )


def _fraction(share: float, most: int) -> Fraction:
    """Return a share as so many of at most ``most`` parts, at least one, and not all."""
    near = Fraction(share).limit_denominator(min(most, _MAX_PARTS))
    least = Fraction(1, min(most, max(_MAX_PARTS, round(1 / share))))
    return min(max(near, least), 1 - Fraction(1, most))


def _most_parts(clips: Sequence[LabelledClip]) -> int:
    """Return into how many parts clips can go: the groups, and the clips of the largest class."""
    counts = Counter(_classes(clips).tolist())
    return min(len({group_of(clip) for clip in clips}), max(counts.values(), default=0))


def _parts(clips: Sequence[LabelledClip], count: int, seed: int) -> list[Ids]:
    """Part clips by scikit-learn's StratifiedGroupKFold, or StratifiedKFold without groups."""
    require_library()
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    names = [group_of(clip) for clip in clips]
    numbers = {name: i for i, name in enumerate(sorted(set(names)))}
    kind = StratifiedKFold if len(numbers) == len(clips) else StratifiedGroupKFold
    parter = kind(count, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of small classes; see missing_classes
        parts = parter.split(names, _classes(clips), [numbers[name] for name in names])
        return [part for _, part in parts]


def _classes(clips: Sequence[LabelledClip]) -> Ids:
    """Return the class of each clip, int64 [N], by which it is shared out."""
    first = [clip.labels[0] if clip.labels else _NO_LABEL for clip in clips]
    return np.asarray(np.unique(first, return_inverse=True)[1], np.int64)
