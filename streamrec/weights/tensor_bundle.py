"""TensorFlow's checkpoint format (tensor bundle), read without TensorFlow.

A checkpoint with prefix ``p`` is ``p.index``, a sorted table of protocol buffers that says where
each tensor lies, and the data ``p.data-00000-of-00001``, ... Facts from TensorFlow's
tensor_bundle.proto and tensor_shape.proto.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from streamrec.errors import WeightsError
from streamrec.protobuf import Fields, integer, messages, parse_message
from streamrec.weights.sorted_table import masked_crc32c, read_table

_DTYPES: Mapping[int, np.dtype[Any]] = {
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    4: np.dtype("u1"),
    6: np.dtype("i1"),
    9: np.dtype("<i8"),
    10: np.dtype("?"),
    19: np.dtype("<f2"),
}
_STRING = 7
_MAX_INDEX_BYTES = 8 << 20
_MAX_SHARDS = 1_000
_MAX_DIMENSIONS = 8
_MAX_DIMENSION = 2**31


@dataclass(frozen=True, slots=True)
class _Entry:
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    crc: int


class TensorBundle(Mapping[str, npt.NDArray[Any]]):
    """The numeric tensors of a checkpoint by name; each is read and verified when asked for."""

    def __init__(self, shards: tuple[Path, ...], entries: Mapping[str, _Entry]) -> None:
        self._shards = shards
        self._entries = entries

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Every tensor's shape, without reading the data."""
        return {name: entry.shape for name, entry in self._entries.items()}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return one tensor.

        Raises:
            KeyError: no such tensor.
            WeightsError: its data are truncated or corrupt.
        """
        entry = self._entries[name]
        data = _read_range(self._shards[entry.shard], entry.offset, entry.size)
        if masked_crc32c(data) != entry.crc:
            raise WeightsError(
                f"corrupt checkpoint: the checksum of {name!r} in {self._shards[entry.shard]} is "
                "wrong; fetch the file again"
            )
        return np.frombuffer(data, entry.dtype).reshape(entry.shape)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


def read_bundle(prefix: Path) -> TensorBundle:
    """Open the checkpoint ``prefix``: ``prefix.index`` and its data files.

    Text entries, such as the object graph, are left out.

    Raises:
        WeightsError: a file is missing, truncated, corrupt or of an unsupported form.
    """
    index = prefix.with_name(prefix.name + ".index")
    size = _file_size(index)
    if size > _MAX_INDEX_BYTES:
        raise WeightsError(f"{index} has {size} bytes; a checkpoint index has at most 8 MiB")
    table = read_table(_read_range(index, 0, size))
    count = _shard_count(table.pop(b"", b""))
    shards = tuple(
        prefix.with_name(f"{prefix.name}.data-{i:05d}-of-{count:05d}") for i in range(count)
    )
    parsed = {_text(key): _parse_entry(parse_message(value)) for key, value in table.items()}
    entries = {name: entry for name, entry in parsed.items() if entry is not None}
    _check_ranges(entries, [_file_size(shard) for shard in shards])
    return TensorBundle(shards, entries)


def _shard_count(header: bytes) -> int:
    fields = parse_message(header)
    shards, big_endian = integer(fields, 1), integer(fields, 2)
    if big_endian:
        raise WeightsError("the checkpoint is big-endian; only little-endian ones are read")
    if not 1 <= shards <= _MAX_SHARDS:
        raise WeightsError(f"corrupt checkpoint index: {shards} data files")
    return shards


def _parse_entry(fields: Fields) -> _Entry | None:
    kind = integer(fields, 1)
    if kind == _STRING:
        return None
    if kind not in _DTYPES:
        raise WeightsError(f"the checkpoint has a tensor of unsupported type number {kind}")
    if 7 in fields:
        raise WeightsError("the checkpoint has a partitioned variable, which is not supported")
    dtype, shape = _DTYPES[kind], _parse_shape(fields)
    size = integer(fields, 5)
    if size != math.prod(shape) * dtype.itemsize:
        raise WeightsError(f"corrupt checkpoint index: {size} bytes for a {dtype} {list(shape)}")
    return _Entry(dtype, shape, integer(fields, 3), integer(fields, 4), size, integer(fields, 6))


def _parse_shape(fields: Fields) -> tuple[int, ...]:
    dimensions = [dim for shape in messages(fields, 2) for dim in messages(shape, 2)]
    shape = tuple(integer(dim, 1) for dim in dimensions)
    if len(shape) > _MAX_DIMENSIONS or any(not 0 < size < _MAX_DIMENSION for size in shape):
        raise WeightsError(f"corrupt checkpoint index: a tensor of shape {list(shape)[:16]}")
    return shape


def _check_ranges(entries: Mapping[str, _Entry], shard_sizes: list[int]) -> None:
    for name, entry in entries.items():
        if entry.shard >= len(shard_sizes) or entry.offset + entry.size > shard_sizes[entry.shard]:
            raise WeightsError(f"truncated checkpoint: the data of {name!r} lie beyond its end")
    if sum(entry.size for entry in entries.values()) > sum(shard_sizes):
        raise WeightsError("corrupt checkpoint index: tensors overlap")


def _text(key: bytes) -> str:
    try:
        return key.decode()
    except UnicodeDecodeError as error:
        raise WeightsError("corrupt checkpoint index: a name is not text") from error


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise WeightsError(f"cannot read checkpoint file {path}: {error.strerror}") from error


def _read_range(path: Path, offset: int, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(size)
    except OSError as error:
        raise WeightsError(f"cannot read checkpoint file {path}: {error.strerror}") from error
    if len(data) != size:
        raise WeightsError(f"truncated checkpoint file {path}")
    return data
