import numpy as np
import pytest
import torch
from tiny_models import spec, trained

from streamrec.errors import FrameError, RuntimeMissingError
from streamrec.runtimes.torch import TorchClip, TorchRuntime, torch_device


def test_auto_is_the_gpu_where_there_is_one():
    assert torch_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["", "cuda:99", "toaster", "mps:7"])
def test_a_device_that_is_not_there_is_refused_in_one_line(name):
    with pytest.raises(RuntimeMissingError, match=f"{name!r}.*auto, cpu") as caught:
        torch_device(name)
    assert "\n" not in str(caught.value)


def test_a_whole_clip_is_run_without_gradients():
    model = trained("base")
    logits = TorchClip(model, spec(model), device="cpu").run(np.zeros((4, 3, 32, 32), np.float32))
    assert logits.shape == (10,)
    assert logits.dtype == np.float32


def test_a_clip_of_another_size_is_refused():
    model = trained("base")
    with pytest.raises(FrameError, match=r"\[T, 3, 32, 32\]"):
        TorchClip(model, spec(model), device="cpu").run(np.zeros((4, 3, 30, 32), np.float32))


def test_a_model_is_run_as_in_inference_even_if_it_was_in_training():
    model = trained()
    frame = np.full((1, 3, 32, 32), 0.5, np.float32)
    expected = TorchRuntime(model, spec(model), device="cpu").start().step(frame)
    model.train()
    logits = TorchRuntime(model, spec(model), device="cpu").start().step(frame)
    np.testing.assert_array_equal(logits, expected)
