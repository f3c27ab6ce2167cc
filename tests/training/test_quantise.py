"""Learning with 8-bit rounding: it is what the 8-bit export computes."""

import copy

import numpy as np
import pytest
import torch
from support import random_model, tiny_architecture
from tiny_models import exported, trained
from torch import nn

from streamrec.errors import OptionError
from streamrec.export.int8 import quantize
from streamrec.runtimes.onnx import OnnxRuntime
from streamrec.training.parts import freeze_norms
from streamrec.training.quantise import Rounding

CLIPS = torch.rand(2, 8, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def network(family):
    """Tiny, so that differences of rounding are seen against its answers."""
    return (
        copy.deepcopy(trained()) if family == "stream" else random_model(tiny_architecture(family))
    )


def seen(model):
    """What it answers once the ranges are known."""
    model.train()
    freeze_norms(model)
    with torch.no_grad():
        model(CLIPS)
    return answers(model)


def answers(model):
    model.eval()
    with torch.no_grad():
        return model(CLIPS).numpy()


def int8_answers(model, ranges, folder):
    (folder / "float.onnx").write_bytes(exported(model))
    clips = [[frame[None].numpy() for frame in clip] for clip in CLIPS]
    quantize(folder / "float.onnx", clips, folder / "int8.onnx", ranges)
    runtime = OnnxRuntime(folder / "int8.onnx")
    streams = [(runtime.start(), clip) for clip in clips]
    return np.array([[stream.step(x) for x in clip] for stream, clip in streams])


@pytest.mark.parametrize(("family", "share"), [("mobile", 0.2), ("stream", 0.7)])
def test_it_rounds_as_the_exported_file_does(family, share, tmp_path):
    model = network(family)
    plain = answers(model)
    rounding = Rounding(model)
    rounded = seen(model)
    exact = int8_answers(model, rounding.finish(), tmp_path)
    lost = np.abs(rounded - plain).mean()
    assert lost > 0
    assert np.abs(rounded - exact).mean() < share * lost


@pytest.mark.parametrize("family", ["mobile", "stream"])
def test_once_it_is_over_the_network_is_what_it_was(family):
    model = network(family)
    before, names = answers(model), set(model.state_dict())
    rounding = Rounding(model)
    assert not np.array_equal(seen(model), before)
    rounding.finish()
    np.testing.assert_array_equal(answers(model), before)
    assert set(model.state_dict()) == names
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_before_any_training_batch_activations_are_not_rounded():
    model = network("mobile")
    rounding = Rounding(model)
    assert np.isfinite(answers(model)).all()
    assert set(rounding.finish().values()) == {(0.0, 0.0)}


def test_every_weight_learns():
    model = network("stream")
    Rounding(model)
    model.train()
    model(CLIPS).square().mean().backward()
    idle = [
        name
        for name, weight in model.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert idle == []


def test_a_copy_has_ranges_of_its_own_which_are_saved_with_its_weights():
    model = network("mobile")
    rounding = Rounding(model)
    other, before = copy.deepcopy(model), answers(model)
    expected = seen(other)
    np.testing.assert_array_equal(answers(model), before)
    model.load_state_dict(other.state_dict())
    np.testing.assert_array_equal(answers(model), expected)
    assert rounding.finish()["stem.input"][1] > 0.9


@pytest.mark.parametrize("model", [nn.Linear(2, 2), random_model(tiny_architecture("base"))])
def test_other_networks_are_refused(model):
    with pytest.raises(OptionError, match="stream and mobile"):
        Rounding(model)
