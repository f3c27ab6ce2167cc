"""How a model was trained, where its weights do not show it."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypedDict

from streamrec.errors import OptionError
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.nn.names import ACTIVATION_NAMES
from streamrec.weights.model_weights import ModelWeights

_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"image_size": (32, 4096), "fps": (0.1, 1000.0), "horizon": (1, 100_000)}
)


class Traits(TypedDict, total=False):
    """Fields of an ``MoViNetArchitecture`` that stand in no checkpoint; one that is absent is as it is.

    ``horizon`` None is the reference's everlasting mean.
    """

    gate: str
    head_activation: str
    image_size: int
    fps: float
    horizon: int | None


def with_traits(weights: ModelWeights, traits: Traits) -> ModelWeights:
    """Return the model with these traits; its provenance says which were set.

    Raises:
        OptionError: a value that is not allowed, or a trait that the architecture does not have.
    """
    for name, value in traits.items():
        _check(name, value, weights.architecture)
    preprocessing = weights.preprocessing
    if (size := traits.get("image_size")) is not None:
        preprocessing = replace(preprocessing, height=size, width=size)
    set_here = {name: str(value).lower() for name, value in traits.items()}
    return replace(
        weights,
        architecture=replace(weights.architecture, **traits),
        preprocessing=preprocessing,
        provenance={**weights.provenance, **set_here},
    )


def _check(name: str, value: Any, architecture: MoViNetArchitecture) -> None:
    if name in _BOUNDS:
        least, most = _BOUNDS[name]
        if value is not None and not least <= value <= most:
            raise OptionError(f"{name} is {least:g} to {most:g}, got {value}")
    elif value not in ACTIVATION_NAMES:
        raise OptionError(f"{name} is one of {', '.join(ACTIVATION_NAMES)}; got {value!r}")
    if name == "horizon" and not architecture.causal:
        raise OptionError(f"{architecture.name} sees whole clips and has no horizon; omit it")
    if name == "gate" and architecture.se_ratio is None:
        raise OptionError(f"{architecture.name} has no squeeze-excitation, so no gate; omit it")
