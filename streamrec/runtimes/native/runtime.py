"""The native runtime: a fused step in C++, one frame at a time on one core."""

from pathlib import Path

import numpy as np

from streamrec.card import card_of, origin_of
from streamrec.errors import ModelError, OptionError, RuntimeMissingError
from streamrec.runtimes.input import check_frame
from streamrec.runtimes.native.binding import native_code, targets
from streamrec.runtimes.native.network import Network, free_with
from streamrec.runtimes.native.onnx_file import read_export
from streamrec.runtimes.state import check_state, empty_state
from streamrec.types import Array, State, StreamSpec

PRECISIONS = ("fp32", "bf16")


class NativeRuntime:
    """Runs the network of an exported step graph, fused.

    Args:
        model: path or content of the ONNX file.
        precision: ``fp32``, or ``bf16``: the weights of squeeze-excitation and head are stored as
            bfloat16, and machines with products of bfloat16 round the inputs and weights of 1 x 1
            convolutions to it. Sums, states and running means are float32.
        target: the instruction set, one of ``targets()``; default: the best of this machine.

    Raises:
        WeightsError: not an exported step graph.
        RuntimeMissingError: this build or machine cannot run it.
    """

    def __init__(
        self, model: Path | bytes, *, precision: str = "fp32", target: str | None = None
    ) -> None:
        origin = origin_of(model)
        data = model if isinstance(model, bytes) else model.read_bytes()
        metadata, weights = read_export(data, origin)
        card = card_of(metadata, origin)
        card.require_step()
        if precision not in PRECISIONS:
            allowed = ", ".join(PRECISIONS)
            raise OptionError(f"precision is one of {allowed}; got {precision!r}")
        self.card, self.spec = card, card.spec
        self.target, self.precision = _choose(target), precision
        self._number = targets().index(self.target)
        self._network = Network(card, weights, self._number, bf16=precision == "bf16")
        self._shapes = card.state_shapes

    @property
    def engine(self) -> str:
        """The native runtime, with its instruction set and precision."""
        precision = self.precision
        if precision == "bf16":
            products = native_code().streamrec_multiplies_bf16(self._number)
            precision += " products" if products else " weights"
        return f"native ({self.target}, {precision})"

    def initial_state(self) -> State:
        """Return the state of a stream that has seen nothing."""
        return empty_state(self._shapes)

    def start(self, state: State | None = None) -> "NativeStream":
        """Begin a stream.

        Raises:
            StateError: ``state`` has the wrong names, shapes or dtypes.
        """
        if state is not None:
            check_state(state, self._shapes)
        return NativeStream(self._network, self.spec, self._shapes, state)


def _choose(target: str | None) -> str:
    known = targets()
    if target is None:
        return known[0]
    if target not in known:
        raise RuntimeMissingError(
            f"this machine cannot run {target!r} code; allowed: {', '.join(known)}"
        )
    return target


class NativeStream:
    """One stream: its state lives in native memory, in the layout of the kernels."""

    def __init__(
        self,
        network: Network,
        spec: StreamSpec,
        shapes: dict[str, tuple[int, ...]],
        state: State | None,
    ) -> None:
        self._network, self._shapes = network, shapes  # the network must live as long as this
        self._size, self._classes = spec.preprocessing, len(spec.labels)
        native = native_code()
        self._step, self._read = native.streamrec_step, native.streamrec_stream_read
        self._handle = native.streamrec_stream(network.handle)
        if self._handle is None:
            raise ModelError(f"no memory for a stream of {spec.name}")
        free_with(self, native.streamrec_stream_free, self._handle)
        for number, name in enumerate(shapes if state is not None else ()):
            values = np.ascontiguousarray(state[name])  # type: ignore[index]
            native.streamrec_stream_write(self._handle, number, values.ctypes.data)

    def step(self, x: Array) -> Array:
        """Take one frame, float32 [1, 3, H, W]; return logits, float32 [classes].

        Raises:
            FrameError: ``x`` has another shape.
        """
        logits = np.empty(self._classes, np.float32)
        self._run(x, logits.ctypes.data)
        return logits

    def advance(self, x: Array) -> None:
        """Take one frame whose logits nobody reads.

        Raises:
            FrameError: ``x`` has another shape.
        """
        self._run(x, None)

    def _run(self, x: Array, logits: int | None) -> None:
        check_frame(x, self._size)
        x = np.ascontiguousarray(x, np.float32)
        if not self._step(self._handle, x.ctypes.data, logits):
            raise ModelError("no memory for a step; the stream's state is as before it")

    def finish(self) -> None:
        """Return None: every step gave its logits."""

    def state(self) -> State:
        """Return a copy of the state."""
        arrays = {name: np.empty(shape, np.float32) for name, shape in self._shapes.items()}
        for number, array in enumerate(arrays.values()):
            self._read(self._handle, number, array.ctypes.data)
        return arrays
