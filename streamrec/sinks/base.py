"""What every sink offers."""

from typing import Protocol

from streamrec.types import Frame, Prediction


class Sink(Protocol):
    """Takes predictions together with the frame they belong to."""

    def emit(self, prediction: Prediction, frame: Frame) -> None:
        """Take one prediction.

        Raises:
            SinkError: the output failed.
        """

    def close(self) -> None:
        """Flush and release; safe to call twice."""
