"""The gesture model is judged on frames whose target is fair, and calibrated on them."""

import sys

import numpy as np
import pytest
from calibrate import main
from evaluate import FAIR, generated_answers
from generate import generate
from motion import IGNORE, LABELS
from train import GESTURES, load, new_model, save

from streamrec.weights.model_file import load_model

CLIPS = 2
SEED = 11


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("gestures") / "new.safetensors"
    save(new_model(0).state_dict(), path)
    return path


def test_every_fair_frame_has_an_answer_and_no_other(weights):
    answers = generated_answers(load(weights).eval(), SEED, CLIPS)
    clips = [generate(SEED, index) for index in range(CLIPS)]
    wanted = [c.targets[(c.targets != IGNORE) & (c.weights >= FAIR)] for c in clips]
    assert answers.truth.argmax(1).tolist() == np.concatenate(wanted).tolist()
    assert answers.labels == LABELS
    np.testing.assert_allclose(answers.scores.sum(1), 1, atol=1e-5)


def test_calibrating_scales_the_last_layer_alone(weights, tmp_path, monkeypatch, capsys):
    out = tmp_path / "calibrated.safetensors"
    options = ["--out", str(out), "--generated", str(CLIPS)]
    monkeypatch.setattr(sys, "argv", ["calibrate.py", str(weights), *options])
    main()
    told = float(capsys.readouterr().out.removeprefix("temperature "))
    before, after = load_model(weights), load_model(out)
    assert after.architecture == GESTURES
    for name, tensor in before.tensors.items():
        factor = told if name.startswith("head.classifier.") else 1.0
        np.testing.assert_allclose(after.tensors[name] * factor, tensor, rtol=1e-3, atol=1e-6)
