"""What an exported model file says of itself, so that the file alone is enough to run it."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from streamrec.errors import LabelsError, WeightsError
from streamrec.types import StreamSpec

METADATA_KEY = "streamrec"
FORMAT = 1


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """The metadata of an exported model.

    Attributes:
        spec: labels, frame rate, preprocessing, horizon.
        kind: ``step`` takes ``frame`` [1, 3, H, W] and states; ``clip`` takes ``clip``
            [T, 3, H, W]. Both give ``logits`` [1, classes].
        rings: the states of a step graph.
        provenance: where the weights came from.
        plan: of a step graph; None where only its nodes say what it computes.
        check: PyTorch's logits after the frames of ``streamrec.runtimes.parity``.
        format: version of this record.
    """

    spec: StreamSpec
    kind: Literal["step", "clip"]
    rings: tuple[Ring, ...] = ()
    provenance: dict[str, str]
    plan: StepPlan | None = None
    check: tuple[float, ...] | None = None
    format: int = FORMAT

    def inputs(self) -> dict[str, tuple[int | None, ...]]:
        """Return the graph's inputs and their shapes; None is a free dimension."""
        size = self.spec.preprocessing
        picture = (3, size.height, size.width)
        if self.kind == "clip":
            return {"clip": (None, *picture)}
        states = {name: ring.shape for ring in self.rings for name in ring.inputs}
        return {"frame": (1, *picture), **states}

    def outputs(self) -> dict[str, tuple[int | None, ...]]:
        """Return the graph's outputs and their shapes."""
        states = {ring.output: ring.shape for ring in self.rings}
        return {"logits": (1, len(self.spec.labels)), **states}

    def to_json(self) -> str:
        """Encode as JSON text."""
        return msgspec.json.encode(self).decode()


def card_from_json(text: str, origin: str) -> ModelCard:
    """Decode a card; ``origin`` names the file in the message.

    Raises:
        WeightsError: not a card, or of a format this version does not know.
    """
    try:
        card = msgspec.json.decode(text, type=ModelCard)
    except (msgspec.MsgspecError, ValueError, LabelsError) as error:
        raise WeightsError(f"{origin}: its streamrec metadata cannot be read: {error}") from None
    if card.format != FORMAT:
        raise WeightsError(
            f"{origin}: metadata of format {card.format}, this version reads {FORMAT}; "
            "export the model again, or update streamrec"
        )
    return card
