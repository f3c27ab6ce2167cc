"""Files that are damaged, foreign or made with intent must be refused: C++ trusts what passes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runtimes.native.models import card, good_file, needs_native, noise, with_card, with_weight
from tiny_models import exported, trained

from streamrec.errors import RuntimeMissingError, StreamrecError, WeightsError
from streamrec.runtimes.native import NativeRuntime

pytestmark = needs_native

HUGE = 2**40


def edited(path: str, value: object) -> bytes:
    """The good file with one value of its card changed."""
    *parents, last = (int(key) if key.isdigit() else key for key in path.split("."))
    root = record = card()
    for key in parents:
        record = record[key]
    record[last] = value
    return with_card(root)


def check_refused(file: bytes, error: type[StreamrecError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        NativeRuntime(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [0, -1, -8])
@pytest.mark.parametrize(
    "path",
    [
        *(f"plan.{name}" for name in ("stem", "project", "hidden")),
        *(f"plan.blocks.0.{name}" for name in ("inputs", "width", "outputs", "kernel", "stride")),
        "plan.blocks.1.taps",
    ],
)
def test_sizes_below_one_are_refused(path, value):
    check_refused(edited(path, value), WeightsError, f"of {value}; export the model again")


def test_a_kernel_whose_square_is_right_is_refused():
    assert card()["plan"]["blocks"][1]["kernel"] == 3
    check_refused(edited("plan.blocks.1.kernel", -3), WeightsError, "spatial kernel of -3")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("plan.stem", 2049, "channels of 2049, .* up to 2048"),
        ("plan.blocks.0.inputs", HUGE, "channels of"),
        ("plan.blocks.2.width", HUGE, "channels of"),
        ("plan.blocks.2.hidden", 2**32 + 16, "hidden channels of"),
        ("plan.hidden", 2**63, "hidden channels of"),
        ("plan.blocks.0.kernel", 9, "spatial kernel of 9, .* up to 7"),
        ("plan.blocks.0.stride", HUGE, "stride of"),
        ("plan.blocks.1.taps", 8, "temporal taps of 8, .* up to 7"),
        ("spec.preprocessing.height", 5000, "height or width of 5000, .* up to 4096"),
        ("plan.activation", "gelu", "activation 'gelu'"),
        ("plan.gate", "tanh", "activation 'tanh'"),
        ("plan", None, "carries no plan"),
    ],
)
def test_what_the_kernels_have_no_room_for_is_left_to_onnx_runtime(path, value, message):
    check_refused(edited(path, value), RuntimeMissingError, message)


def test_a_map_that_32_bits_do_not_count_is_left_to_onnx_runtime():
    changed = card()
    changed["spec"]["preprocessing"].update(height=4096, width=4096)
    changed["plan"]["blocks"][0]["width"] = 2048
    check_refused(with_card(changed), RuntimeMissingError, "floats in a map")


def test_blocks_that_do_not_fit_each_other_are_refused():
    check_refused(edited("plan.blocks.1.inputs", 16), WeightsError, "block 1 of its plan")
    check_refused(edited("plan.blocks.1.outputs", 15), WeightsError, "plan")


def test_a_skip_without_weights_must_not_change_the_shape():
    assert card()["plan"]["blocks"][0]["stride"] == 2
    check_refused(edited("plan.blocks.0.skip", False), WeightsError, "its own skip")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("plan.blocks.1.stride", 1),
        ("plan.blocks.0.hidden", 0),
        ("spec.preprocessing.height", 16),
        ("rings.1.shape", [1, 24, 8, 7]),
        ("rings", []),
    ],
)
def test_states_that_are_not_those_of_the_plan_are_refused(path, value):
    check_refused(edited(path, value), WeightsError, "states are not those of its plan")


def test_a_horizon_beyond_the_counter_is_none():
    def logits(horizon: int | None) -> np.ndarray:
        stream = NativeRuntime(edited("spec.horizon", horizon)).start()
        return np.stack([stream.step(frame) for frame in noise(5)])

    np.testing.assert_array_equal(logits(2**31), logits(2**24))
    np.testing.assert_array_equal(logits(2**32), logits(None))


NAMES = [
    "stem.weight",
    "stem.bias",
    "blocks.0.expand.weight",
    "blocks.1.spatial.weight",
    "blocks.1.temporal.0.weight",
    "blocks.1.temporal.bias",
    "blocks.2.attention.reduce.weight",
    "blocks.2.attention.expand.bias",
    "blocks.0.skip.project.weight",
    "head.project.weight",
    "head.hidden.weight",
    "head.classifier.bias",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_weight_that_is_missing_or_of_another_shape_is_refused(name):
    (found,) = (array for array in good_file().graph.initializer if array.name == name)
    outputs, *taps = found.dims
    zeros = np.zeros((outputs, *taps, 2), np.float32)
    check_refused(with_weight(name, None), WeightsError, f"{name} is missing")
    check_refused(with_weight(name, zeros), WeightsError, f"{name} is of shape")
    check_refused(with_weight(name, np.zeros(0, np.float32)), WeightsError, f"{name} is of shape")
    check_refused(with_weight(name, zeros[..., 0].astype(np.float64)), WeightsError, name)


def test_a_transposed_weight_is_refused():
    shape = (24, 48)  # of head.hidden, which is [48, 24]
    file = with_weight("head.hidden.weight", np.zeros(shape, np.float32))
    check_refused(file, WeightsError, r"of shape \[24, 48\], its plan says \[48, 24\]")


def run_or_refuse(file: bytes) -> None:
    """Take some steps, unless the file is refused in one line."""
    try:
        runtime = NativeRuntime(file)
        stream = runtime.start()
        size = runtime.spec.preprocessing
        for _ in range(3):
            logits = stream.step(np.ones((1, 3, size.height, size.width), np.float32))
        stream.state()
    except StreamrecError as error:
        assert "\n" not in str(error)
    else:
        assert logits.shape == (len(runtime.spec.labels),)


INTEGERS = st.one_of(st.integers(-10, 70), st.integers(-(2**63), 2**63 - 1), st.just(2**31))
FIELDS = ("inputs", "width", "outputs", "kernel", "stride", "taps", "hidden")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_number_in_a_plan_is_refused_or_runs(data):
    changed = card()
    plan = changed["plan"]
    for _ in range(data.draw(st.integers(1, 3))):
        if data.draw(st.booleans()):
            plan[data.draw(st.sampled_from(["stem", "project", "hidden"]))] = data.draw(INTEGERS)
        else:
            block = data.draw(st.sampled_from(plan["blocks"]))
            block[data.draw(st.sampled_from(FIELDS))] = data.draw(INTEGERS)
            block["skip"] = data.draw(st.booleans())
            block["position_scale"] = data.draw(st.sampled_from([None, 0.0, 0.5, 1e300]))
    run_or_refuse(with_card(changed))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_runs(data):
    file = bytearray(exported(trained(positional=True)))
    length = data.draw(st.one_of(st.just(len(file)), st.integers(0, len(file))))
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), max_size=4)):
        file[position] = data.draw(st.integers(0, 255))
    run_or_refuse(bytes(file[:length]))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data):
    with pytest.raises(WeightsError, match="ONNX file"):
        NativeRuntime(data)


def test_an_onnx_file_of_others_is_refused():
    model = type(good_file())()
    model.CopyFrom(good_file())
    del model.metadata_props[:]
    check_refused(model.SerializeToString(), WeightsError, "without streamrec's metadata")


def test_a_clip_model_and_a_missing_file_are_refused(tmp_path):
    check_refused(exported(trained("base")), WeightsError, "whole clips")
    with pytest.raises(WeightsError, match=r"no file .*missing\.onnx"):
        NativeRuntime(tmp_path / "missing.onnx")
