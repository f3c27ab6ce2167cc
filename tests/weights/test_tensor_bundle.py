"""Tests of the TensorFlow checkpoint reader: real files, written ones, and damaged ones."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamrec.errors import WeightsError
from streamrec.protobuf import parse_message, read_varint
from streamrec.weights.sorted_table import masked_crc32c, read_table
from streamrec.weights.tensor_bundle import read_bundle
from tests.weights import bundle_writer as writer

TENSORS = {
    "model/kernel": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "model/bias": np.array([1.5, -2.0], np.float32),
    "model/scale": np.array(0.25, np.float32),
    "other/half": np.array([[1, 2]], np.float16),
    "other/double": np.array([1e300]),
    "save_counter": np.array(7, np.int64),
}

REFERENCES = [
    "tiny_stream_cal",
    "tiny_stream_cal/mb",
    "tiny_streampos_cal",
    "tiny_streampos_cal/mb",
    "tiny_base_cal",
    "tiny_base_cal/mb",
    "a0_stream_cal",
    "a0_base_cal",
]


@pytest.fixture
def prefix(tmp_path):
    writer.write_bundle(tmp_path / "ckpt", TENSORS)
    return tmp_path / "ckpt"


def write_entry(folder, key=b"x", data=bytes(8), **changed):
    fields = {"kind": 1, "shape": (2,), "offset": 0, "size": 8, "crc": masked_crc32c(bytes(8))}
    index = writer.table([(b"", writer.header()), (key, writer.entry(**fields | changed))])
    writer.write_files(folder / "ckpt", index, data)
    return folder / "ckpt"


def test_every_tensor_comes_back_as_it_was_written(prefix):
    bundle = read_bundle(prefix)
    assert set(bundle) == set(TENSORS)
    for name, value in TENSORS.items():
        assert bundle[name].dtype == value.dtype
        np.testing.assert_array_equal(bundle[name], value, strict=True)


def test_shapes_are_known_without_reading_data(prefix):
    assert read_bundle(prefix).shapes == {name: value.shape for name, value in TENSORS.items()}


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_checkpoints_have_the_listed_tensors(shared, name):
    folder = shared / "reference" / name
    listed = {key: tuple(shape) for key, shape in json.loads((folder / "keys.json").read_text())}
    del listed["_CHECKPOINTABLE_OBJECT_GRAPH"]
    bundle = read_bundle(folder / "ckpt-1")
    assert {key: value.shape for key, value in bundle.items()} == listed


def test_text_entries_are_left_out(tmp_path):
    assert len(read_bundle(write_entry(tmp_path, kind=7))) == 0


def test_a_changed_data_byte_is_found_by_the_checksum(prefix):
    data = prefix.with_name("ckpt.data-00000-of-00001")
    raw = bytearray(data.read_bytes())
    raw[3] ^= 1
    data.write_bytes(raw)
    bundle = read_bundle(prefix)
    with pytest.raises(WeightsError, match=r"checksum of 'model/bias' .* wrong"):
        dict(bundle)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"size": 2**50, "shape": (2**30, 2**18)}, "beyond its end"),
        ({"offset": 2**63}, "beyond its end"),
        ({"size": 12}, "12 bytes for a float32"),
        ({"shape": (2**40,)}, "tensor of shape"),
        ({"shape": (0,), "size": 0}, "tensor of shape"),
        ({"shape": (1,) * 9}, "tensor of shape"),
        ({"kind": 8}, "unsupported type number 8"),
        ({"key": b"\xff"}, "name is not text"),
    ],
)
def test_impossible_entries_are_refused_before_reading(tmp_path, changed, message):
    with pytest.raises(WeightsError, match=message):
        read_bundle(write_entry(tmp_path, **changed))


def test_tensors_that_share_data_are_refused(tmp_path):
    encoded = writer.entry(1, (2,), 0, 8, 0)
    items = [(b"", writer.header())] + [(bytes([i]), encoded) for i in range(1, 100)]
    writer.write_files(tmp_path / "ckpt", writer.table(items), bytes(8))
    with pytest.raises(WeightsError, match="overlap"):
        read_bundle(tmp_path / "ckpt")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        (b"", "no sorted-table footer"),
        (b"x" * 100, "no sorted-table footer"),
        (writer.table([(b"", writer.header())], compression=1), "compressed .type 1"),
        (writer.table([(b"", writer.header(endianness=1))]), "big-endian"),
        (writer.table([(b"", writer.header(shards=2**31))]), "2147483648 data files"),
        (writer.table([(b"", b"\x0b")]), "unknown wire type 3"),
        (writer.table([(b"b", b""), (b"a", b"")]), "not in order"),
        (writer.table([(b"k" * 2000, b"")]), "exceeds its block"),
    ],
)
def test_malformed_indexes_are_refused(tmp_path, index, message):
    writer.write_files(tmp_path / "ckpt", index, b"")
    with pytest.raises(WeightsError, match=message):
        read_bundle(tmp_path / "ckpt")


def test_a_huge_index_is_refused_unread(tmp_path):
    writer.write_files(tmp_path / "ckpt", b"", b"")
    with (tmp_path / "ckpt.index").open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(WeightsError, match="at most 8 MiB"):
        read_bundle(tmp_path / "ckpt")


@pytest.mark.parametrize("missing", ["ckpt.index", "ckpt.data-00000-of-00001"])
def test_a_missing_file_is_named(prefix, missing):
    prefix.with_name(missing).unlink()
    with pytest.raises(WeightsError, match=missing):
        read_bundle(prefix)


def test_truncated_data_are_refused(prefix):
    data = prefix.with_name("ckpt.data-00000-of-00001")
    data.write_bytes(data.read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"data of .* beyond its end"):
        read_bundle(prefix)


def read_all(index, data):
    """Read everything; only WeightsError may come out. Return what was read."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "ckpt"
        writer.write_files(prefix, index, data)
        return dict(read_bundle(prefix))


def written():
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "ckpt"
        writer.write_bundle(prefix, TENSORS)
        return (
            prefix.with_name("ckpt.index").read_bytes(),
            prefix.with_name("ckpt.data-00000-of-00001").read_bytes(),
        )


INDEX, DATA = written()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_flipped_byte_is_refused_or_harmless(data):
    position = data.draw(st.integers(0, len(INDEX) + len(DATA) - 1))
    files = bytearray(INDEX + DATA)
    files[position] ^= data.draw(st.integers(1, 255))
    try:
        tensors = read_all(bytes(files[: len(INDEX)]), bytes(files[len(INDEX) :]))
    except WeightsError:
        return
    for name, value in TENSORS.items():
        np.testing.assert_array_equal(tensors[name], value)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(INDEX) - 1), st.booleans())
def test_a_truncated_index_is_refused(length, keep_footer):
    cut = INDEX[:length] + (INDEX[-48:] if keep_footer else b"")
    if cut == INDEX or (length + 48 >= len(INDEX) and keep_footer):
        return
    with pytest.raises(WeightsError):
        read_all(cut, DATA)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_message_are_parsed_or_refused(data):
    try:
        parse_message(data)
    except WeightsError:
        return


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), max_size=30))
def test_a_table_returns_what_was_put_in(items):
    ordered = sorted(dict(items).items())
    if ordered:
        assert list(read_table(writer.table(ordered)).items()) == ordered


@given(st.integers(0, 2**64 - 1))
def test_varints_round_trip(value):
    encoded = writer.varint(value)
    assert read_varint(b"\xff" + encoded, 1) == (value, 1 + len(encoded))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 11])
def test_an_unending_varint_is_refused(data):
    with pytest.raises(WeightsError):
        read_varint(data, 0)
