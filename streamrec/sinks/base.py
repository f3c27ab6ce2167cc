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


class Viewer(Protocol):
    """Takes every frame, whether or not there is a new prediction.

    Attributes:
        closed: True once the user has closed it; the run ends then.
    """

    closed: bool

    def show(self, frame: Frame, prediction: Prediction | None) -> None:
        """Take one frame, with the latest prediction, None before the first.

        Raises:
            SinkError: the output failed.
        """

    def close(self) -> None:
        """Flush and release; safe to call twice."""
