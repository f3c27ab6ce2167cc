"""What a model sees of a source at its own rate."""

from collections.abc import Iterator

from streamrec.preprocess import Preprocessor
from streamrec.sampling import TimeGrid
from streamrec.sources.base import Source
from streamrec.types import Array, Frame, Image, StreamSpec


class GridInputs:
    """Turns the frames of one source into a model's inputs, one at each point of its time grid.

    Args:
        spec: the model's rate and preprocessing.
        declared_fps: the source's rate, where known.
    """

    def __init__(self, spec: StreamSpec, declared_fps: float | None) -> None:
        self._grid = TimeGrid(fps=spec.fps, declared_fps=declared_fps)
        self._preprocess = Preprocessor(spec.preprocessing)
        self._before: Image | None = None

    def push(self, frame: Frame) -> list[tuple[float, Array]]:
        """Take a frame; return the grid points that are due, seconds, with their inputs.

        An input is float32 [1, 3, H, W]. A point that bridges a gap gets the frame before.
        """
        image, before, self._before = frame.image, self._before, frame.image
        return [
            (turn.time_s, self._preprocess(before if turn.repeat and before is not None else image))
            for turn in self._grid.push(frame.time_s, frame.dropped).turns
        ]


def grid_inputs(source: Source, spec: StreamSpec) -> Iterator[Array]:
    """Yield what a model sees of a source, float32 [1, 3, H, W] each.

    Raises:
        SourceReadError: the source failed.
    """
    inputs = GridInputs(spec, source.fps)
    for frame in source:
        for _, x in inputs.push(frame):
            yield x
