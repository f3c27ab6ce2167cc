"""How a model was trained, where its weights do not show it."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypedDict

from streamrec.errors import OptionError
from streamrec.models.architecture import Architecture, MoViNetArchitecture
from streamrec.nn.names import ACTIVATION_NAMES
from streamrec.types import Preprocessing
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.network_shapes import takes_pictures_of

_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"image_size": (32, 4096), "fps": (0.1, 1000.0), "horizon": (1, 100_000)}
)
_OF_ALL_MODELS = ("image_size", "fps")


class Traits(TypedDict, total=False):
    """What stands in no checkpoint; a trait that is absent is as in the architecture's record.

    ``image_size`` and ``fps`` are of all models, the others of MoViNets. ``horizon`` None is the
    reference's everlasting mean.
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
    if (size := traits.get("image_size")) is not None:
        weights = _sized(weights, size)
    set_here = {name: str(value).lower() for name, value in traits.items()}
    return replace(
        weights,
        architecture=_changed(weights.architecture, traits),
        provenance={**weights.provenance, **set_here},
    )


def _changed(architecture: Architecture, traits: Traits) -> Architecture:
    if isinstance(architecture, MoViNetArchitecture):
        return replace(architecture, **traits)
    return replace(architecture, fps=traits.get("fps", architecture.fps))


def _sized(weights: ModelWeights, size: int) -> ModelWeights:
    """Scale the pictures so that the network sees squares of ``size`` pixels."""
    architecture, preprocessing = weights.architecture, weights.preprocessing
    if isinstance(architecture, MoViNetArchitecture):
        return replace(weights, preprocessing=_scaled(preprocessing, size / preprocessing.height))
    flow = architecture.flow
    seen = (flow or preprocessing).height
    if not takes_pictures_of(architecture, size):
        raise OptionError(f"{architecture.name} sees {seen} pixels and cannot see {size}")
    preprocessing = _scaled(preprocessing, size / seen)
    flow = None if flow is None else replace(flow, height=size, width=size)
    architecture = replace(architecture, flow=flow, preprocessing=preprocessing)
    return replace(weights, architecture=architecture, preprocessing=preprocessing)


def _scaled(preprocessing: Preprocessing, factor: float) -> Preprocessing:
    resized = preprocessing.resized
    return replace(
        preprocessing,
        height=round(preprocessing.height * factor),
        width=round(preprocessing.width * factor),
        resized=None
        if resized is None
        else (round(resized[0] * factor), round(resized[1] * factor)),
    )


def _check(name: str, value: Any, architecture: Architecture) -> None:
    if name in _BOUNDS:
        least, most = _BOUNDS[name]
        if value is not None and not least <= value <= most:
            raise OptionError(f"{name} is {least:g} to {most:g}, got {value}")
    elif value not in ACTIVATION_NAMES:
        raise OptionError(f"{name} is one of {', '.join(ACTIVATION_NAMES)}; got {value!r}")
    if name in _OF_ALL_MODELS:
        return
    if not isinstance(architecture, MoViNetArchitecture):
        raise OptionError(f"{architecture.name} is no MoViNet and has no {name}; omit it")
    if name == "horizon" and not architecture.causal:
        raise OptionError(f"{architecture.name} sees whole clips and has no horizon; omit it")
    if name == "gate" and architecture.se_ratio is None:
        raise OptionError(f"{architecture.name} has no squeeze-excitation, so no gate; omit it")
