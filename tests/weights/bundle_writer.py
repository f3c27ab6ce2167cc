"""A small writer of TensorFlow checkpoints, after the format's description, for tests."""

from pathlib import Path

import numpy as np

from streamrec.weights.sorted_table import masked_crc32c

TYPE_NUMBERS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}
MAGIC = bytes.fromhex("57fb808b247547db")


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def number_field(number: int, value: int) -> bytes:
    return varint(number << 3) + varint(value)


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def entry(kind: int, shape: tuple[int, ...], offset: int, size: int, crc: int) -> bytes:
    dims = b"".join(bytes_field(2, number_field(1, dim)) for dim in shape)
    return (
        number_field(1, kind)
        + bytes_field(2, dims)
        + number_field(4, offset)
        + number_field(5, size)
        + varint(6 << 3 | 5)
        + crc.to_bytes(4, "little")
    )


def header(shards: int = 1, endianness: int = 0) -> bytes:
    return number_field(1, shards) + number_field(2, endianness)


def block(items: list[tuple[bytes, bytes]], compression: int = 0) -> bytes:
    body, last = b"", b""
    for key, value in items:
        shared = 0
        while shared < min(len(last), len(key)) and last[shared] == key[shared]:
            shared += 1
        body += varint(shared) + varint(len(key) - shared) + varint(len(value))
        body += key[shared:] + value
        last = key
    body += (0).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes([compression])
    return body + masked_crc32c(body).to_bytes(4, "little")


def table(items: list[tuple[bytes, bytes]], compression: int = 0, per_block: int = 4) -> bytes:
    out, handles = b"", []
    for start in range(0, len(items), per_block):
        chunk = items[start : start + per_block]
        data = block(chunk, compression)
        handles.append((chunk[-1][0], varint(len(out)) + varint(len(data) - 5)))
        out += data
    meta = varint(len(out)) + varint(8)
    out += block([])
    index = block(handles)
    footer = meta + varint(len(out)) + varint(len(index) - 5)
    return out + index + footer.ljust(40, b"\0") + MAGIC


def write_bundle(prefix: Path, tensors: dict[str, np.ndarray]) -> None:
    """Write ``tensors`` as a checkpoint of one data file."""
    data, items = b"", [(b"", header())]
    for name, value in sorted(tensors.items()):
        raw = value.tobytes()
        kind = TYPE_NUMBERS[value.dtype.name]
        encoded = entry(kind, value.shape, len(data), len(raw), masked_crc32c(raw))
        items.append((name.encode(), encoded))
        data += raw
    write_files(prefix, table(items), data)


def write_files(prefix: Path, index: bytes, data: bytes) -> None:
    prefix.with_name(prefix.name + ".index").write_bytes(index)
    prefix.with_name(prefix.name + ".data-00000-of-00001").write_bytes(data)
