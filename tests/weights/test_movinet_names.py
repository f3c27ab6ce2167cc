"""Tests of the map from TensorFlow's variable names to ours."""

import numpy as np
import pytest

from streamrec.errors import WeightsError
from streamrec.weights.fit import fit
from streamrec.weights.movinet_names import rename_checkpoint
from tests.weights.tiny import (
    TINY_BASE,
    TINY_MOBILE,
    TINY_POSITION,
    TINY_STREAM,
    as_checkpoint,
    random_tensors,
)

LAYOUTS = ["model/layer_with_weights-0", "backbone"]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("architecture", "inner", "rank"),
    [
        (TINY_STREAM, True, 4),
        (TINY_POSITION, True, 4),
        (TINY_MOBILE, True, 4),
        (TINY_STREAM, False, 5),
        (TINY_BASE, False, 5),
    ],
)
def test_every_variable_finds_its_place(layout, architecture, inner, rank):
    tensors = random_tensors(architecture)
    renamed = rename_checkpoint(as_checkpoint(tensors, layout, inner, rank))
    fitted = fit(renamed, architecture)[1]
    assert fitted.keys() == tensors.keys()
    for name, value in tensors.items():
        np.testing.assert_array_equal(fitted[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("folder", "architecture"),
    [
        ("tiny_stream_cal", TINY_STREAM),
        ("tiny_streampos_cal", TINY_POSITION),
        ("tiny_base_cal", TINY_BASE),
    ],
)
def test_both_layouts_of_the_reference_hold_the_same_weights(shared, folder, architecture):
    from streamrec.weights.tensor_bundle import read_bundle

    root = shared / "reference" / folder
    one, other = (
        fit(rename_checkpoint(read_bundle(path / "ckpt-1")), architecture)[1]
        for path in (root, root / "mb")
    )
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(other[name], value)


@pytest.mark.parametrize(
    "name",
    [
        "save_counter/.ATTRIBUTES/VARIABLE_VALUE",
        "global_step/.ATTRIBUTES/VARIABLE_VALUE",
        "optimizer/learning_rate/.ATTRIBUTES/VARIABLE_VALUE",
        "backbone/layer_with_weights-0/_stem/_conv/_conv/kernel/.OPTIMIZER_SLOT/optimizer/m/"
        ".ATTRIBUTES/VARIABLE_VALUE",
    ],
)
def test_optimizer_state_and_counters_are_ignored(name):
    assert rename_checkpoint({name: np.zeros((1, 2, 3, 4))}) == {}


def test_a_variable_of_another_network_is_named():
    with pytest.raises(WeightsError, match=r"no MoViNet: it has 'encoder/kernel'"):
        rename_checkpoint({"encoder/kernel/.ATTRIBUTES/VARIABLE_VALUE": np.zeros(1)})


def test_a_variable_that_occurs_twice_is_an_error():
    checkpoint = {
        f"{layout}/layer_with_weights-0/_stem/_batch_norm/gamma": np.zeros(8) for layout in "ab"
    }
    with pytest.raises(WeightsError, match=r"stem\.norm\.weight twice"):
        rename_checkpoint(checkpoint)
