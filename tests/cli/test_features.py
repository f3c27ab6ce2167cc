"""``streamrec features``."""

import cv2
import numpy as np
import pytest


def test_the_features_of_files_are_written(cli, tmp_path, video, weights_file, weights):
    files = [video(f"{name}.avi") for name in "ab"]
    result = cli("features", *files, "--model", weights_file, "--to", tmp_path / "out.npz")
    assert result.code == 0, result.err
    assert result.out == f"{tmp_path / 'out.npz'}: 2 files, 48 features each\n"
    with np.load(tmp_path / "out.npz") as written:
        assert written["files"].tolist() == list(map(str, files))
        assert written["model"] == "tiny"
        assert written["features"].shape == (2, weights.architecture.hidden)


def test_clip_models_have_features_too(cli, tmp_path, video, base_file):
    out = tmp_path / "out.npz"
    assert cli("features", video(), "--model", base_file, "--to", out).code == 0
    with np.load(out) as written:
        assert np.isfinite(written["features"]).all() and written["features"].std() > 0


def test_a_map_of_the_files_is_drawn(cli, tmp_path, video, weights_file):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    pytest.importorskip("sklearn", reason="the features extra is not installed")
    files = [video(f"{name}.avi") for name in "abc"]
    out = tmp_path / "map.png"
    assert cli("features", *files, "--model", weights_file, "--plot", out).code == 0
    assert cv2.imread(str(out)).std() > 10


def test_a_file_that_cannot_be_read_costs_no_other(cli, tmp_path, video, weights_file):
    out = tmp_path / "out.npz"
    options = ("--model", weights_file, "--to", out)
    cli("features", tmp_path / "none.avi", video(), *options).fails(3, "none.avi")
    with np.load(out) as written:
        assert len(written["files"]) == 1


def test_where_too_few_are_left_for_a_map_both_reasons_are_told(cli, tmp_path, video, weights_file):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    pytest.importorskip("sklearn", reason="the features extra is not installed")
    files = [tmp_path / "none.avi", video("a.avi"), video("b.avi")]
    result = cli("features", *files, "--model", weights_file, "--plot", tmp_path / "map.png")
    missing, few = result.err.splitlines()
    assert result.code == 2
    assert "none.avi" in missing and "at least 3 files, got 2" in few


def test_a_map_does_not_replace_a_picture_that_is_read(cli, tmp_path, weights_file):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    pytest.importorskip("sklearn", reason="the features extra is not installed")
    pictures = [tmp_path / f"{name}.png" for name in "abc"]
    for picture in pictures:
        cv2.imwrite(str(picture), np.zeros((40, 40, 3), np.uint8))
    result = cli("features", *pictures, "--model", weights_file, "--plot", pictures[1])
    result.fails(2, "b.png", "source itself")
    assert cv2.imread(str(pictures[1])).shape == (40, 40, 3)


def test_what_cannot_be_done_is_refused_first(cli, tmp_path, video, weights_file, model):
    clip, tiny, out = video(), ("--model", weights_file), tmp_path / "out.npz"
    cli("features", clip, *tiny).fails(2, "--to OUT.npz")
    cli("features", clip, *tiny, "--to", tmp_path / "out.csv").fails(5, ".parquet")
    cli("features", clip, "--model", model, "--to", out).fails(2, "a file of its weights")
    cli("features", clip, "--model", "gestures", "--to", out).fails(2, "a file of its weights")
    cli("features", "synthetic:?live=1", *tiny, "--to", out).fails(2, "has no end")
    cli("features", clip, *tiny, "--to", out, "--device", "abacus").fails(4, "abacus")
    pytest.importorskip("sklearn", reason="the features extra is not installed")
    cli("features", clip, *tiny, "--plot", tmp_path / "map.png").fails(2, "at least 3 files")
    assert not out.exists()
