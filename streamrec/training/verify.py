"""Whether a trained stream model steps as it learnt: step == clip."""

import torch
from torch import Tensor, nn

from streamrec.errors import ParityError
from streamrec.models.movinet import MoViNet

TOLERANCE = 1e-4
"""Largest difference of any logit, over the largest logit or 1."""


@torch.inference_mode()
def check_steps(network: nn.Module, clip: Tensor) -> float | None:
    """Compare what a network says frame by frame with what it says of the whole clip.

    Args:
        network: any of ``streamrec.models``, in inference.
        clip: float32 [1, T, 3, H, W].

    Returns:
        The largest difference of a logit; None: the network has no steps.

    Raises:
        ParityError: it is too large, or not a number.
    """
    if not isinstance(network, MoViNet) or not network.architecture.causal:
        return None
    whole = network(clip)
    state, steps = network.initial_state(1, *clip.shape[-2:]), []
    for frame in clip.unbind(1):
        logits, state = network.step(frame, state)
        steps.append(logits)
    difference = float((torch.stack(steps, 1) - whole).abs().max())
    allowed = TOLERANCE * max(1.0, float(whole.abs().max()))
    if not difference <= allowed:
        raise ParityError(
            f"frame by frame the trained network differs from the whole clip by {difference:.2g} "
            f"in a logit; allowed: {allowed:.2g}. It was not saved: train with a lower --rate"
        )
    return difference
