"""The frozen records that define networks: everything their code reads, nothing per size."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from streamrec.errors import OptionError
from streamrec.types import FlowInput, Preprocessing

Family = Literal["base", "stream", "mobile"]


@dataclass(frozen=True, slots=True)
class Block:
    """One inverted bottleneck: expansion width, and kernel size over time and space."""

    expand: int
    kernel_time: int
    kernel_space: int


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks of one output width; the first one has the spatial stride."""

    width: int
    stride: int
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoViNetArchitecture:
    """A MoViNet (Kondratyuk et al. 2021, arXiv 2103.11511, table 7 and the reference code).

    Attributes:
        name: the model's name.
        family: ``base`` is 3-D and sees the future; ``stream`` is causal (2+1)D; ``mobile`` is
            ``stream`` as published for phones: ReLU6 and no squeeze-excitation.
        stem, groups, project, hidden: widths.
        classes: number of classes.
        image_size: height and width of the input, pixels.
        fps: frames per second of the training clips.
        clip_frames: frames of a training clip.
        horizon: frames after which running means forget; None is the reference's everlasting mean.
        activation, head_activation, gate: names in ``streamrec.nn.activation``.
        se_ratio: hidden width of squeeze-excitation over the expansion width; None: none.
        positional_encoding: whether squeeze-excitation knows the frame's number.
    """

    name: str
    family: Family
    stem: int
    groups: tuple[Group, ...]
    project: int
    hidden: int
    classes: int
    image_size: int
    fps: float
    clip_frames: int
    horizon: int | None
    activation: str
    head_activation: str
    gate: str
    se_ratio: float | None
    positional_encoding: bool = False

    def __post_init__(self) -> None:
        widths = (self.stem, self.project, self.hidden, self.classes, self.image_size)
        if min(widths) < 1 or not self.groups or self.clip_frames < 1 or self.fps <= 0:
            raise OptionError(f"architecture {self.name!r} has a width, size or rate below 1")
        if self.horizon is not None and self.horizon < 1:
            raise OptionError(f"horizon is at least 1 frame, or None; got {self.horizon}")
        if self.family not in ("base", "stream", "mobile"):
            raise OptionError(f"unknown family {self.family!r}; allowed: base, stream, mobile")

    @property
    def causal(self) -> bool:
        """Whether the network can run frame by frame."""
        return self.family != "base"

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks in order."""
        return tuple(block for group in self.groups for block in group.blocks)

    @property
    def receptive_field(self) -> int:
        """Frames that the temporal convolutions reach over."""
        return 1 + sum(block.kernel_time - 1 for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipArchitecture:
    """A model other than MoViNet. Its network is in the file of ``streamrec.models`` so called.

    Attributes:
        name: the model's name.
        family: the file that holds its network.
        variant: which of that file's networks.
        classes: number of classes.
        preprocessing: how a picture becomes input.
        flow: how the network sees motion; None: it sees colours only.
        fps: frames per second of the training clips, after their stride.
        clip_frames: frames of a training clip.
        min_frames, max_frames: the fewest and the most frames that the network takes; None: any.
        causal: whether it also runs frame by frame, with a state.
    """

    name: str
    family: str
    variant: str
    classes: int
    preprocessing: Preprocessing
    flow: FlowInput | None = None
    fps: float
    clip_frames: int
    min_frames: int = 1
    max_frames: int | None = None
    causal: bool = False

    def __post_init__(self) -> None:
        if self.classes < 1 or self.fps <= 0 or not 1 <= self.min_frames <= self.clip_frames:
            raise OptionError(
                f"architecture {self.name!r} has no classes, no rate, or clips that are too short"
            )

    @property
    def receptive_field(self) -> int:
        """Frames that a prediction looks back on."""
        return self.clip_frames

    @property
    def horizon(self) -> int | None:
        """Frames after which running means forget: there are none."""
        return None


Architecture: TypeAlias = MoViNetArchitecture | ClipArchitecture
"""What any model is."""


def se_width(expand: int, ratio: float) -> int:
    """Hidden width of squeeze-excitation: a multiple of 8, at least 90 % of ``expand * ratio``."""
    wanted = expand * ratio
    width = max(8, int(wanted + 4) // 8 * 8)
    return width if width >= 0.9 * wanted else width + 8
