from pathlib import Path

from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.report.data_summary import summarize


def clip(name, label, split=None, group=None, start_s=0.0):
    return LabelledClip(
        path=Path(name), labels=(label,), split=split, group=group, start_s=start_s, end_s=9.0
    )


def test_splits_and_classes_are_counted():
    clips = (
        clip("a", "walk", "train", "g"),
        clip("a", "walk", "train", "g", start_s=1.0),
        clip("b", "run", "train"),
        clip("c", "run", "test"),
    )
    summary = summarize(Dataset(name="d", labels=("run", "walk", "sit"), clips=clips))
    counted = [(each.name, each.clips, each.groups, each.files) for each in summary.splits]
    assert counted == [("train", 3, 2, 2), ("test", 1, 1, 1)]
    assert [(each.label, each.clips) for each in summary.classes] == [
        ("run", (1, 1)),
        ("walk", (2, 0)),
        ("sit", (0, 0)),
    ]


def test_without_splits_all_clips_are_one():
    summary = summarize(Dataset(name="d", labels=("walk",), clips=(clip("a", "walk"),)))
    assert [each.name for each in summary.splits] == ["all"]
