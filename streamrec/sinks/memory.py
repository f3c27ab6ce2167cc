"""A sink that keeps what it was given, for tests and for reading a short clip at once."""

from streamrec.errors import SinkError
from streamrec.types import Frame, Prediction


class MemorySink:
    """Keeps every prediction, and no picture.

    Attributes:
        predictions: what was emitted, oldest first.
        closed: True after `close`.
    """

    def __init__(self) -> None:
        self.predictions: list[Prediction] = []
        self.closed = False

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Keep one prediction.

        Raises:
            SinkError: the sink is closed.
        """
        if self.closed:
            raise SinkError("the memory sink is closed")
        self.predictions.append(prediction)

    def close(self) -> None:
        """Refuse further predictions; those kept stay. Safe to call twice."""
        self.closed = True
