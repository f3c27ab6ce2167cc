"""Temperatures: probabilities that mean what they say."""

import numpy as np
import pytest
import torch
from support import tiny_architecture

from streamrec.dataset.clips import LabelledClip
from streamrec.evaluation.answers import Answers
from streamrec.model_source import network
from streamrec.training.calibrate import cooled, fit_temperature, with_temperature
from streamrec.weights.untrained import untrained


def answers(scores, truth):
    clips = [LabelledClip(path=f"{i}.mp4", labels=("a",)) for i in range(len(scores))]
    return Answers(model="m", labels=("a", "b"), clips=clips, truth=truth, scores=scores)


def overconfident(right=70, wrong=30, logit=4.0):
    sure = 1 / (1 + np.exp(-logit))
    scores = np.tile(np.array([[sure, 1 - sure]], np.float32), (right + wrong, 1))
    truth = np.zeros_like(scores, np.bool_)
    truth[:right, 0] = truth[right:, 1] = True
    return answers(scores, truth)


def test_the_temperature_makes_confidence_accuracy():
    found = overconfident()
    calibrated = cooled(found, fit_temperature(found))
    assert calibrated.scores[0, 0] == pytest.approx(0.7, abs=0.02)


def test_of_several_labels_each_probability_is_calibrated():
    scores = np.full((100, 2), 0.98, np.float32)
    truth = np.zeros((100, 2), np.bool_)
    truth[:80, 0] = truth[20:, 1] = True
    calibrated = cooled(answers(scores, truth), fit_temperature(answers(scores, truth)))
    assert calibrated.scores[0, 0] == pytest.approx(0.8, abs=0.03)


def test_a_handful_of_clips_that_are_all_right_asks_for_no_infinity():
    assert 0.3 < fit_temperature(overconfident(right=3, wrong=0, logit=1.0)) < 1.0


def test_clips_of_no_class_do_not_count():
    nothing = answers(np.full((2, 2), 0.5, np.float32), np.zeros((2, 2), np.bool_))
    assert fit_temperature(nothing) == 1.0


@torch.inference_mode()
def test_a_model_with_a_temperature_gives_its_logits_divided():
    weights = untrained(tiny_architecture("stream"))
    clip = torch.rand(1, 3, 3, 32, 32)
    before, after = network(weights)(clip), network(with_temperature(weights, 2.5))(clip)
    assert torch.allclose(before / 2.5, after, atol=1e-5)
    assert "2.500" in with_temperature(weights, 2.5).provenance["temperature"]
