"""Tests of fitting tensors to architectures, and of telling which they are."""

from dataclasses import replace

import numpy as np
import pytest

from streamrec.errors import WeightsError
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.models.registry import ARCHITECTURES, MOVINETS
from streamrec.weights.fit import check, fit, parameter_shapes
from tests.weights.tiny import TINY, TINY_STREAM, random_tensors


def empty_tensors(architecture):
    return {
        name: np.zeros(shape, np.float32) for name, shape in parameter_shapes(architecture).items()
    }


@pytest.mark.parametrize("record", [*MOVINETS.values(), *TINY], ids=lambda r: r.name)
def test_parameter_shapes_are_those_of_the_network(record):
    torch = pytest.importorskip("torch")
    from streamrec.models.movinet import MoViNet

    with torch.device("meta"):
        state = MoViNet(record).state_dict()
    shapes = {name: tuple(value.shape) for name, value in state.items()}
    counters = {name for name in shapes if name.endswith("num_batches_tracked")}
    assert parameter_shapes(record) == {n: s for n, s in shapes.items() if n not in counters}


ALIKE = {f"x3d-{size}" for size in ("xs", "s", "m")}


@pytest.mark.parametrize(
    "name",
    [
        "movinet-a0-base",
        "movinet-a2-mobile",
        "movinet-a3-stream",
        *CLIP_ARCHITECTURES.keys() - ALIKE,
    ],
)
def test_the_architecture_is_told_from_the_shapes(name):
    assert fit(empty_tensors(ARCHITECTURES[name]), None)[0] == ARCHITECTURES[name]


@pytest.mark.parametrize("name", ["movinet-a0-stream", "r3d-18", "i3d-two-stream", "s3d"])
def test_number_of_classes_follows_the_tensors(name):
    record = replace(ARCHITECTURES[name], classes=7)
    assert fit(empty_tensors(record), None)[0] == record


def test_where_several_architectures_fit_alike_one_must_be_named():
    tensors = empty_tensors(ARCHITECTURES["x3d-s"])
    with pytest.raises(WeightsError, match=r"several.*: x3d-xs, x3d-s, x3d-m; .*--architecture"):
        fit(tensors, None)
    assert fit(tensors, ARCHITECTURES["x3d-m"])[0] == ARCHITECTURES["x3d-m"]


def test_without_the_classes_of_either_data_set_one_must_be_named():
    record = replace(ARCHITECTURES["mobilenet3d-v2-0.2"], classes=5)
    with pytest.raises(WeightsError, match=r"mobilenet3d-v2-0\.2, mobilenet3d-v2-0\.2-jester;"):
        fit(empty_tensors(record), None)


def test_the_half_squeeze_excitation_width_of_older_checkpoints_is_told():
    record = replace(ARCHITECTURES["movinet-a1-stream"], se_ratio=0.25)
    assert fit(empty_tensors(record), None)[0] == record


def test_positional_encoding_follows_the_tensors():
    record = replace(ARCHITECTURES["movinet-a3-stream"], positional_encoding=False)
    assert fit(empty_tensors(record), None)[0] == record


def test_unit_dimensions_do_not_count():
    tensors = random_tensors(TINY_STREAM)
    squeezed = {name: value.squeeze() for name, value in tensors.items()}
    fitted = fit(squeezed, TINY_STREAM)[1]
    for name, value in tensors.items():
        np.testing.assert_array_equal(fitted[name], value, strict=True)


def test_unit_dimensions_of_clip_models_count():
    record = ARCHITECTURES["mobilenet3d-v2-0.2"]
    tensors = {name: value.squeeze() for name, value in empty_tensors(record).items()}
    with pytest.raises(WeightsError, match="instead of"):
        fit(tensors, record)


@pytest.mark.parametrize("record", [TINY_STREAM, ARCHITECTURES["x3d-xs"]], ids=lambda r: r.name)
def test_step_counters_are_dropped(record):
    tensors = random_tensors(record)
    counted = tensors | {"stem.norm.num_batches_tracked": np.array(3)}
    assert check(counted, record).keys() == tensors.keys()


def test_published_weights_that_inference_does_not_need_are_dropped():
    record = ARCHITECTURES["inception-v1"]
    tensors = random_tensors(record)
    published = tensors | {"aux1.fc1.bias": np.zeros(1024), "aux2.fc1.bias": np.zeros(1024)}
    assert check(published, record).keys() == tensors.keys()
    with pytest.raises(WeightsError, match=r"other\.bias is left over"):
        check(published | {"other.bias": np.zeros(4)}, record)


def change(tensors, **changed):
    for name, value in changed.items():
        if value is None:
            del tensors[name.replace("__", ".")]
        else:
            tensors[name.replace("__", ".")] = np.asarray(value, np.float32)
    return tensors


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"stem__conv__weight": None}, "stem.conv.weight is missing"),
        ({"stem__extra": 1}, "stem.extra is left over"),
        ({"stem__norm__bias": [1, 2]}, r"stem.norm.bias is \[2\] instead of \[8\]"),
        ({"stem__norm__bias": [np.nan] * 8}, "stem.norm.bias has values that are not finite"),
    ],
)
def test_what_does_not_fit_is_named(changed, message):
    tensors = change(random_tensors(TINY_STREAM), **changed)
    with pytest.raises(WeightsError, match=message):
        fit(tensors, TINY_STREAM)


def test_a_long_list_of_differences_is_cut():
    with pytest.raises(
        WeightsError, match=r"is missing; .* is missing; .* is missing; and .* more"
    ):
        fit({}, TINY_STREAM)


def test_weights_of_no_known_architecture_say_which_is_nearest():
    tensors = change(empty_tensors(ARCHITECTURES["movinet-a2-base"]), stem__norm__bias=None)
    with pytest.raises(WeightsError, match=r"nearest is movinet-a2-base: stem\.norm\.bias is"):
        fit(tensors, None)
