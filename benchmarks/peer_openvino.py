"""OpenVINO as the peer, on the step graph that we export, less what is there for ONNX Runtime."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from streamrec.types import Array

openvino: Any = import_module("openvino")  # without types


def open_model(path: Path, threads: int) -> Callable[[], Callable[[Array], Array]]:
    """Compile an exported step graph, as ``plain`` gives it, in fp32; return ``start``.

    A step is the inference, with a copy of the frame in and of the logits out: the states are
    inputs that stay what they are, and nothing carries the new ones over, which flatters it.
    Frame, states and logits are shared tensors.
    """
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    core = openvino.Core()
    graph = core.read_model(plain(onnx.load(path)).SerializeToString())
    compiled = core.compile_model(graph, "CPU", settings)
    return lambda: _stepper(compiled)


def plain(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a step graph that always gives logits, and whose gates broadcast.

    The branch that is taken for logits replaces its ``If``; the gates go into the products
    without the ``Resize`` that repeats them over the picture, which changes no value.
    """
    graph = model.graph
    (switch,) = (node for node in graph.node if node.op_type == "If")
    (branch,) = (part.g for part in switch.attribute if part.name == "then_branch")
    names = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Resize"}
    names[branch.output[0].name] = switch.output[0]
    nodes = [node for node in graph.node if node.op_type not in ("If", "Resize")]
    nodes += branch.node
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    inputs = [value for value in graph.input if value.name != switch.input[0]]
    body = onnx.helper.make_graph(nodes, graph.name, inputs, graph.output, graph.initializer)
    return onnx.helper.make_model(
        body, opset_imports=model.opset_import, ir_version=model.ir_version
    )


def _stepper(compiled: Any) -> Callable[[Array], Array]:
    request = compiled.create_infer_request()
    arrays = {port.any_name: np.zeros(tuple(port.shape), np.float32) for port in compiled.inputs}
    logits: Array = np.zeros(tuple(compiled.output("logits").shape), np.float32)
    for name, array in {**arrays, "logits": logits}.items():
        request.set_tensor(name, openvino.Tensor(array, shared_memory=True))

    def step(frame: Array) -> Array:
        arrays["frame"][...] = frame
        request.infer()
        result: Array = logits[0].copy()
        return result

    return step
