"""What an ONNX file says of itself: an exported model, or any other."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from streamrec.card import METADATA_KEY, ModelCard, card_of, origin_of
from streamrec.errors import WeightsError
from streamrec.inspection.onnx_macs import onnx_macs


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output.

    Attributes:
        type: of its elements.
        axes: their sizes; of an axis of any size its name, None where it has none.
    """

    type: str
    axes: tuple[int | str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxFile:
    """What is in an ONNX file.

    Attributes:
        size_bytes: of the file.
        ir_version: of the format.
        opsets: version of the operators, by domain; the empty domain is ONNX's own.
        producer: the program that wrote it.
        parameters: numbers among its constants.
        macs: multiply-adds of one run; None: the sizes of some axes are not fixed.
        inputs, outputs: by name.
        nodes: how many nodes there are of each operator, most frequent first.
        arrays: shapes of its constants by name.
        card: what streamrec knows of the model; None in files that it did not export.
        metadata: other texts by key.
    """

    size_bytes: int
    ir_version: int
    opsets: Mapping[str, int]
    producer: str
    parameters: int
    macs: int | None
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    nodes: Mapping[str, int]
    arrays: Mapping[str, tuple[int, ...]] = field(repr=False)
    card: ModelCard | None = field(repr=False)
    metadata: Mapping[str, str] = field(repr=False)


def read_onnx_file(path: Path) -> OnnxFile:
    """Read an ONNX file, exported by streamrec or not.

    Raises:
        WeightsError: missing, no ONNX file, or its streamrec metadata are damaged.
    """
    origin, model = origin_of(path), _load(path)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    card = card_of(metadata, origin) if METADATA_KEY in metadata else None
    arrays = {each.name: tuple(each.dims) for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in arrays]
    return OnnxFile(
        size_bytes=path.stat().st_size,
        ir_version=model.ir_version,
        opsets={entry.domain: entry.version for entry in model.opset_import},
        producer=f"{model.producer_name} {model.producer_version}".strip(),
        parameters=sum(map(prod, arrays.values())),
        macs=onnx_macs(model),
        inputs=_values(inputs),
        outputs=_values(model.graph.output),
        nodes=dict(Counter(node.op_type for node in model.graph.node).most_common()),
        arrays=arrays,
        card=card,
        metadata={key: value for key, value in metadata.items() if key != METADATA_KEY},
    )


def _load(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError:
        raise WeightsError(f"{path} is no ONNX file, or a damaged one") from None
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from None
    if not model.graph.node:
        raise WeightsError(f"{path} is no ONNX file: it has no nodes")
    return model


def _values(values: Iterable[Any]) -> dict[str, Value]:
    import onnx

    names = {number: name.lower() for name, number in onnx.TensorProto.DataType.items()}
    return {
        value.name: Value(
            names.get(value.type.tensor_type.elem_type, "unknown"),
            tuple(_axis(axis) for axis in value.type.tensor_type.shape.dim),
        )
        for value in values
    }


def _axis(axis: Any) -> int | str | None:
    return axis.dim_value if axis.HasField("dim_value") else axis.dim_param or None
