"""The protocol-buffer wire format, as far as checkpoints and ONNX files use it.

That is varints, and the fields of a message.

Facts from the protocol-buffer encoding specification.
"""

from collections.abc import Mapping

from streamrec.errors import WeightsError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_VARINT_BYTES = 10
_MAX_FIELDS = 100_000

Fields = Mapping[int, list[int | bytes]]
"""Field number -> values in order; fixed-size fields are read as unsigned integers."""


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Return ``(value, next position)`` of the unsigned varint at ``position``.

    Raises:
        WeightsError: the data end within the number, or it is longer than 64 bits.
    """
    value = 0
    for shift, byte in enumerate(data[position : position + _MAX_VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position + shift + 1
    raise WeightsError(f"corrupt file: no number ends after byte {position}")


def parse_message(data: bytes) -> Fields:
    """Return the fields of one message; nested messages stay bytes.

    Raises:
        WeightsError: not a message, or one of more than 100,000 fields.
    """
    fields: dict[int, list[int | bytes]] = {}
    position = 0
    for _ in range(_MAX_FIELDS):
        if position == len(data):
            return fields
        tag, position = read_varint(data, position)
        value, position = _read_value(data, position, tag & 7)
        fields.setdefault(tag >> 3, []).append(value)
    raise WeightsError(f"corrupt file: an entry of more than {_MAX_FIELDS} fields")


def _read_value(data: bytes, position: int, wire_type: int) -> tuple[int | bytes, int]:
    if wire_type == _VARINT:
        return read_varint(data, position)
    if wire_type == _BYTES:
        size, position = read_varint(data, position)
    elif wire_type in _FIXED_SIZES:
        size = _FIXED_SIZES[wire_type]
    else:
        raise WeightsError(f"corrupt file: unknown wire type {wire_type}")
    if size > len(data) - position:
        raise WeightsError("corrupt file: an entry ends within a field")
    value = data[position : position + size]
    end = position + size
    return (value if wire_type == _BYTES else int.from_bytes(value, "little")), end


def integer(fields: Fields, number: int) -> int:
    """Return the last integer of field ``number``, 0 if absent.

    Raises:
        WeightsError: the field is not an integer.
    """
    value = fields.get(number, [0])[-1]
    if isinstance(value, bytes):
        raise WeightsError(f"corrupt file: field {number} is not a number")
    return value


def messages(fields: Fields, number: int) -> list[Fields]:
    """Return the nested messages of field ``number``.

    Raises:
        WeightsError: one of them is not a message.
    """
    values = fields.get(number, [])
    if not all(isinstance(value, bytes) for value in values):
        raise WeightsError(f"corrupt file: field {number} is not a message")
    return [parse_message(value) for value in values if isinstance(value, bytes)]
