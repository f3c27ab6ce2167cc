import math

import numpy as np
import pytest
from made_runs import LABELS, made_run, observed

from streamrec.comparison.figures import file_figures, judge

WALK, RUN, SIT = 0, 1, 2
ORDER = (0.1, 0.3, 0.2, 0.15, 0.14, 0.08, 0.03)
"""Probabilities of the labels: run, sit, stand, swim, walk, fly, arm wrestling."""


@pytest.mark.parametrize(
    "label,top1,top5", [("run", True, True), ("walk", False, True), ("fly", False, False)]
)
def test_the_label_is_the_best_class_or_among_the_best_five(label, top1, top5):
    figures = file_figures(observed([WALK], final=ORDER), label)
    assert (figures.knows_label, figures.top1, figures.top5) == (True, top1, top5)


@pytest.mark.parametrize("label", ["Arm Wrestling", "  arm wrestling ", "ARM WRESTLING\n"])
def test_case_and_surrounding_space_of_a_label_do_not_matter(label):
    assert file_figures(observed([len(LABELS) - 1]), label).top1 is True


@pytest.mark.parametrize("label", ["juggling", "", None])
def test_a_label_that_the_model_does_not_know_is_not_judged(label):
    figures = file_figures(observed([WALK]), label)
    assert figures.knows_label is False
    assert (figures.top1, figures.top5, figures.first_right_s) == (None, None, None)


def test_the_first_right_moment_counts_from_the_start_of_the_action():
    observation = observed([RUN, WALK, WALK, RUN, RUN, WALK])
    assert file_figures(observation, "run").first_right_s == 0.0
    assert file_figures(observation, "run", 0.3).first_right_s == pytest.approx(0.3)
    assert file_figures(observation, "walk").first_right_s == pytest.approx(0.2)
    assert file_figures(observation, "sit").first_right_s == math.inf


def test_flicker_is_the_changes_of_the_smoothed_best_class_per_minute():
    observation = observed([WALK, RUN, RUN, WALK, WALK, WALK, SIT])
    assert file_figures(observation, None).flicker_per_minute == pytest.approx(3 / 1.2 * 60)


def test_times_are_medians_and_those_of_frames_follow():
    result = judge(made_run(observed([WALK] * 3, spent_s=[9.0, 0.02, 0.01])), ["walk"])
    assert result.overall.ms_per_prediction == pytest.approx(20.0)
    assert result.overall.ms_per_frame == pytest.approx(20.0 * 3 / 18)


def test_multiply_adds_are_those_of_the_predictions_that_were_made():
    run = made_run(observed([WALK] * 10), macs=1000)
    assert judge(run, [None]).overall.macs_per_s == pytest.approx(5 * 1000)
    assert judge(made_run(observed([WALK]), macs=None), [None]).overall.macs_per_s is None


def test_several_files_are_counted_and_those_without_a_known_label_left_out():
    files = [observed([WALK] * 4), observed([SIT, WALK, WALK]), observed([RUN] * 9)]
    overall = judge(made_run(*files), ["walk", "walk", "juggling"]).overall
    assert (overall.judged, overall.top1, overall.top5) == (2, 2, 2)
    assert overall.first_right_s == pytest.approx(0.1)
    assert overall.flicker_per_minute == pytest.approx(60 * 1 / (0.6 + 0.4 + 1.6))


def test_never_right_in_most_files_is_never():
    files = [observed([WALK]), observed([SIT]), observed([SIT])]
    assert judge(made_run(*files), ["walk"] * 3).overall.first_right_s == math.inf


def test_untrained_models_are_not_judged():
    result = judge(made_run(observed([WALK]), untrained=True), ["walk"])
    assert result.overall.judged == 0 and result.overall.first_right_s is None
    assert result.of_files[0].label == "walk" and not result.of_files[0].knows_label


def test_a_single_picture_has_no_flicker_and_no_rate():
    observation = observed([WALK])
    assert np.isclose(judge(made_run(observation), ["walk"]).overall.flicker_per_minute, 0.0)
