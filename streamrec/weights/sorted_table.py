"""A sorted string table in LevelDB's file format: the form of a checkpoint's index file.

Facts from LevelDB's table format: blocks of prefix-compressed entries, each followed by a
compression byte and a masked CRC-32C; the last 48 bytes say where the index block is.
"""

from collections.abc import Iterator

import google_crc32c

from streamrec.errors import WeightsError
from streamrec.protobuf import read_varint

_FOOTER_BYTES = 48
_TRAILER_BYTES = 5
_MAGIC = bytes.fromhex("57fb808b247547db")
_MAX_ENTRIES = 65_536
_MAX_KEY_BYTES = 1_024


def masked_crc32c(data: bytes) -> int:
    """CRC-32C as LevelDB and TensorFlow store it: rotated, plus a constant."""
    crc: int = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFF_FFFF


def read_table(data: bytes) -> dict[bytes, bytes]:
    """Return all entries of a table, in order.

    Raises:
        WeightsError: not a table, corrupt, compressed, or of more than 65,536 entries.
    """
    if len(data) < _FOOTER_BYTES or data[-len(_MAGIC) :] != _MAGIC:
        raise WeightsError("not a TensorFlow checkpoint index: it has no sorted-table footer")
    body, footer = data[:-_FOOTER_BYTES], data[-_FOOTER_BYTES:]
    _, _, position = _read_handle(footer, 0)
    offset, size, _ = _read_handle(footer, position)
    entries: dict[bytes, bytes] = {}
    last_key: bytes | None = None
    for _, handle in _read_block(body, offset, size):
        offset, size, _ = _read_handle(handle, 0)
        for key, value in _read_block(body, offset, size):
            if last_key is not None and key <= last_key:
                raise WeightsError("corrupt checkpoint index: its keys are not in order")
            entries[key] = value
            last_key = key
        if len(entries) > _MAX_ENTRIES:
            raise WeightsError(f"the checkpoint index has more than {_MAX_ENTRIES} entries")
    return entries


def _read_handle(data: bytes, position: int) -> tuple[int, int, int]:
    offset, position = read_varint(data, position)
    size, position = read_varint(data, position)
    return offset, size, position


def _read_block(body: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    if offset + size + _TRAILER_BYTES > len(body):
        raise WeightsError("truncated checkpoint index: a block lies beyond its end")
    content = body[offset : offset + size]
    compression, stored = body[offset + size], body[offset + size + 1 :][:4]
    if masked_crc32c(content + bytes([compression])) != int.from_bytes(stored, "little"):
        raise WeightsError("corrupt checkpoint index: a block's checksum is wrong")
    if compression != 0:
        raise WeightsError(
            f"the checkpoint index is compressed (type {compression}; 1 is snappy); "
            "only uncompressed ones are read, which is what TensorFlow writes"
        )
    restarts = int.from_bytes(content[-4:], "little")
    end = len(content) - 4 * (restarts + 1)
    if end < 0:
        raise WeightsError("corrupt checkpoint index: a block's restart points exceed its size")
    return _read_entries(content[:end])


def _read_entries(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    key, position = b"", 0
    for _ in range(_MAX_ENTRIES):
        shared, position = read_varint(data, position)
        unshared, position = read_varint(data, position)
        value_size, position = read_varint(data, position)
        value_start = position + unshared
        end = value_start + value_size
        if shared > len(key) or end > len(data) or shared + unshared > _MAX_KEY_BYTES:
            raise WeightsError("corrupt checkpoint index: an entry exceeds its block")
        key = key[:shared] + data[position:value_start]
        yield key, data[value_start:end]
        position = end
        if position == len(data):
            return
    raise WeightsError(f"the checkpoint index has more than {_MAX_ENTRIES} entries in a block")
