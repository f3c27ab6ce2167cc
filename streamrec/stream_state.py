"""A stream's memory as bytes: safetensors, with the structure as JSON in one of its arrays."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from streamrec.errors import StateError
from streamrec.lanes import LanesState, Step
from streamrec.runtimes.state import state_from_bytes, state_to_bytes
from streamrec.sampling import TimeGrid
from streamrec.types import StreamSpec

_STRUCTURE = "structure"
_CHECKSUM = "checksum"


@dataclass(frozen=True, slots=True)
class MemberState:
    """What one model of a stream remembers, and which model it is."""

    spec: StreamSpec
    grid: TimeGrid
    lanes: LanesState
    latest: Step | None


@dataclass(frozen=True, slots=True)
class Moment:
    """The last frame, without its picture: see ``streamrec.types.Frame``."""

    source: str
    index: int
    captured_s: float
    time_s: float
    pts_s: float | None
    capture_ms: float


@dataclass(frozen=True, slots=True)
class StreamState:
    """What a stream remembers: its models, its smoothing, how far it has come, resets by reason."""

    members: tuple[MemberState, ...]
    smoothing: Any
    index: int
    dropped: int
    gap_s: float
    last: Moment | None
    still_s: float = 0.0
    resets: dict[str, int] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Encode."""
        arrays: dict[str, Any] = {}

        def store(value: Any) -> str:
            name = f"array_{len(arrays)}"
            arrays[name] = value
            return name

        structure = msgspec.json.encode(self, enc_hook=store)
        arrays[_STRUCTURE] = np.frombuffer(structure, np.uint8)
        arrays[_CHECKSUM] = _checksum(arrays)
        return state_to_bytes(arrays)


def _checksum(arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint8]:
    """SHA-256 of names, shapes and contents: a damaged state must not pass for a good one."""
    digest = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype} {array.shape} ".encode())
        digest.update(array.tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def stream_from_bytes(data: bytes, smoothing: type[Any]) -> StreamState:
    """Decode what ``StreamState.to_bytes`` made.

    Args:
        data: the bytes.
        smoothing: the type of the smoother's state.

    Raises:
        StateError: not a saved stream, a damaged one, or one with another kind of smoothing.
    """
    arrays = dict(state_from_bytes(data))
    checksum = arrays.pop(_CHECKSUM, None)
    if checksum is None or _STRUCTURE not in arrays:
        raise StateError("these bytes are a model's state, not a saved stream")
    if not np.array_equal(checksum, _checksum(arrays)):
        raise StateError("this saved stream is damaged: its checksum does not fit")

    def fetch(_kind: type, name: str) -> Any:
        return arrays[name]

    try:
        tree = msgspec.json.decode(arrays[_STRUCTURE].tobytes(), type=dict[str, Any])
        memory = msgspec.convert(tree.pop("smoothing"), smoothing | None, dec_hook=fetch)
        state = msgspec.convert(
            {**tree, "smoothing": None}, StreamState, dec_hook=fetch, str_keys=True
        )
    except (msgspec.MsgspecError, KeyError) as error:
        raise StateError(f"these bytes are no saved stream of this kind: {error}") from None
    return replace(state, smoothing=memory)
