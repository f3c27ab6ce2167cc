"""The models that are timed. Random weights are as fast as trained ones."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from streamrec.model_source import network, spec_of
from streamrec.models.registry import MOVINETS, architecture
from streamrec.types import StreamSpec
from streamrec.weights.load import load_weights
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.untrained import untrained

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, eq=False)
class Model:
    """An exported ONNX file, a step graph or a clip graph, and how to get its weights again."""

    path: Path
    read: Callable[[], ModelWeights]

    @cached_property
    def weights(self) -> ModelWeights:
        """The weights, read when they are asked for: a process may want the file only."""
        return self.read()

    @property
    def spec(self) -> StreamSpec:
        """What the model says of itself."""
        return spec_of(self.weights, self.path.stem)

    def network(self) -> "nn.Module":
        """Build the PyTorch network."""
        return network(self.weights)


def random_weights(name: str, image_size: int | None = None) -> ModelWeights:
    """Return an untrained network of that architecture, for its own image size or another one."""
    if image_size is None:
        return untrained(architecture(name))
    return untrained(replace(MOVINETS[name], image_size=image_size))


def random_model(name: str, folder: Path, image_size: int | None = None) -> Model:
    """Return an untrained model, exported into ``folder`` unless that has been done before."""
    file = f"{name}.onnx" if image_size is None else f"{name}-{image_size}.onnx"
    return _exported(Model(folder / file, partial(random_weights, name, image_size)))


def read_model(weights_file: Path, folder: Path) -> Model:
    """Return the model of a weights file, exported into ``folder`` unless done before."""
    path = folder / f"{weights_file.stem}.onnx"
    return _exported(Model(path, partial(load_weights, weights_file)))


def _exported(model: Model) -> Model:
    if not model.path.exists():
        from streamrec.export.write import write_export

        write_export(model.network(), model.spec, model.weights.provenance, model.path)
    return model
