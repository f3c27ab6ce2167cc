import cv2
import numpy as np
import pytest
from made_runs import made_run, observed

from streamrec.comparison.figures import judge
from streamrec.comparison.plot import save_comparison_plot
from streamrec.errors import OutputError

pytest.importorskip("matplotlib", reason="the plot extra is not installed")

WALK, RUN = 0, 1
BLUE, GREEN = (255, 0, 0), (115, 158, 0)  # of the thumbnails; of the right class
FIRST, SECOND = (178, 114, 0), (0, 94, 213)  # of other classes


def drawn(path, *runs, label="walk", start_s=0.0, top=3):
    results = [judge(run, [label] * len(run.observations), start_s) for run in runs]
    save_comparison_plot(results, 0, path, top)
    return cv2.imread(str(path))


def pixels(picture, color) -> int:
    return int((picture == color).all(-1).sum())


def film(best=WALK):
    return observed([best] * 30, warm_up=5)


def test_models_stand_above_one_row_of_pictures(tmp_path):
    one = drawn(tmp_path / "one.png", made_run(film()))
    three = drawn(tmp_path / "three.png", *(made_run(film(), model=f"m{i}") for i in range(3)))
    assert three.shape[1] == one.shape[1] and three.shape[0] > one.shape[0]
    assert pixels(three, BLUE) == pytest.approx(pixels(one, BLUE), rel=0.3)
    assert (three == BLUE).all(-1).any(1).nonzero()[0].min() > 0.7 * len(three)


def test_the_right_class_has_a_colour_of_its_own(tmp_path):
    right = drawn(tmp_path / "right.png", made_run(film()), label=" WALK ")
    other = drawn(tmp_path / "other.png", made_run(film()), label="juggling")
    assert pixels(right, GREEN) > 1000 and pixels(other, GREEN) == 0


def test_a_class_looks_the_same_in_every_row(tmp_path):
    runs = [made_run(film(RUN), model="a"), made_run(film(RUN), model="b")]
    picture = drawn(tmp_path / "same.png", *runs, top=1, label=None)
    upper, lower = np.array_split(picture[: -picture.shape[0] // 3], 2)
    assert pixels(upper, FIRST) > 100 and pixels(lower, FIRST) > 100
    assert pixels(picture, SECOND) == 0


def test_an_untrained_model_is_grey(tmp_path):
    picture = drawn(tmp_path / "grey.png", made_run(film(), untrained=True))
    height = (picture == BLUE).all(-1).any(1).nonzero()[0].min() - 20
    assert np.ptp(picture[:height].astype(int), axis=-1).max() == 0


def test_never_warm_and_never_right_and_a_late_start_are_drawn(tmp_path):
    run = made_run(observed([RUN] * 4, warm_up=4))
    assert drawn(tmp_path / "odd.png", run, start_s=0.3) is not None


def test_a_single_picture_is_drawn(tmp_path):
    assert drawn(tmp_path / "one.png", made_run(observed([WALK]))) is not None


@pytest.mark.filterwarnings("error")
def test_many_classes_and_odd_names_are_drawn(tmp_path):
    labels = ("$\\frac$", "a $ b $", "_hidden", "\\", *(f"class {i}" for i in range(40)))
    run = made_run(observed([0, 1, 2, 3], labels=labels), model="$\\model$ {")
    assert drawn(tmp_path / "many.png", run, top=44, label="$\\FRAC$") is not None


def test_the_second_file_is_drawn_when_asked_for(tmp_path):
    result = judge(made_run(film(), film(RUN)), ["walk", "walk"])
    save_comparison_plot([result], 1, tmp_path / "second.png", 1)
    assert pixels(cv2.imread(str(tmp_path / "second.png")), GREEN) > 0


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(OutputError, match="take one of"):
        drawn(tmp_path / "plot.txt", made_run(film()))
