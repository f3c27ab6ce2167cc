"""What a network computes, as data: the part of an exported file that fused engines read."""

from streamrec.card import BlockPlan, StepPlan
from streamrec.models.movinet import Bottleneck, MoViNet
from streamrec.nn.conv import ConvNorm
from streamrec.nn.stream import CausalSqueezeExcite


def step_plan(model: MoViNet) -> StepPlan:
    """Describe the step of a causal network."""
    record = model.architecture
    return StepPlan(
        stem=record.stem,
        project=record.project,
        hidden=record.hidden,
        activation=record.activation,
        gate=record.gate,
        head_activation=record.head_activation,
        blocks=tuple(_block(block) for block in model.blocks if isinstance(block, Bottleneck)),
    )


def _block(block: Bottleneck) -> BlockPlan:
    assert isinstance(block.spatial, ConvNorm)
    attention = block.attention
    scale = None
    if isinstance(attention, CausalSqueezeExcite) and attention.position_scale is not None:
        scale = attention.position_scale.item()
    return BlockPlan(
        inputs=block.expand.conv.in_channels,
        width=block.expand.conv.out_channels,
        outputs=block.project.conv.out_channels,
        kernel=block.spatial.conv.kernel_size[0],
        stride=block.stride,
        taps=1 if block.temporal is None else block.temporal.weight.shape[1],
        hidden=0 if attention is None else attention.reduce.out_channels,
        position_scale=scale,
        skip=block.skip is not None,
    )
