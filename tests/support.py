"""Small models and specs that many tests use."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from streamrec import model_source
from streamrec.models.architecture import ClipArchitecture, Family, MoViNetArchitecture
from streamrec.models.movinet import MoViNet
from streamrec.models.registry import MOVINETS, groups
from streamrec.types import Preprocessing, State, StreamSpec
from streamrec.weights.fit import fit
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.movinet_names import rename_checkpoint
from streamrec.weights.tensor_bundle import read_bundle

DATA = Path(__file__).parent / "data"

_TINY_ROWS = ((8, "16", "15"), (16, "24 24", "33 33"), (24, "24 24", "53 13"))


def tiny_architecture(
    family: Family = "stream", *, positional: bool = False
) -> MoViNetArchitecture:
    """The toy member of the family that the reference figures in tests/data belong to."""
    return replace(
        MOVINETS[f"movinet-a0-{family}"],
        name=f"tiny-{family}",
        groups=groups(_TINY_ROWS, (2, 2, 1)),
        project=24,
        hidden=48,
        classes=10,
        image_size=32,
        clip_frames=16,
        horizon=16,
        positional_encoding=positional,
    )


def random_model(architecture: MoViNetArchitecture, seed: int = 0) -> MoViNet:
    """A model whose every part matters: no zero residual scales, no trivial batch norm."""
    torch.manual_seed(seed)
    model = MoViNet(architecture).eval()
    for parameter in model.parameters():
        if parameter.ndim == 0:
            parameter.data.uniform_(0.3, 0.6)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0.0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    return model


def spec_of(architecture: MoViNetArchitecture) -> StreamSpec:
    """The spec of a model without a name list of its own."""
    causal = architecture.causal
    return StreamSpec(
        name=architecture.name,
        labels=tuple(f"class {i}" for i in range(architecture.classes)),
        fps=architecture.fps,
        preprocessing=Preprocessing(architecture.image_size, architecture.image_size),
        clip_frames=architecture.clip_frames,
        warmup_frames=architecture.receptive_field if causal else architecture.clip_frames,
        horizon=architecture.horizon if causal else None,
        windowed=not causal,
    )


def clip_spec(architecture: ClipArchitecture, window: int | None = None) -> StreamSpec:
    """The spec of any other model, without a name list of its own."""
    weights = ModelWeights(
        architecture=architecture, tensors={}, preprocessing=architecture.preprocessing
    )
    return model_source.spec_of(weights, architecture.name, window)


def reference_model(
    checkpoint: Path, architecture: MoViNetArchitecture, gate: str, horizon: int | None = None
) -> MoViNet:
    """A model with the weights of one of the reference's checkpoints."""
    architecture, tensors = fit(rename_checkpoint(read_bundle(checkpoint)), architecture)
    model = MoViNet(replace(architecture, gate=gate, horizon=horizon)).eval()
    state = {name: torch.from_numpy(array.copy()) for name, array in tensors.items()}
    assert not model.load_state_dict(state, strict=False).unexpected_keys
    return model


def check_states(initial: State, state: State) -> None:
    """States are named float32 arrays of at most four dimensions, and begin as zeros."""
    assert initial.keys() == state.keys()
    for name, array in state.items():
        assert array.ndim <= 4
        assert array.dtype == np.float32
        assert array.shape == initial[name].shape
        assert not initial[name].any()
