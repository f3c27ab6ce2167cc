import numpy as np
import pytest
from tiny_models import runtime, spec, trained

from streamrec.errors import ParityError
from streamrec.runtimes.parity import FRAMES, check_parity, last_logits, noise


def test_the_frames_are_the_same_on_every_machine():
    frames = noise(spec(trained()))
    assert frames.shape == (FRAMES, 1, 3, 32, 32)
    assert frames.dtype == np.float32
    assert 0 <= frames.min() < 0.01
    assert 0.99 < frames.max() < 1
    assert abs(frames.mean() - 0.5) < 0.01
    np.testing.assert_array_equal(frames[0, 0, 0, 0, :2] * 2**24, [0, 2654435761 >> 8])


def test_an_export_carries_figures_that_onnx_runtime_agrees_with():
    exported = runtime()
    assert check_parity(exported, np.array(exported.card.check, np.float32)) < 1e-5


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("wrong", [1000.0, np.nan])
def test_other_figures_are_refused_with_both_numbers(precision, wrong):
    exported = runtime()
    expected = last_logits(exported) + np.float32(wrong)
    with pytest.raises(ParityError, match=r"ONNX Runtime .* differs from PyTorch .* allowed"):
        check_parity(exported, expected, precision)


def test_figures_of_another_number_of_classes_are_refused():
    with pytest.raises(ParityError, match="carries 9 figures to compare with, and has 10 classes"):
        check_parity(runtime(), np.zeros(9, np.float32))


def test_bf16_may_differ_more():
    exported = runtime()
    expected = last_logits(exported) + np.float32(0.01)
    assert check_parity(exported, expected, "bf16") == pytest.approx(0.01, rel=1e-3)
    with pytest.raises(ParityError):
        check_parity(exported, expected)
