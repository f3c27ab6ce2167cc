"""What an exported model file says of itself, so that the file alone is enough to run it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from streamrec.errors import LabelsError, WeightsError
from streamrec.types import StreamSpec

METADATA_KEY = "streamrec"
FORMAT = 1

Size = tuple[int, int]
"""Height and width, pixels."""


def shrink(size: Size, stride: int) -> Size:
    """Return the size after a SAME convolution."""
    return -(-size[0] // stride), -(-size[1] // stride)


@dataclass(frozen=True, slots=True)
class Ring:
    """One state of a step graph: the inputs, oldest first, and the output that comes next.

    After a step the oldest input is dropped and the output becomes the newest.
    """

    inputs: tuple[str, ...]
    output: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlan:
    """One inverted bottleneck of a step graph.

    Attributes:
        inputs, width, outputs: channels before, between and after its two 1 x 1 convolutions.
        kernel, stride: of its spatial convolution.
        taps: frames that its temporal convolution sees; 1 if it has none.
        hidden: width of squeeze-excitation; 0 if it has none.
        position_scale: weight of the positional encoding; None if it has none.
        skip: whether the skip path has a convolution; if not, the input is added as it is.
    """

    inputs: int
    width: int
    outputs: int
    kernel: int
    stride: int
    taps: int
    hidden: int
    position_scale: float | None
    skip: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """What a step graph computes, for engines that do not run it node by node.

    The weights are the graph's initializers, by name: ``stem.weight``, ``blocks.0.expand.bias``,
    ``blocks.0.temporal.2.weight`` (the newest of three frames), ``head.classifier.weight``, ...

    Attributes:
        stem, project, hidden: widths.
        activation, gate, head_activation: by name.
        blocks: the bottlenecks in order.
    """

    stem: int
    project: int
    hidden: int
    activation: str
    gate: str
    head_activation: str
    blocks: tuple[BlockPlan, ...]

    def sizes(self, picture: Size) -> list[Size]:
        """Return the size after the stem, and after each bottleneck."""
        sizes = [shrink(picture, 2)]
        for block in self.blocks:
            sizes.append(shrink(sizes[-1], block.stride))
        return sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The metadata of an exported model.

    Attributes:
        spec: labels, frame rate, preprocessing, horizon.
        kind: ``step`` takes ``frame`` [1, 3, H, W] and states; ``clip`` takes ``clip``
            [T, C, H, W]. Both give ``logits`` [1, classes].
        frames: T of a clip graph that takes no other number of frames.
        rings: the states of a step graph.
        provenance: where the weights came from.
        plan: of a step graph; None where only its nodes say what it computes.
        check: PyTorch's logits after the frames of ``streamrec.runtimes.parity``.
        format: version of this record.
    """

    spec: StreamSpec
    kind: Literal["step", "clip"]
    frames: int | None = None
    rings: tuple[Ring, ...] = ()
    provenance: dict[str, str]
    plan: StepPlan | None = None
    check: tuple[float, ...] | None = None
    format: int = FORMAT

    @property
    def picture(self) -> Size:
        """Height and width of the input."""
        return self.spec.preprocessing.height, self.spec.preprocessing.width

    @property
    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the states of a step graph, oldest entries of a ring first."""
        return {name: ring.shape for ring in self.rings for name in ring.inputs}

    def require_step(self) -> None:
        """Check that this is a step graph.

        Raises:
            WeightsError: it is a clip graph.
        """
        if self.kind != "step":
            raise WeightsError(
                f"{self.spec.name} takes whole clips and has no step; let it see windows, or take "
                "a stream model"
            )

    def inputs(self) -> dict[str, tuple[int | None, ...]]:
        """Return the graph's inputs and their shapes; None is a free dimension."""
        if self.kind == "clip":
            return {"clip": (self.frames, *self.spec.frame_shape)}
        return {"frame": (1, 3, *self.picture), **self.state_shapes}

    def outputs(self) -> dict[str, tuple[int | None, ...]]:
        """Return the graph's outputs and their shapes."""
        states = {ring.output: ring.shape for ring in self.rings}
        return {"logits": (1, len(self.spec.labels)), **states}

    def to_json(self) -> str:
        """Encode as JSON text."""
        return msgspec.json.encode(self).decode()


def origin_of(model: Path | bytes) -> str:
    """Return what messages call a model that is given as a file or as its content.

    Raises:
        WeightsError: there is no such file.
    """
    if isinstance(model, bytes):
        return "the model"
    if not model.is_file():
        raise WeightsError(f"there is no file {model}")
    return str(model)


def card_of(metadata: Mapping[str, str], origin: str) -> ModelCard:
    """Return the card among a file's metadata; ``origin`` names the file in the message.

    Raises:
        WeightsError: there is none, or ``card_from_json`` does not take it.
    """
    if METADATA_KEY not in metadata:
        raise WeightsError(
            f"{origin}: an ONNX file without streamrec's metadata; "
            "make one with `streamrec export MODEL --to FILE.onnx`"
        )
    return card_from_json(metadata[METADATA_KEY], origin)


def card_from_json(text: str, origin: str) -> ModelCard:
    """Decode a card; ``origin`` names the file in the message.

    Raises:
        WeightsError: not a card, or of a format this version does not know.
    """
    try:
        card = msgspec.json.decode(text, type=ModelCard)
    except (msgspec.MsgspecError, ValueError, LabelsError) as error:
        raise WeightsError(f"{origin}: its streamrec metadata cannot be read: {error}") from None
    if card.frames not in (None, card.spec.clip_frames):
        raise WeightsError(
            f"{origin}: a graph for {card.frames} frames, of a model that sees "
            f"{card.spec.clip_frames}; export the model again"
        )
    if card.format != FORMAT:
        raise WeightsError(
            f"{origin}: metadata of format {card.format}, this version reads {FORMAT}; "
            "export the model again, or update streamrec"
        )
    return card
