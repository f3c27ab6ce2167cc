"""What the supervisor and its workers say to each other.

The supervisor sends ``Begin`` once, then ``Watch``, ``Forget`` and ``TakeSnapshot``; a worker
answers with the others. A worker ends when the line does.
"""

from typing import TypeAlias

from msgspec import Struct

from streamrec.service.settings import CameraSettings
from streamrec.types import ActionEvent, CameraStatus
from streamrec.wire import PredictionMessage


class Begin(Struct, frozen=True, tag="begin"):
    """How many classes a message names, and the folder of thumbnails and clips, if any."""

    top: int
    media: str = ""


class Watch(Struct, frozen=True, tag="watch"):
    """Watch a camera; in place of one of the same name, if there is any."""

    settings: CameraSettings


class Forget(Struct, frozen=True, tag="forget"):
    """Stop watching a camera."""

    camera: str


class TakeSnapshot(Struct, frozen=True, tag="take-snapshot"):
    """Answer with a ``Snapshot`` that bears the same number."""

    camera: str
    number: int


class Predicted(Struct, frozen=True, tag="predicted"):
    """A prediction, to be numbered and published.

    Attributes:
        message: ready but for ``sequence``, ``session`` and what publishing takes.
        ready_s: Unix time at which the prediction was complete.
    """

    message: PredictionMessage
    ready_s: float


class Happened(Struct, frozen=True, tag="happened"):
    """An event began, went on or ended."""

    event: ActionEvent


class Told(Struct, frozen=True, tag="told"):
    """How it stands with a camera."""

    status: CameraStatus


class Snapshot(Struct, frozen=True, tag="snapshot"):
    """A camera's picture as JPEG; or, where there is none, why in ``error``."""

    camera: str
    number: int
    jpeg: bytes = b""
    error: str = ""


class Remarked(Struct, frozen=True, tag="remarked"):
    """A warning for the log, about one of its cameras."""

    text: str


class Alive(Struct, frozen=True, tag="alive"):
    """Sent every second: the worker's loop goes round."""


FromWorker: TypeAlias = Predicted | Happened | Told | Snapshot | Remarked | Alive
ToWorker: TypeAlias = Begin | Watch | Forget | TakeSnapshot
