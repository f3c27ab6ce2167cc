import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from streamrec.classify import FileAnswer
from streamrec.errors import OutputError, RuntimeMissingError
from streamrec.plot import save_plot

pytest.importorskip("matplotlib", reason="the plot extra is not installed")


def answer(steps: int = 20, thumbnails: int = 12) -> FileAnswer:
    timeline = np.random.default_rng(0).dirichlet(np.ones(5), steps).astype(np.float32)
    picture = np.full((20, 30, 3), (255, 0, 0), np.uint8)
    return FileAnswer(
        file="a clip.mp4",
        model="tiny",
        labels=("walk", "run", "sit", "stand", "swim $x$ & <y> \N{SNOWMAN}"),
        frames=steps * 6,
        duration_s=steps / 5,
        scores=timeline[-1],
        times_s=tuple(i / 5 for i in range(steps)),
        timeline=timeline,
        thumbnails=tuple((i / 3, picture) for i in range(thumbnails)),
    )


def test_a_png_is_drawn_with_the_frames_in_their_own_colours(tmp_path):
    path = tmp_path / "plot.png"
    save_plot(answer(), path, 5)
    picture = cv2.imread(str(path))
    assert picture.shape == (600, 1200, 3)
    assert (picture == (255, 0, 0)).all(-1).sum() > 1000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".PNG"])
def test_the_suffix_tells_the_format(tmp_path, suffix):
    path = tmp_path / f"plot{suffix}"
    save_plot(answer(), path, 2)
    mark = {".svg": b"<svg", ".pdf": b"%PDF", ".PNG": b"PNG"}[suffix]
    assert mark in path.read_bytes()[:2000]


def test_a_single_picture_can_be_drawn(tmp_path):
    save_plot(answer(steps=1, thumbnails=1), tmp_path / "plot.png", 50)
    assert (tmp_path / "plot.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["plot", "plot.mp4", "plot.png.exe"])
def test_an_unknown_suffix_is_refused_and_leaves_nothing(tmp_path, name):
    with pytest.raises(OutputError, match="take one of"):
        save_plot(answer(), tmp_path / name, 5)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        save_plot(answer(), tmp_path / "file" / "plot.png", 5)


def test_without_matplotlib_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(RuntimeMissingError, match=r"pip install .*\[plot\]"):
        save_plot(answer(), tmp_path / "plot.png", 5)


@pytest.mark.filterwarnings("error")
def test_dollar_signs_in_names_are_no_formulas(tmp_path):
    odd = replace(answer(), file="$\\frac$.mp4", labels=("$\\frac$", "a $ b $ c", "x_{", "\\", "y"))
    save_plot(odd, tmp_path / "plot.png", 5)
