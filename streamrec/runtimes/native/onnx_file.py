"""Weights and metadata of an exported file, without ONNX's own package, which is slow to import.

Field numbers are those of ``onnx.proto``: of a model the graph is 7 and each metadata entry 14, of
a graph each initializer is 5, of a tensor the dimensions are 1, the element type 2, the name 8 and
the raw little-endian data 9.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from streamrec.card import ModelCard, card_of, origin_of
from streamrec.errors import WeightsError
from streamrec.protobuf import Fields, messages, parse_message
from streamrec.types import Array

_FLOAT = 1


def read_export(data: bytes, origin: str) -> tuple[Mapping[str, str], Mapping[str, Array]]:
    """Return the metadata, and the float32 initializers by name.

    Raises:
        WeightsError: not an ONNX file.
    """
    try:
        model = parse_message(data)
        metadata = _metadata(model)
        (graph,) = messages(model, 7)
        weights = dict(_floats(messages(graph, 5)))
    except (WeightsError, ValueError, UnicodeDecodeError):
        raise WeightsError(f"{origin}: not an ONNX file, or a damaged one") from None
    return metadata, weights


def read_card(path: Path) -> ModelCard:
    """Return what an exported file says of itself, without its weights.

    Raises:
        WeightsError: there is no such file, or it is none that streamrec exported.
    """
    origin = origin_of(path)
    try:
        metadata = _metadata(parse_message(path.read_bytes()))
    except (WeightsError, ValueError, UnicodeDecodeError):
        raise WeightsError(f"{origin}: not an ONNX file, or a damaged one") from None
    return card_of(metadata, origin)


def _metadata(model: Fields) -> Mapping[str, str]:
    return {_text(entry, 1): _text(entry, 2) for entry in messages(model, 14)}


def _bytes(fields: Fields, number: int) -> bytes:
    (value,) = fields.get(number, [])
    if not isinstance(value, bytes):
        raise WeightsError(f"field {number} holds no bytes")
    return value


def _text(fields: Fields, number: int) -> str:
    return _bytes(fields, number).decode()


def _floats(tensors: Iterable[Fields]) -> Iterator[tuple[str, Array]]:
    for fields in tensors:
        if fields.get(2) == [_FLOAT] and 9 in fields:
            dims = [int(size) for size in fields.get(1, []) if not isinstance(size, bytes)]
            yield _text(fields, 8), np.frombuffer(_bytes(fields, 9), "<f4").reshape(dims)
