"""ONNX Runtime: the default on a CPU. Needs neither PyTorch nor the model's code.

The states of a stream live in rings of buffers. Each step reads some slots of a ring and writes
the next one, so that nothing is copied or moved; the bindings of all positions are made once.
"""

from math import lcm
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from streamrec.card import ModelCard, Ring, card_of, origin_of
from streamrec.errors import WeightsError
from streamrec.runtimes.input import check_clip, check_frame
from streamrec.runtimes.state import check_state, empty_state
from streamrec.types import Array, State

WANT_LOGITS = "want_logits"
"""A bool input that is true where it is not given; files of older versions lack it."""

MAX_CYCLE = 4096
"""Bindings are made for each step of a cycle, so that a file cannot ask for endless memory."""

_ERRORS_ONLY = 3


def open_session(model: Path | bytes, threads: int) -> tuple[Any, ModelCard]:
    """Load an exported model: the session, and what the file says of itself.

    Raises:
        WeightsError: not an ONNX file, or not one that streamrec exported.
    """
    origin = origin_of(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = ort.InferenceSession(
            model if isinstance(model, bytes) else str(model),
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # it would try again in vain, and print
        )
        metadata = session.get_modelmeta().custom_metadata_map
    except engine_errors() as error:
        raise WeightsError(f"{origin}: ONNX Runtime cannot load it: {_reason(error)}") from None
    card = card_of(metadata, origin)
    _check_graph(session, card, origin)
    return session, card


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def _run_error(card: ModelCard, error: Exception) -> WeightsError:
    """Say that a graph which could be loaded cannot be run: the file is damaged."""
    return WeightsError(f"{card.spec.name}: ONNX Runtime cannot run it: {_reason(error)}")


def engine_errors() -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises; most of it derives from Exception only."""
    state = ort.capi.onnxruntime_pybind11_state
    names = (
        "EPFail",
        "Fail",
        "InvalidArgument",
        "InvalidGraph",
        "InvalidProtobuf",
        "NoSuchFile",
        "NotImplemented",
        "RuntimeException",
    )
    return (*(getattr(state, name) for name in names), RuntimeError, ValueError)


def _check_graph(session: Any, card: ModelCard, origin: str) -> None:
    """Compare the graph's inputs and outputs with what the file says of itself."""
    for values, stated in (
        (session.get_inputs(), card.inputs()),
        (session.get_outputs(), card.outputs()),
    ):
        found = {value.name: _fixed(value.shape) for value in values}
        if found != stated:
            name = min(k for k in found.keys() | stated.keys() if found.get(k) != stated.get(k))
            raise WeightsError(
                f"{origin}: {name!r} is {found.get(name)} in the graph and {stated.get(name)} in "
                "the metadata; export the model again"
            )


def _engine(threads: int) -> str:
    return f"ONNX Runtime ({threads} thread{'s' * (threads > 1)})"


def _fixed(shape: list[int | str | None]) -> tuple[int | None, ...]:
    return tuple(axis if isinstance(axis, int) else None for axis in shape)


class OnnxClip:
    """Runs an exported whole-clip graph.

    Args:
        model: path or content of the ONNX file.
        threads: threads within one run.

    Raises:
        WeightsError: not an exported clip graph.
    """

    def __init__(self, model: Path | bytes, *, threads: int = 1) -> None:
        self._session, card = open_session(model, threads)
        if card.kind != "clip":
            raise WeightsError(f"{card.spec.name} is a streaming model, it takes no whole clips")
        self.card = card
        self.spec = card.spec
        self._threads = threads

    @property
    def engine(self) -> str:
        """ONNX Runtime, with its threads."""
        return _engine(self._threads)

    def run(self, clip: Array) -> Array:
        """Take a clip, float32 [T, C, H, W]; return logits, float32 [classes].

        Raises:
            FrameError: ``clip`` has another shape.
            WeightsError: the graph is damaged, so that it cannot be run.
        """
        check_clip(clip, self.spec)
        try:
            logits: Array = self._session.run(["logits"], {"clip": clip})[0][0]
        except engine_errors() as error:
            raise _run_error(self.card, error) from None
        return logits


class OnnxRuntime:
    """Runs an exported step graph.

    Args:
        model: path or content of the ONNX file.
        threads: threads within one step; one is best for many streams.

    Raises:
        WeightsError: not an exported step graph.
    """

    def __init__(self, model: Path | bytes, *, threads: int = 1) -> None:
        self._session, card = open_session(model, threads)
        card.require_step()
        if (cycle := _cycle(card)) > MAX_CYCLE:
            raise WeightsError(
                f"the states of {card.spec.name} come round after {cycle} steps; at most "
                f"{MAX_CYCLE} are allowed, since each needs bindings of its own"
            )
        self.card = card
        self.spec = card.spec
        self._shapes = card.state_shapes
        self._threads = threads

    @property
    def engine(self) -> str:
        """ONNX Runtime, with its threads."""
        return _engine(self._threads)

    def initial_state(self) -> State:
        """Return the state of a stream that has seen nothing."""
        return empty_state(self._shapes)

    def start(self, state: State | None = None) -> "OnnxStream":
        """Begin a stream.

        Raises:
            StateError: ``state`` has the wrong names, shapes or dtypes.
        """
        if state is None:
            state = self.initial_state()
        check_state(state, self._shapes)
        return OnnxStream(self._session, self.card, state)


def _slot_count(ring: Ring) -> int:
    """Count a ring's buffers: its entries and one to write the next into.

    A ring of one entry gets a third slot, so that all rings of a network come round together
    after fewer steps.
    """
    return max(len(ring.inputs) + 1, 3)


def _cycle(card: ModelCard) -> int:
    """Count the steps after which all rings are where they began."""
    return lcm(*(_slot_count(ring) for ring in card.rings))


class _Slots:
    """The buffers of one ring."""

    def __init__(self, ring: Ring, state: State) -> None:
        self.ring = ring
        self.count = _slot_count(ring)
        self.buffers = [np.zeros(ring.shape, np.float32) for _ in range(self.count)]
        for buffer, name in zip(self.buffers, ring.inputs, strict=False):
            buffer[...] = state[name]
        self._values = [ort.OrtValue.ortvalue_from_numpy(buffer) for buffer in self.buffers]

    def bind(self, binding: Any, phase: int) -> None:
        for offset, name in enumerate(self.ring.inputs):
            binding.bind_ortvalue_input(name, self._values[(phase + offset) % self.count])
        following = (phase + len(self.ring.inputs)) % self.count
        binding.bind_ortvalue_output(self.ring.output, self._values[following])

    def entries(self, phase: int) -> dict[str, Array]:
        return {
            name: self.buffers[(phase + offset) % self.count].copy()
            for offset, name in enumerate(self.ring.inputs)
        }


class OnnxStream:
    """One stream: the session is shared, the ring buffers are its own."""

    def __init__(self, session: Any, card: ModelCard, state: State) -> None:
        self._session, self._card = session, card
        self._size = size = card.spec.preprocessing
        self._frame = np.zeros((1, 3, size.height, size.width), np.float32)
        self._logits = np.zeros((1, len(card.spec.labels)), np.float32)
        self._want_logits = np.array(True)
        self._has_switch = any(
            value.name == WANT_LOGITS for value in session.get_overridable_initializers()
        )
        self._slots = [_Slots(ring, state) for ring in card.rings]
        self._bindings = [self._bind(phase) for phase in range(_cycle(card))]
        self._phase = 0

    def _bind(self, phase: int) -> Any:
        binding = self._session.io_binding()
        binding.bind_ortvalue_input("frame", ort.OrtValue.ortvalue_from_numpy(self._frame))
        if self._has_switch:
            switch = ort.OrtValue.ortvalue_from_numpy(self._want_logits)
            binding.bind_ortvalue_input(WANT_LOGITS, switch)
        binding.bind_ortvalue_output("logits", ort.OrtValue.ortvalue_from_numpy(self._logits))
        for slots in self._slots:
            slots.bind(binding, phase)
        return binding

    def step(self, x: Array) -> Array:
        """Take one frame, float32 [1, 3, H, W]; return logits, float32 [classes].

        Raises:
            FrameError: ``x`` has another shape.
            WeightsError: the graph is damaged, so that it cannot be run.
        """
        self._run(x, want_logits=True)
        logits: Array = self._logits[0].copy()
        return logits

    def advance(self, x: Array) -> None:
        """Take one frame whose logits nobody reads.

        Raises:
            FrameError, WeightsError: as ``step``.
        """
        self._run(x, want_logits=False)

    def _run(self, x: Array, *, want_logits: bool) -> None:
        check_frame(x, self._size)
        self._frame[...] = x
        self._want_logits[...] = want_logits
        try:
            self._session.run_with_iobinding(self._bindings[self._phase % len(self._bindings)])
        except engine_errors() as error:
            raise _run_error(self._card, error) from None
        self._phase += 1

    def finish(self) -> None:
        """Return None: every step gave its logits."""

    def state(self) -> State:
        """Return a copy of the state."""
        entries: dict[str, Array] = {}
        for slots in self._slots:
            entries.update(slots.entries(self._phase))
        return entries
