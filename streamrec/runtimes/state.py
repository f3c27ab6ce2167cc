"""States as values: checked against what a model expects, and as bytes."""

from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from streamrec.errors import StateError
from streamrec.types import State


def empty_state(shapes: Mapping[str, tuple[int, ...]]) -> State:
    """Return the state of a stream that has seen nothing: zeros."""
    return {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}


def check_state(state: State, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Compare a state with the names and shapes that a model expects.

    Raises:
        StateError: a name is missing or unknown, or an array has another shape or dtype.
    """
    if missing := [name for name in shapes if name not in state]:
        raise StateError(f"state lacks {len(missing)} of {len(shapes)} arrays: {missing[:3]}")
    if unknown := [name for name in state if name not in shapes]:
        raise StateError(f"state has arrays that the model does not know: {unknown[:3]}")
    for name, shape in shapes.items():
        array = state[name]
        if array.shape != shape or array.dtype != np.float32:
            raise StateError(
                f"state array {name!r} is {array.dtype} {list(array.shape)}, "
                f"the model expects float32 {list(shape)}"
            )


def state_to_bytes(state: State) -> bytes:
    """Encode a state as safetensors."""
    return save({name: np.ascontiguousarray(array) for name, array in state.items()})


def state_from_bytes(data: bytes) -> State:
    """Decode a state.

    Raises:
        StateError: not safetensors.
    """
    try:
        return load(data)
    except (SafetensorError, KeyError) as error:  # KeyError: a dtype that numpy does not have
        raise StateError(f"these bytes are no saved stream state: {error}") from None
