"""Answers of a teacher, and learning from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from streamrec.errors import LabelsError, OptionError
from streamrec.recognizer import Recognizer
from streamrec.training.distil import distillation_loss, soft_targets
from tests.evaluation.color_model import (
    ColorRuntime,
    clip,
    color_recognizer,
    color_video,
    probabilities,
)

LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.0, 0.0, 3.0]])


@pytest.fixture
def clips(tmp_path):
    red = color_video(tmp_path / "red.avi", ("red", 1.0))
    both = color_video(tmp_path / "both.avi", ("green", 1.0), ("blue", 1.0))
    return [clip(red, "red"), clip(both, "blue", end_s=1.0)]


def test_a_teacher_answers_for_the_classes_of_the_clips_in_their_order(clips):
    told = []
    soft = soft_targets(color_recognizer(), clips, ("Blue", "red"), lambda: told.append(1))
    both = np.stack([probabilities("red"), probabilities("green")])[:, [2, 0]]
    np.testing.assert_allclose(np.exp(soft), both / both.sum(1, keepdims=True), atol=0.03)
    assert (soft.dtype, len(told)) == (np.float32, 2)


def test_certainty_stays_finite(clips):
    assert np.isfinite(soft_targets(color_recognizer(gain=500.0), clips, ("blue", "red"))).all()


def test_a_teacher_without_some_of_the_classes_says_which(clips):
    with pytest.raises(LabelsError, match="gren"):
        soft_targets(color_recognizer(), clips, ("red", "gren"))


def test_a_teacher_of_several_labels_is_refused(clips):
    runtime = ColorRuntime()
    runtime.spec = replace(runtime.spec, multi_label=True)
    with pytest.raises(OptionError, match="several classes"):
        soft_targets(Recognizer("many", [runtime]), clips, ("red",))


def test_equal_answers_cost_nothing():
    frames = LOGITS[:, None].expand(-1, 4, -1)
    assert distillation_loss(LOGITS + 3.0, LOGITS).item() == pytest.approx(0.0, abs=1e-6)
    assert distillation_loss(frames, LOGITS).item() == pytest.approx(0.0, abs=1e-6)


def test_frames_count_alike():
    frames = torch.stack([LOGITS, LOGITS.flip(1)], 1)
    second = distillation_loss(LOGITS.flip(1), LOGITS)
    torch.testing.assert_close(distillation_loss(frames, LOGITS), second / 2)


def test_gradients_pull_answers_together_and_keep_their_size():
    ours, theirs = torch.zeros(1, 2, requires_grad=True), torch.tensor([[0.2, -0.2]])
    pulls = []
    for temperature in (1.0, 8.0):
        (pull,) = torch.autograd.grad(distillation_loss(ours, theirs, temperature), ours)
        pulls.append(pull)
    assert pulls[0][0, 0] < 0 < pulls[0][0, 1]
    torch.testing.assert_close(pulls[0], pulls[1], rtol=0.02, atol=0.0)
