"""What the process that answers replay requests and its owner say to each other.

The owner sends ``BeginReplay`` once; the process ends when the line does.
"""

from typing import TypeAlias

from msgspec import Struct

from streamrec.config import AccessOptions


class BeginReplay(Struct, frozen=True, tag="begin-replay"):
    """What to answer from, and where.

    Attributes:
        url: the database, as SQLAlchemy has it, with its password.
        media: the folder of thumbnails and clips.
        endpoint: where to bind.
        access: who may connect.
    """

    url: str
    media: str
    endpoint: str
    access: AccessOptions


class Serving(Struct, frozen=True, tag="serving"):
    """Requests are answered at ``endpoint``, with the port that was picked."""

    endpoint: str


class CannotServe(Struct, frozen=True, tag="cannot-serve"):
    """It cannot be bound: ``text`` says why, and ``is_keys`` whether it is the keys' fault."""

    text: str
    is_keys: bool


class ReplayAlive(Struct, frozen=True, tag="replay-alive"):
    """Sent every second: the loop goes round.

    Attributes:
        answered: requests that were answered since the process was started.
        refused: handshakes that failed since then, and ``kicked``: connections that were shut down.
    """

    answered: int = 0
    refused: int = 0
    kicked: int = 0


FromReplay: TypeAlias = Serving | CannotServe | ReplayAlive
