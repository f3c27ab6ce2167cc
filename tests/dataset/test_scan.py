import numpy as np
import pytest

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.frames import read_frames
from streamrec.dataset.scan import ClipFacts, scan
from tests.dataset.films import clip_of, dataset_of, film, film_of_greys


def scanned(*clips: LabelledClip) -> tuple[ClipFacts, ...]:
    return scan(dataset_of(*clips), 5.0)


def test_what_a_file_is(tmp_path):
    (facts,) = scanned(clip_of(film_of_greys(tmp_path / "a.avi"), "x"))
    assert (facts.width, facts.height, facts.fault, facts.damage) == (32, 32, None, None)
    assert facts.duration_s == pytest.approx(2.0)
    assert facts.fps == pytest.approx(10.0)
    assert facts.frames == len(read_frames(facts.clip, 5.0, lambda image: 0)) == 10
    assert facts.signature.shape == (20, 8, 9)


def test_each_piece_of_a_file_is_what_the_model_sees_of_it(tmp_path):
    path = film_of_greys(tmp_path / "a.avi")
    spans = [(0.5, 1.0), (0.0, None), (1.5, 1.8), (0.5, 1.6)]
    clips = [clip_of(path, "x", start_s=start, end_s=end) for start, end in spans]
    found = scanned(*clips)
    assert [facts.clip for facts in found] == clips
    for facts in found:
        assert facts.frames == len(read_frames(facts.clip, 5.0, lambda image: 0))
    assert [round(facts.duration_s, 3) for facts in found] == [0.5, 2.0, 0.3, 1.1]


def test_bad_files_are_facts(tmp_path):
    greys = film_of_greys(tmp_path / "good.avi")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("a text, and no film\n" * 99)
    (tmp_path / "cut.mp4").write_bytes(film_of_greys(tmp_path / "whole.mp4").read_bytes()[:900])
    names = ("missing.mp4", "empty.mp4", "text.mp4", "cut.mp4", ".")
    broken = [clip_of(tmp_path / name, "x") for name in names]
    pieces = [
        clip_of(greys, "x", start_s=1.0, end_s=0.5),
        clip_of(greys, "x", start_s=99.0),
        clip_of(greys, "x"),
    ]
    found = scanned(*broken, *pieces)
    assert [facts.fault is None for facts in found] == [*[False] * 7, True]
    assert "no such file" in str(found[0].fault)
    assert "from 1 s to 0.5 s has no frame" in str(found[5].fault)
    assert all(len(facts.signature) == 0 for facts in found[:7])


def test_a_file_that_breaks_off_can_be_used_up_to_there(tmp_path):
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(40)]
    path = film(tmp_path / "a.avi", images)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (facts,) = scanned(clip_of(path, "x"))
    assert facts.fault is None
    assert facts.damage is not None and "of 40 frames" in facts.damage
    assert 0 < facts.frames < 20


def test_progress_is_told_at_each_clip(tmp_path):
    path, told = film_of_greys(tmp_path / "a.avi"), []
    clips = [clip_of(path, "x", start_s=s) for s in (0.0, 1.0)] + [clip_of("missing.mp4", "x")]
    scan(dataset_of(*clips), 5.0, lambda: told.append(1))
    assert len(told) == 3
