"""Live evaluation of a model whose mistakes are known: it is so many frames late."""

import json
from dataclasses import replace

import pytest

from streamrec.config import EventSettings, LiveOptions, ModelOptions, RuleOptions, StreamOptions
from streamrec.errors import DatasetError, LabelsError, OptionError
from streamrec.evaluation.live import evaluate_live, evaluate_variants, numbers
from tests.dataset.films import clip_of, dataset_of
from tests.evaluation.color_model import color_video
from tests.evaluation.late_model import FPS, late_variant

SHARP = StreamOptions(predict="grid", smooth="none")
AT_ONCE = EventSettings(rule=RuleOptions(consecutive=1, min_gap=0.0))


@pytest.fixture
def films(tmp_path):
    """Two seconds of red, of green, and a scene in which nothing happens."""
    return {
        name: color_video(tmp_path / f"{name}.avi", (color, 2.0))
        for name, color in {"red": "red", "green": "green", "scene": "blue"}.items()
    }


@pytest.fixture
def actions(films):
    return dataset_of(clip_of(films["red"], "red"), clip_of(films["green"], "Green"))


@pytest.fixture
def options(films):
    return LiveOptions(
        ages="0,0.1", background=str(films["scene"]), before=3.0, after=4.0, overlaps="0.7,0.8"
    )


def play(data, options, *delays: int, **values):
    variants = [late_variant(delay) for delay in delays or (0,)]
    return evaluate_variants(variants, data, options, stream=SHARP, events=AT_ONCE, **values)


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_a_model_that_is_late_is_found_to_be_so_late(actions, options, delay):
    answers = 2.0 * FPS
    for row in play(actions, options, delay).rows:
        found = row.figures
        assert found.clips == 2
        assert found.action_accuracy == (answers - delay) / answers
        assert found.background_accuracy == pytest.approx(1 - delay / (7.0 * FPS), abs=0.005)
        assert found.first_right.median_s == pytest.approx(delay / FPS)
        assert found.let_go.median_s == pytest.approx(delay / FPS, abs=1e-3)
        assert (found.first_right.never, found.let_go.never) == (0.0, 0.0)
        assert found.flicker_per_minute == pytest.approx(60 * bool(delay) / 1.8)
        assert row.alarms_per_hour == (None if row.age_min == 0.0 else 0.0)


@pytest.mark.parametrize(("delay", "overlaps"), [(0, [1, 1]), (2, [1, 0]), (20, [0, 0])])
def test_an_event_that_is_late_overlaps_less(actions, options, delay, overlaps):
    for row in play(actions, options, delay).rows:  # 1.8 of 2 s, 1.6 of 2.2 s, and none
        assert [events.recall for events in row.figures.events] == overlaps
        assert [events.precision for events in row.figures.events] == overlaps


def test_a_model_that_comes_too_late_is_never_right(actions, options):
    for row in play(actions, options, 20).rows:
        assert row.figures.first_right.median_s is None
        assert row.figures.first_right.never == 1.0


def test_variants_and_ages_are_rows_and_the_same_input_gives_the_same(actions, options):
    result = play(actions, options, 0, 2)
    assert [row.age_min for row in result.rows] == pytest.approx([0.0, 0.1, 0.0, 0.1])
    backwards = replace(actions, clips=actions.clips[::-1])
    assert play(backwards, options, 0, 2) == result
    assert [row.figures for row in play(actions, options, 2).rows] == [
        row.figures for row in result.rows[2:]
    ]


def test_alarms_are_events_in_the_background(actions, options, tmp_path):
    flash = color_video(tmp_path / "flash.avi", ("blue", 3.0), ("red", 1.0), ("blue", 2.0))
    fresh, old = play(actions, replace(options, background=str(flash), before=2.0, after=1.0)).rows
    assert fresh.alarms_per_hour is None
    assert old.alarms_per_hour == pytest.approx(600.0)  # one in six seconds
    assert fresh.figures.events[0].precision == old.figures.events[0].precision == 1.0


def test_clips_of_nothing_are_the_background_unless_told_otherwise(films, actions, options):
    scenes = clip_of(films["scene"]), clip_of(films["scene"], "still")
    data = dataset_of(*actions.clips, *scenes)
    own = play(data, replace(options, background=""))
    told = play(data, options)
    assert (own.background, told.background) == ("2 videos", "1 video")
    assert own.rows == told.rows
    assert own.quiet == ("still",)


def test_a_class_can_be_said_to_mean_that_nothing_happens(films, actions, options):
    result = play(actions, replace(options, background_label="Green,still"))
    assert result.quiet == ("still", "green")
    assert result.rows[0].figures.clips == 1


def test_without_a_background_a_clip_stands_still_before_it_begins(films, tmp_path, options):
    path = color_video(tmp_path / "a.avi", ("blue", 0.2), ("red", 1.6), ("blue", 0.2))
    result = play(dataset_of(clip_of(path, "red")), replace(options, background="", ages="0"))
    assert result.background == "still scenes"
    assert result.rows[0].figures.background_accuracy == 1.0
    assert result.rows[0].figures.action_accuracy == pytest.approx(0.8)


def test_files_that_cannot_be_read_are_left_out_and_told(actions, options, tmp_path):
    bad = clip_of(tmp_path / "missing.avi", "red")
    result = play(dataset_of(bad, *actions.clips), options)
    assert result.skipped == (f"{bad.path}: no such file: {bad.path}",)
    assert result.rows[0].figures.clips == 2
    with pytest.raises(DatasetError, match="none of the 1 clips can be read"):
        play(dataset_of(bad), options)


def test_progress_counts_minutes_and_clips(actions, options):
    told = []
    play(
        actions, replace(options, ages="2"), progress=lambda done, total: told.append((done, total))
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_labels_that_the_model_does_not_have_are_refused(films, actions, options):
    with pytest.raises(LabelsError, match="late does not know 'gren' \\(nearest: 'green'\\)"):
        play(dataset_of(clip_of(films["green"], "gren")), options)
    with pytest.raises(OptionError, match="--background-label names classes of the model"):
        play(actions, replace(options, background_label="quiet"))
    with pytest.raises(DatasetError, match="no clip of an action"):
        play(dataset_of(clip_of(films["scene"], "still")), options)


@pytest.mark.parametrize("text", ["", "a", "1,,x", "-1", "nan", "1e9", "inf"])
def test_numbers_that_are_none_are_refused(text):
    with pytest.raises(OptionError, match="--ages"):
        numbers("ages", text, 0.0, 1440.0)


def test_numbers_come_once_and_the_least_first():
    assert numbers("ages", " 10, 0 ,10,", 0.0, 1440.0) == [0.0, 10.0]


def test_a_model_is_loaded_and_its_figures_are_json(films):
    data = dataset_of(clip_of(films["red"], "swipe left"))
    options = LiveOptions(ages="0,0.05", before=1.0, after=1.0)
    result = evaluate_live("gestures", data, options, ModelOptions(runtime="onnx"))
    assert [(row.setting, row.horizon) for row in result.rows] == [("own", 16)] * 2
    assert json.loads(json.dumps(result.to_dict()))["rows"][1]["age_min"] == pytest.approx(0.05)
