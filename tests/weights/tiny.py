"""The toy architecture of the reference data, and weights for it."""

from dataclasses import replace

import numpy as np
from support import tiny_architecture

from streamrec.weights.fit import parameter_shapes
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing

TINY_STREAM = tiny_architecture()
TINY_POSITION = replace(tiny_architecture(positional=True), name="tiny-position")
TINY_BASE = tiny_architecture("base")
TINY_MOBILE = tiny_architecture("mobile")
TINY = (TINY_STREAM, TINY_POSITION, TINY_BASE, TINY_MOBILE)


def random_tensors(architecture, seed=0):
    random = np.random.default_rng(seed)
    return {
        name: random.uniform(0.1, 1.0, shape).astype(np.float32)
        for name, shape in parameter_shapes(architecture).items()
    }


def random_weights(architecture=TINY_STREAM, seed=0, labels=True):
    names = tuple(f"class {i}" for i in range(architecture.classes))
    return ModelWeights(
        architecture=architecture,
        tensors=random_tensors(architecture, seed),
        labels=names if labels else None,
        preprocessing=plain_preprocessing(architecture),
        provenance={"made": "by a test"},
    )


def as_checkpoint(tensors, layout="model/layer_with_weights-0", inner=True, rank=4):
    """Rename ours to TensorFlow's, the other way round than the package does.

    ``inner`` and ``rank`` 4 are the stream graph's; without and 5 the base and training graphs'.
    """
    last = 1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("blocks."))
    return {
        f"{_their_name(name, layout, inner, rank, last)}/.ATTRIBUTES/VARIABLE_VALUE": _input_first(
            name, value, rank
        )
        for name, value in tensors.items()
    }


_PARTS = {
    "expand": "_expansion",
    "spatial": "_feature",
    "temporal": "_feature",
    "project": "_projection",
    "skip.project": "_skip/_projection",
    "attention.reduce": "_attention/_se_reduce",
    "attention.expand": "_attention/_se_expand",
    "residual_scale": "_mobile_bottleneck/_rezero/scale",
    "attention.position_scale": "_attention/_pos_encoding/_rezero/scale",
}
_NORMS = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def _their_name(name, layout, inner, rank, last):
    conv = "_conv/_conv" if inner else "_conv"
    if name.startswith("blocks."):
        _, number, rest = name.split(".", 2)
        place = f"{layout}/layer_with_weights-{int(number) + 1}"
        if rest in _PARTS:
            return f"{place}/{_PARTS[rest]}"
    else:
        number, rest = None, name
    part = next((p for p in (*_PARTS, "stem", "head.project") if rest.startswith(f"{p}.")), None)
    if rest.startswith(("head.hidden", "head.classifier")):
        module = "_head" if "hidden" in rest else "_classifier"
        variable = "bias" if rest.endswith("bias") else "kernel"
        return f"model/layer_with_weights-1/{module}/{conv}/{variable}"
    if part == "stem":
        place, module = f"{layout}/layer_with_weights-0", "_stem"
    elif part == "head.project":
        place, module = f"{layout}/layer_with_weights-{last + 1}", "_project"
    else:
        module = _PARTS[part]
    suffix = "_temporal" if part == "temporal" else ""
    if ".norm." in rest:
        return f"{place}/{module}/_batch_norm{suffix}/{_NORMS[rest.rpartition('.')[2]]}"
    if rest.endswith("bias"):
        return f"{place}/{module}/{conv}/bias"
    depthwise = "depthwise_" if part in ("spatial", "temporal") and rank == 4 else ""
    conv = conv.replace("_conv", f"_conv{suffix}", 1)
    return f"{place}/{module}/{conv}/{depthwise}kernel"


def _input_first(name, value, rank):
    if not name.endswith("weight") or ".norm." in name:
        return value
    if ".temporal." in name:
        kernel = value.T[:, None, :, None]
        return kernel if rank == 4 else kernel[:, :, None].swapaxes(-1, -2)
    if value.ndim == 2:
        value = value[:, :, None, None]
    kernel = np.moveaxis(value, (0, 1), (-1, -2))
    if rank == 5:
        return kernel if kernel.ndim == 5 else kernel[None]
    return kernel.swapaxes(-1, -2) if ".spatial." in name else kernel
