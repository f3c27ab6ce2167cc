"""Weights and metadata of an exported file, without ONNX's own package, which is slow to import.

Field numbers are those of ``onnx.proto``: of a model the graph is 7 and each metadata entry 14, of
a graph each initializer is 5, of a tensor the dimensions are 1, the element type 2, the name 8 and
the raw little-endian data 9.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from streamrec.card import METADATA_KEY
from streamrec.errors import WeightsError
from streamrec.protobuf import Fields, parse_message
from streamrec.types import Array

_FLOAT = 1


def read_export(data: bytes, origin: str) -> tuple[str, Mapping[str, Array]]:
    """Return the card's JSON text, and the float32 initializers by name.

    Raises:
        WeightsError: not an ONNX file, or not one that streamrec exported.
    """
    try:
        model = parse_message(data)
        metadata = dict(_entry(parse_message(part)) for part in _messages(model, 14))
        (graph,) = _messages(model, 7)
        weights = dict(_floats(_messages(parse_message(graph), 5)))
    except (WeightsError, ValueError, UnicodeDecodeError):
        raise WeightsError(f"{origin}: not an ONNX file, or a damaged one") from None
    if METADATA_KEY not in metadata:
        raise WeightsError(
            f"{origin}: an ONNX file without streamrec's metadata; "
            "make one with `streamrec export MODEL --to FILE.onnx`"
        )
    return metadata[METADATA_KEY], weights


def _messages(fields: Fields, number: int) -> Iterator[bytes]:
    for value in fields.get(number, []):
        if not isinstance(value, bytes):
            raise WeightsError(f"field {number} is no message")
        yield value


def _entry(fields: Fields) -> tuple[str, str]:
    (key,), (value,) = _messages(fields, 1), _messages(fields, 2)
    return key.decode(), value.decode()


def _floats(tensors: Iterator[bytes]) -> Iterator[tuple[str, Array]]:
    for tensor in tensors:
        fields = parse_message(tensor)
        if fields.get(2) == [_FLOAT] and 9 in fields:
            (name,), (raw,) = _messages(fields, 8), _messages(fields, 9)
            dims = [int(size) for size in fields.get(1, []) if not isinstance(size, bytes)]
            yield name.decode(), np.frombuffer(raw, "<f4").reshape(dims)
