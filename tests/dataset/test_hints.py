from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.hints import hints
from streamrec.dataset.scan import scan
from streamrec.dataset.summary import summarise
from tests.dataset.films import clip_of, dataset_of, film_of_greys


def hints_of(*clips: LabelledClip, fps: float = 5.0) -> str:
    dataset = dataset_of(*clips)
    return "\n".join(hints(summarise(dataset, scan(dataset, fps), fps)))


def test_nothing_is_told_of_what_is_fine(tmp_path):
    path = film_of_greys(tmp_path / "a.avi")
    clips = [
        clip_of(path, label, start_s=i / 100, split=split, group=f"{split}")
        for label in ("wave", "clap")
        for split in ("train", "val")
        for i in range(5)
    ]
    assert hints_of(*clips) == ""


def test_what_is_wrong_with_splits_is_told(tmp_path):
    path = film_of_greys(tmp_path / "a.avi")
    text = hints_of(
        clip_of(path, "wave", split="train", group="ann"),
        clip_of(path, "wave", split="val", group="ann"),
        clip_of(path, "clap", split="train", group="bob"),
    )
    assert "groups or files that are in more than one split: ann" in text
    assert "val has no clip of clap" in text


def test_what_is_wrong_with_classes_is_told(tmp_path):
    path = film_of_greys(tmp_path / "a.avi")
    waves = [clip_of(path, "wave", start_s=i / 100) for i in range(10)]
    text = hints_of(*waves, clip_of(path, "Jump-up"), clip_of(path, "jump up"))
    assert "fewer than 10 clips: Jump-up, jump up" in text
    assert "from 1 to 10 clips" in text
    assert "may mean the same: Jump-up / jump up" in text


def test_what_is_wrong_with_clips_is_told(tmp_path):
    path = film_of_greys(tmp_path / "a.avi")
    clip = clip_of(path, "wave", end_s=0.2)
    text = hints_of(clip, fps=12.0)
    assert f"1 clip with fewer than 4 frames: {path}@0-0.2" in text
    assert "1 clip with fewer than 12 frames/s" in text
