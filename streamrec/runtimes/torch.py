"""The reference runtime: a PyTorch network, on a GPU where there is one."""

from typing import Protocol

import torch
from torch import Tensor

from streamrec.errors import ModelError, RuntimeMissingError
from streamrec.nn.stream import TensorState
from streamrec.runtimes.input import check_clip, check_frame
from streamrec.runtimes.state import check_state
from streamrec.types import Array, State, StreamSpec


class SteppingModule(Protocol):
    """A causal network with explicit state."""

    def eval(self) -> object:
        """Switch to inference."""

    def to(self, device: torch.device) -> object:
        """Move the weights."""

    def initial_state(self, batch: int = 1) -> TensorState:
        """Return the state of streams that have seen nothing."""

    def step(self, x: Tensor, state: TensorState) -> tuple[Tensor, TensorState]:
        """Take one frame, [N, 3, H, W] -> logits [N, classes]."""

    def advance(self, x: Tensor, state: TensorState) -> TensorState:
        """Take one frame, [N, 3, H, W], whose logits nobody reads."""


def torch_device(name: str) -> torch.device:
    """Return a device by name; ``auto`` is the first GPU, else the CPU.

    Raises:
        RuntimeMissingError: the device is not there.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError):
        raise RuntimeMissingError(
            f"PyTorch has no device {name!r} here; allowed: auto, cpu, or a GPU that it sees"
        ) from None
    return device


class TorchRuntime:
    """Runs a causal network of ``streamrec.models`` eagerly."""

    def __init__(
        self, model: SteppingModule, spec: StreamSpec, *, device: str = "auto", threads: int = 1
    ) -> None:
        self.spec = spec
        self.device = torch_device(device)
        if self.device.type == "cpu":
            torch.set_num_threads(threads)
        model.eval()
        model.to(self.device)
        self._model = model
        self._shapes = {name: tuple(x.shape) for name, x in model.initial_state().items()}

    @property
    def engine(self) -> str:
        """PyTorch, with its device."""
        return f"PyTorch ({self.device})"

    def initial_state(self) -> State:
        """Return the state of a stream that has seen nothing."""
        return {name: x.cpu().numpy() for name, x in self._model.initial_state().items()}

    def start(self, state: State | None = None) -> "TorchStream":
        """Begin a stream.

        Raises:
            StateError: ``state`` has the wrong names, shapes or dtypes.
        """
        if state is None:
            return TorchStream(self, self._model.initial_state())
        check_state(state, self._shapes)
        tensors = {name: torch.from_numpy(x.copy()).to(self.device) for name, x in state.items()}
        return TorchStream(self, tensors)

    @torch.inference_mode()
    def step(self, x: Array, state: TensorState) -> tuple[Array, TensorState]:
        """Take one frame, float32 [1, 3, H, W]; return logits, and the next state.

        Raises:
            FrameError: ``x`` has another shape.
        """
        logits, following = self._model.step(self._tensor(x), state)
        result: Array = logits[0].cpu().numpy()
        return result, following

    @torch.inference_mode()
    def advance(self, x: Array, state: TensorState) -> TensorState:
        """Take one frame whose logits nobody reads; return the next state.

        Raises:
            FrameError: ``x`` has another shape.
        """
        return self._model.advance(self._tensor(x), state)

    def _tensor(self, x: Array) -> Tensor:
        check_frame(x, self.spec.preprocessing)
        return torch.from_numpy(x).to(self.device)


class TorchStream:
    """One stream: the network is shared, the state is its own."""

    def __init__(self, runtime: TorchRuntime, state: TensorState) -> None:
        self._runtime, self._state = runtime, state

    def step(self, x: Array) -> Array:
        """Take one frame, float32 [1, 3, H, W]; return logits, float32 [classes].

        Raises:
            FrameError: ``x`` has another shape.
        """
        logits, self._state = self._runtime.step(x, self._state)
        return logits

    def advance(self, x: Array) -> None:
        """Take one frame whose logits nobody reads.

        Raises:
            FrameError: ``x`` has another shape.
        """
        self._state = self._runtime.advance(x, self._state)

    def finish(self) -> None:
        """Return None: every step gave its logits."""

    def state(self) -> State:
        """Return a copy of the state."""
        return {name: x.cpu().numpy().copy() for name, x in self._state.items()}


class TorchClip:
    """Runs a network that sees a whole clip at once."""

    def __init__(
        self,
        model: torch.nn.Module,
        spec: StreamSpec,
        *,
        device: str = "auto",
        threads: int = 1,
    ) -> None:
        self.spec = spec
        self._device = torch_device(device)
        if self._device.type == "cpu":
            torch.set_num_threads(threads)
        self._model = model.eval().to(self._device)

    @property
    def engine(self) -> str:
        """PyTorch, with its device."""
        return f"PyTorch ({self._device})"

    @torch.inference_mode()
    def run(self, clip: Array) -> Array:
        """Take a clip, float32 [T, C, H, W]; return logits, float32 [classes].

        Raises:
            FrameError: ``clip`` has another shape.
            ModelError: it is too large for the memory here, or too small for the network.
        """
        check_clip(clip, self.spec)
        try:
            logits = self._model(torch.from_numpy(clip)[None].to(self._device))
        except RuntimeError as error:  # too little memory, or a picture that is too small
            reason = str(error).splitlines()[0]
            raise ModelError(f"{self.spec.name}: PyTorch cannot run it: {reason}") from None
        result: Array = logits[0].cpu().numpy()
        return result
