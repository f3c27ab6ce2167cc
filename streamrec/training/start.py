"""What a training starts from: a model's weights, with the classes of the data set."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import nn

from streamrec.errors import OptionError
from streamrec.model_source import network as build_network
from streamrec.models.architecture import Architecture, MoViNetArchitecture
from streamrec.models.build import build_shapes
from streamrec.types import Array
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.untrained import untrained


def start(
    weights: ModelWeights,
    labels: tuple[str, ...],
    *,
    scratch: bool = False,
    horizon: int | None = None,
    multi_label: bool = False,
    seed: int = 0,
) -> ModelWeights:
    """Return the weights that learning begins with.

    Classes that the model knows by the same name keep what it knows of them; the others begin with
    small random weights.

    Args:
        weights: of the model to start from; with ``scratch`` only its architecture counts.
        labels: the classes to learn, in logit order.
        scratch: begin with random weights.
        horizon: frames after which running means forget; 0: never; None: as ``weights`` has it.
        multi_label: whether a clip may show several classes.
        seed: of the random weights.

    Raises:
        OptionError: the model has no such running means.
    """
    architecture = _architecture(weights.architecture, len(labels), horizon)
    fresh = untrained(architecture, seed).tensors
    tensors = fresh if scratch else {**weights.tensors, **_classifiers(weights, labels, fresh)}
    return replace(
        weights,
        architecture=architecture,
        tensors=tensors,
        labels=labels,
        multi_label=multi_label,
        provenance={} if scratch else weights.provenance,
    )


def network_of(weights: ModelWeights) -> nn.Module:
    """Build the network with these weights, in the memory layout that learns fastest on a CPU."""
    network = build_network(weights)
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return network


def _architecture(record: Architecture, classes: int, horizon: int | None) -> Architecture:
    record = replace(record, classes=classes)
    if horizon is None:
        return record
    if not isinstance(record, MoViNetArchitecture) or not record.causal:
        raise OptionError(f"{record.name} has no running means over time; omit --horizon")
    return replace(record, horizon=horizon or None)


def _classifiers(
    weights: ModelWeights, labels: tuple[str, ...], fresh: Mapping[str, Array]
) -> dict[str, Array]:
    """Return the tensors of the last layers for the new classes."""
    names = cast("tuple[str, ...]", build_shapes(weights.architecture).classifiers)
    known = {label.casefold(): row for row, label in enumerate(weights.labels or ())}
    rows = [known.get(label.casefold()) for label in labels]
    return {
        name: _rows(weights.tensors[name], rows, fresh[name])
        for name in weights.tensors
        if name.rpartition(".")[0] in names
    }


def _rows(old: Array, rows: list[int | None], fresh: Array) -> Array:
    """Take rows of the old classes, and fresh ones where there are none."""
    return np.stack([fresh[i] if row is None else old[row] for i, row in enumerate(rows)])
