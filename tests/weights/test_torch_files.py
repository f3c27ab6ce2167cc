"""Tests of reading PyTorch's files: weights come out, and nothing runs."""

import io
import os
import pickle
import tarfile
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamrec.errors import WeightsError
from streamrec.weights.torch_files import read_torch
from tests.weights.torch_writer import data_parallel, saved, saved_by_python_2, write

WEIGHTS = {"stem.weight": torch.arange(6.0).reshape(2, 3), "stem.bias": torch.tensor([0.5, -1.0])}
FORMS = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


def assert_are_the_weights(tensors):
    assert tensors.keys() == WEIGHTS.keys()
    for name, tensor in WEIGHTS.items():
        np.testing.assert_array_equal(tensors[name], tensor.numpy(), strict=True)


@FORMS
@pytest.mark.parametrize(
    "content",
    [
        WEIGHTS,
        OrderedDict(WEIGHTS),
        {"state_dict": WEIGHTS, "epoch": 3},
        {"model_state": WEIGHTS, "cfg": "TRAIN: ..."},
        {"model_state_dict": WEIGHTS},
        {"model": WEIGHTS, "optimizer": {"state": {}}},
        data_parallel(WEIGHTS),
        {name: torch.nn.Parameter(tensor) for name, tensor in WEIGHTS.items()},
        {f"backbone.{name}": tensor for name, tensor in WEIGHTS.items()},
        {f"module.model.{name}": tensor for name, tensor in WEIGHTS.items()},
        WEIGHTS | {"stem.num_batches_tracked": torch.tensor(12)},
    ],
    ids=range(11),
)
def test_weights_are_found_in_every_layout(tmp_path, content, legacy):
    assert_are_the_weights(read_torch(write(tmp_path / "m.pth", content, legacy=legacy)))


def test_a_file_of_the_first_versions_under_python_2_is_read(tmp_path):
    (tmp_path / "m.pt").write_bytes(saved_by_python_2(WEIGHTS))
    assert_are_the_weights(read_torch(tmp_path / "m.pt"))


def test_a_prefix_that_not_all_names_have_stays(tmp_path):
    content = {"model.a": torch.ones(1), "b": torch.ones(1)}
    assert read_torch(write(tmp_path / "m.pth", content)).keys() == {"model.a", "b"}


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_any_precision_become_float32(tmp_path, dtype):
    content = {name: tensor.to(dtype) for name, tensor in WEIGHTS.items()}
    assert_are_the_weights(read_torch(write(tmp_path / "m.pth", content)))


def test_weights_in_another_order_in_memory_are_the_same(tmp_path):
    kernel = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
    tensors = read_torch(write(tmp_path / "m.pth", {"kernel": kernel}))
    np.testing.assert_array_equal(tensors["kernel"], kernel.numpy())


@FORMS
@pytest.mark.parametrize("scalar", [np.float64(1.5), np.float32(2), np.int64(3), np.bool_(1)])
def test_numbers_of_numpy_in_a_training_checkpoint_do_no_harm(tmp_path, scalar, legacy):
    content = {"state_dict": WEIGHTS, "best": scalar}
    assert_are_the_weights(read_torch(write(tmp_path / "m.pth", content, legacy=legacy)))


def test_the_file_may_go_when_it_has_been_read(tmp_path):
    path = write(tmp_path / "m.pth", WEIGHTS)
    tensors = read_torch(path)
    path.write_bytes(b"")
    assert_are_the_weights(tensors)


class Hostile:
    """Pickled, it is a call of ``os.mkdir``."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_hostile_pickle_is_refused_and_does_not_run(tmp_path, protocol):
    path, folder = tmp_path / "m.pth", tmp_path / "made"
    path.write_bytes(pickle.dumps({"state_dict": Hostile(folder)}, protocol))
    with pytest.raises(WeightsError, match=r"cannot read .*m\.pth") as caught:
        read_torch(path)
    assert not folder.exists()
    assert "\n" not in str(caught.value)


@FORMS
def test_a_hostile_checkpoint_is_refused_by_name_and_does_not_run(tmp_path, legacy):
    folder = tmp_path / "made"
    path = write(tmp_path / "m.pth", WEIGHTS | {"more": Hostile(folder)}, legacy=legacy)
    with pytest.raises(WeightsError, match=r"holds (posix|nt)\.mkdir, .* might run code") as caught:
        read_torch(path)
    assert not folder.exists()
    assert "\n" not in str(caught.value)


@FORMS
@pytest.mark.parametrize("content", [{"a": np.ones(3)}, torch.nn.Linear(2, 3)], ids=type)
def test_arrays_and_networks_are_not_unpickled(tmp_path, content, legacy):
    with pytest.raises(WeightsError, match="no weight"):
        read_torch(write(tmp_path / "m.pth", content, legacy=legacy))


def test_what_is_allowed_while_reading_is_not_allowed_ever_after(tmp_path):
    path = write(tmp_path / "m.pth", {"state_dict": WEIGHTS, "best": np.float64(1)})
    read_torch(path)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (torch.ones(3), "Tensor"),
        ([torch.ones(3)], "list"),
        ({}, "dict"),
        ({"epoch": 3, "net": WEIGHTS}, "'epoch', 'net'"),
        ({"state_dict": {"a": torch.eye(3).to_sparse()}}, "'a'"),
        ({"a": torch.ones(3, device="meta")}, "'a'"),
    ],
)
def test_a_file_without_weights_says_what_is_in_it(tmp_path, content, found):
    with pytest.raises(WeightsError, match=f"no weights by name, but {found}; .*state_dict"):
        read_torch(write(tmp_path / "m.pth", content))


def test_a_small_file_cannot_ask_for_all_memory(tmp_path):
    path = write(tmp_path / "m.pth", {"a": torch.ones(1).expand(10**6, 10**6)})
    with pytest.raises(WeightsError, match="more than 2 GiB"):
        read_torch(path)


def test_a_compressed_file_cannot_ask_for_all_memory(tmp_path):
    with (
        zipfile.ZipFile(io.BytesIO(saved(WEIGHTS))) as written,
        zipfile.ZipFile(tmp_path / "m.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in written.namelist():
            packed.writestr(name, written.read(name))
    with pytest.raises(WeightsError, match=r"m\.pth was compressed"):
        read_torch(tmp_path / "m.pth")


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("notes.txt", "text")
    return buffer.getvalue()


def tarred():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        file.addfile(tarfile.TarInfo("notes.txt"))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>log in to the network</html>", pickle.dumps({"a": 1}, 4), zipped(), tarred()],
    ids=["empty", "page", "pickle", "zip", "tar"],
)
def test_a_file_of_another_kind_is_refused(tmp_path, content):
    (tmp_path / "m.pth").write_bytes(content)
    with pytest.raises(WeightsError, match=r"m\.pth: it is no PyTorch checkpoint"):
        read_torch(tmp_path / "m.pth")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match=r"no file .*absent\.pth"):
        read_torch(tmp_path / "absent.pth")


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.booleans(), st.booleans())
def test_damage_never_raises_another_error(tmp_path, place, flip, cut, legacy):
    raw = bytearray(saved(data_parallel(WEIGHTS), legacy=legacy))
    position = int(place * len(raw))
    raw[position] ^= flip
    path = tmp_path / "m.pth"
    path.write_bytes(raw[:position] if cut else raw)
    try:
        read_torch(path)
    except WeightsError as error:
        assert "\n" not in str(error)
        return
    assert not cut
