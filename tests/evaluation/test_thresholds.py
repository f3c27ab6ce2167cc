"""Scores at which events start."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streamrec.config import EventOptions, EventSettings, ModelOptions, RuleOptions, StreamOptions
from streamrec.errors import OptionError, OutputError
from streamrec.evaluation.open_set import Watched
from streamrec.evaluation.thresholds import Threshold, suggest, write_config
from streamrec.service.settings_file import read_settings
from tests.evaluation.color_model import clip


def suggested(peaks, shows, precision=0.9) -> Threshold | None:
    """The threshold of a label with these peaks, from clips that show it or do not."""
    watched = [
        Watched(clip=clip("x"), duration_s=1.0, events=(), peaks=np.array([peak], np.float32))
        for peak in peaks
    ]
    found = suggest(watched, np.array(shows, bool)[:, None], ["a"], precision)
    return found[0] if found else None


def test_it_is_half_way_between_what_is_let_through_and_what_is_not():
    one = suggested([0.9, 0.8, 0.4, 0.2], [1, 1, 0, 0])
    assert (one.on_score, one.off_score) == (pytest.approx(0.6), pytest.approx(0.36))
    assert (one.precision, one.recall, one.clips, one.reached) == (1, 1, 2, True)


def test_it_lets_as_many_through_as_the_wanted_precision_allows():
    peaks, shows = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], [1, 1, 0, 1, 1, 0]
    strict, loose = suggested(peaks, shows, 1.0), suggested(peaks, shows, 0.8)
    assert (strict.on_score, strict.recall) == (pytest.approx(0.75), 0.5)
    assert (loose.on_score, loose.precision, loose.recall) == (pytest.approx(0.45), 0.8, 1)


def test_where_the_precision_cannot_be_had_it_is_the_best_f1():
    one = suggested([0.9, 0.8, 0.7, 0.3], [0, 1, 1, 1])
    assert not one.reached
    assert (one.on_score, one.precision, one.recall) == (pytest.approx(0.15), 0.75, 1)


def test_a_label_that_no_clip_raises_has_none():
    assert suggested([0.9, 0.0], [0, 1]) is None


def test_few_clips_say_so():
    assert suggested([0.9] * 9, [1] * 9).few
    assert not suggested([0.9] * 10, [1] * 10).few


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1, max_size=30),
    st.floats(0.1, 1.0),
)
def test_precision_and_recall_are_those_of_the_threshold(clips, precision):
    peaks, shows = (np.array(column) for column in zip(*clips, strict=True))
    one = suggested(peaks, shows, precision)
    assume(one is not None)
    raised = peaks.astype(np.float32) >= np.float32(one.on_score)
    assert one.precision == pytest.approx((raised & shows).sum() / raised.sum())
    assert one.recall == pytest.approx((raised & shows).sum() / shows.sum())
    assert one.reached is bool(one.precision >= precision)
    assert 0 <= one.off_score <= one.on_score <= 1


@pytest.mark.parametrize("bad", [0.0, 1.1])
def test_a_precision_that_cannot_be_is_refused(bad):
    with pytest.raises(OptionError, match="above 0 and at most 1"):
        suggested([0.5], [1], bad)


def threshold(label: str, **values) -> Threshold:
    given = {"on_score": 0.613, "off_score": 0.368, "precision": 0.9, "recall": 0.8, "clips": 20}
    return Threshold(label=label, reached=True, **{**given, **values})


def test_the_configuration_says_what_was_measured(tmp_path):
    path = tmp_path / "cameras.yaml"
    labels = ["swipe: left", "[odd] #1", "café", "yes", "42"]
    events = EventSettings(
        options=EventOptions(exclusive=False),
        rule=RuleOptions(consecutive=3, min_duration=0.5),
        deny=("still",),
    )
    options = [
        ModelOptions(model="C:\\my models\\a.onnx", runtime="onnx"),
        StreamOptions(predict="grid", smooth_seconds=1.0),
    ]
    write_config(path, [threshold(label) for label in labels], events, options)
    service = read_settings(path)
    assert service.cameras == {}
    text = path.read_text(encoding="utf-8").replace("cameras: {}", "cameras:\n  a: {source: '0'}")
    path.write_text(text, encoding="utf-8")
    camera = read_settings(path).cameras["a"]
    assert (camera.model, camera.stream) == tuple(options)
    assert camera.events.options == events.options
    assert camera.events.rule == events.rule
    assert camera.events.deny == ("still",)
    assert list(camera.events.labels) == labels
    for rule in camera.events.labels.values():
        assert rule == RuleOptions(on_score=0.613, off_score=0.368, consecutive=3, min_duration=0.5)


def test_precision_and_recall_are_told_beside_the_scores(tmp_path):
    path = tmp_path / "cameras.yaml"
    write_config(path, [threshold("a"), threshold("b", clips=3)], EventSettings(), [])
    lines = path.read_text().splitlines()
    said = "{on_score: 0.613, off_score: 0.368}  # precision 0.90, recall 0.80, clips:"
    assert f"      a: {said} 20" in lines
    assert f"      b: {said} 3, too few to be sure" in lines


def test_a_configuration_that_exists_stays_as_it_is(tmp_path):
    path = tmp_path / "cameras.yaml"
    path.write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        write_config(path, [threshold("a")], EventSettings(), [])
    assert path.read_text() == "mine"
