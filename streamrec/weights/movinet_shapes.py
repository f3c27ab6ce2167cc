"""The tensors of a MoViNet, told from its record alone: no PyTorch is needed."""

from collections.abc import Iterator

from streamrec.models.architecture import Block, MoViNetArchitecture, se_width

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]

CLASSIFIER = "head.classifier"
"""The layer whose rows are the classes."""


def movinet_shapes(arch: MoViNetArchitecture) -> dict[str, Shape]:
    """Return the shape of every tensor of the network, by ``state_dict`` name.

    Batch norm's step counters are left out: inference does not use them.
    """
    shapes = dict(_conv_norm("stem", arch.stem, 3, 3, 3))
    channels = arch.stem
    index = 0
    for group in arch.groups:
        for layer, block in enumerate(group.blocks):
            changed = channels != group.width or (layer == 0 and group.stride > 1)
            prefix = f"blocks.{index}"
            shapes.update(_block(prefix, arch, block, channels, group.width))
            if changed:
                shapes.update(_conv_norm(f"{prefix}.skip.project", group.width, channels, 1, 1))
            channels, index = group.width, index + 1
    shapes.update(_conv_norm("head.project", arch.project, channels, 1, 1))
    shapes.update(_dense("head.hidden", arch.hidden, arch.project))
    shapes.update(_dense(CLASSIFIER, arch.classes, arch.hidden))
    return shapes


def _block(
    prefix: str, arch: MoViNetArchitecture, block: Block, inputs: int, outputs: int
) -> Named:
    width, time, space = block.expand, block.kernel_time, block.kernel_space
    yield from _conv_norm(f"{prefix}.expand", width, inputs, 1, 1)
    if arch.causal:
        yield from _conv_norm(f"{prefix}.spatial", width, 1, space, space)
        if time > 1:
            yield f"{prefix}.temporal.weight", (width, time)
            yield from _norm(f"{prefix}.temporal", width)
    else:
        yield from _conv_norm(f"{prefix}.spatial", width, 1, time, space, space)
    if arch.se_ratio is not None:
        hidden = se_width(width, arch.se_ratio)
        context = 2 * width if arch.causal else width
        yield from _dense(f"{prefix}.attention.reduce", hidden, context, 1, 1)
        yield from _dense(f"{prefix}.attention.expand", width, hidden, 1, 1)
        if arch.causal and arch.positional_encoding:
            yield f"{prefix}.attention.position_scale", ()
    yield from _conv_norm(f"{prefix}.project", outputs, width, 1, 1)
    yield f"{prefix}.residual_scale", ()


def _conv_norm(prefix: str, *shape: int) -> Named:
    yield f"{prefix}.conv.weight", shape
    yield from _norm(prefix, shape[0])


def _norm(prefix: str, channels: int) -> Named:
    for name in ("weight", "bias", "running_mean", "running_var"):
        yield f"{prefix}.norm.{name}", (channels,)


def _dense(prefix: str, *shape: int) -> Named:
    yield f"{prefix}.weight", shape
    yield f"{prefix}.bias", (shape[0],)
