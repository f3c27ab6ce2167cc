import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrec.dataset.clips import Dataset
from streamrec.dataset.splits import folds, group_of, missing_classes, split, torn_groups
from streamrec.errors import DatasetError, OptionError
from tests.dataset.films import clip_of, dataset_of


def clips(count: int, classes: int = 2, size: int = 1) -> Dataset:
    """Clips of classes in turn; so many of them are a group."""
    return dataset_of(
        *(clip_of(f"{i}.mp4", f"class {i % classes}", group=f"{i // size}") for i in range(count))
    )


def shares(dataset: Dataset) -> Counter[str | None]:
    return Counter(clip.split for clip in dataset.clips)


def names(dataset: Dataset, name: str) -> set[str]:
    return {clip.path.name for clip in dataset.of(name)}


def test_each_split_has_its_share_of_each_class():
    dataset = split(clips(100), val=0.2, test=0.1, seed=0)
    assert shares(dataset) == {"train": 70, "val": 20, "test": 10}
    assert Counter(clip.labels for clip in dataset.of("val")) == {
        ("class 0",): 10,
        ("class 1",): 10,
    }


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=2, max_size=40),
    st.floats(0.05, 0.5),
    st.integers(0, 3),
)
def test_groups_never_part_whatever_the_clips(rows, share, seed):
    dataset = dataset_of(
        *(clip_of(f"{i}.mp4", f"c{a}", group=f"{b}") for i, (a, b) in enumerate(rows))
    )
    try:
        divided = split(dataset, val=share, test=0.0, seed=seed)
    except DatasetError:
        return
    assert torn_groups(divided) == ()
    assert {clip.split for clip in divided.clips} == {"train", "val"}


def test_pieces_of_one_file_are_a_group():
    pieces = [clip_of(f"{i % 5}.mp4", "a", start_s=float(i), end_s=float(i + 1)) for i in range(20)]
    assert torn_groups(split(dataset_of(*pieces), val=0.3, test=0.0, seed=0)) == ()


def test_the_order_of_the_files_does_not_matter():
    dataset = clips(60, size=3)
    other = list(dataset.clips)
    random.Random(0).shuffle(other)
    shuffled = replace(dataset, clips=tuple(other))
    one, two = (split(one, val=0.2, test=0.2, seed=5) for one in (dataset, shuffled))
    assert names(one, "val") == names(two, "val")
    assert names(one, "test") == names(two, "test")


def test_the_seed_matters():
    first, second = (split(clips(60), val=0.2, test=0.0, seed=seed) for seed in (0, 1))
    assert names(first, "val") != names(second, "val")


def test_splits_that_are_given_stay_and_get_no_more():
    dataset = clips(40)
    given_clips = [replace(clip, split="test") for clip in dataset.clips[:4]]
    dataset = replace(dataset, clips=(*given_clips, *dataset.clips[4:]))
    divided = split(dataset, val=0.25, test=0.25, seed=0)
    assert names(divided, "test") == {f"{i}.mp4" for i in range(4)}
    assert shares(divided) == {"test": 4, "val": 9, "train": 27}


def test_a_group_follows_those_of_its_clips_that_have_a_split():
    dataset = dataset_of(
        clip_of("a.mp4", "x", group="g", split="val"),
        *(clip_of(f"{i}.mp4", "x", group="g") for i in range(3)),
        *(clip_of(f"{i + 3}.mp4", "x") for i in range(3)),
    )
    assert len(split(dataset, val=0.2, test=0.0, seed=0).of("val")) == 4


def test_clips_of_no_class_are_shared_out_too():
    dataset = dataset_of(*(clip_of(f"{i}.mp4", *["a"][: i % 2]) for i in range(20)))
    val = split(dataset, val=0.2, test=0.0, seed=0).of("val")
    assert Counter(clip.labels for clip in val) == {(): 2, ("a",): 2}


@pytest.mark.parametrize("dataset", [clips(10, size=10), clips(3, classes=3)])
def test_too_few_groups_or_clips_are_told(dataset):
    with pytest.raises(DatasetError, match="too few clips to choose val: 2 groups and 2 clips"):
        split(dataset, val=0.2, test=0.0, seed=0)


@pytest.mark.parametrize(("val", "test"), [(0.6, 0.4), (-0.1, 0.0)])
def test_shares_that_leave_nothing_to_train_are_refused(val, test):
    with pytest.raises(OptionError, match="below 1 together"):
        split(clips(9), val=val, test=test, seed=0)


def test_each_clip_is_judged_in_one_fold():
    dataset = clips(30, size=2)
    judged = [names(fold, "val") for fold in folds(dataset, 5, 0)]
    assert len(judged) == 5
    assert sorted(name for part in judged for name in part) == sorted(
        clip.path.name for clip in dataset.clips
    )


def test_folds_keep_the_clips_that_are_for_the_test():
    dataset = clips(20)
    dataset = replace(dataset, clips=(replace(dataset.clips[0], split="test"), *dataset.clips[1:]))
    for fold in folds(dataset, 3, 0):
        assert names(fold, "test") == {"0.mp4"}
        assert torn_groups(fold) == ()


def test_more_folds_than_groups_are_refused():
    with pytest.raises(DatasetError, match=r"5 folds need 5 groups .* enough for 2"):
        next(folds(clips(20, size=10), 5, 0))


def test_what_splits_lack_and_tear_is_told():
    dataset = dataset_of(
        clip_of("a.mp4", "x", split="train", group="g"),
        clip_of("b.mp4", "y", split="train"),
        clip_of("c.mp4", "x", split="val", group="g"),
    )
    assert missing_classes(dataset) == {"val": ("y",)}
    assert torn_groups(dataset) == ("g",)
    assert group_of(dataset.clips[1]) == ("file", "b.mp4")
