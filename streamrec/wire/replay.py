"""What a subscriber asks a service's replay socket, and what that answers: one JSON object each.

A ``DEALER`` sends one frame, the request below with its ``type``; a ``REQ`` does as well, as the
empty frame that it puts before it comes back before the answer. The file of ``FootageFound`` is a
further frame behind it. Answers come in any order; each repeats the number of its request.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from streamrec.errors import MessageError, OptionError, SinkError
from streamrec.wire.event import EventMessage
from streamrec.wire.fields import Count, Finite, SourceName

MAX_EVENTS = 1000
"""Events in one answer at most."""

MAX_SOURCES = 256
"""Sources that one request names at most."""

MAX_REQUEST_BYTES = 1 << 16
MAX_ANSWER_BYTES = 1 << 23
"""A server leaves out events that would not fit, and says that there are more."""

MAX_FOOTAGE_BYTES = 1 << 24
"""Larger clips are refused; they can be had from the folder of footage only."""

Footage: TypeAlias = Literal["thumbnail", "clip"]
EventId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}(?![\s\S])")]


class EventsWanted(Struct, frozen=True, kw_only=True, tag="events"):
    """Wants messages of events, in order of their numbers, from the oldest one on.

    Attributes:
        request: any number; the answer repeats it.
        since: those with a higher number only.
        since_s: those numbered at this Unix time in seconds or later only; what ended an event
            afterwards is among them, however long ago it was last seen.
        sources: those of these sources only; null: of all.
        most: how many of them at most; 0 asks how far the store is.
    """

    request: Count = 0
    since: Count | None = None
    since_s: Finite | None = None
    sources: Annotated[tuple[SourceName, ...], Meta(max_length=MAX_SOURCES)] | None = None
    most: Annotated[int, Meta(ge=0, le=MAX_EVENTS)] = MAX_EVENTS


class FootageWanted(Struct, frozen=True, kw_only=True, tag="footage"):
    """Wants a file of an event: ``event`` is its id, ``what`` ``thumbnail`` or ``clip``."""

    request: Count = 0
    event: EventId
    what: Footage


class Events(Struct, frozen=True, kw_only=True, tag="events"):
    """Some of the messages that were wanted.

    Attributes:
        request: as it was asked.
        events: in order of their numbers. ``sequence`` and ``session`` mean nothing in them.
        number: of the newest message that was looked at, wanted or not; ``since`` if there was
            none, or 0. The next request goes on ``since`` this one: the store takes none in that
            is as old as that or older.
        newest: of the newest message in the store, 0 where it is empty; read no later than events.
        more: whether newer ones were left out, so that it is worth asking again at once.
    """

    request: Count
    events: tuple[EventMessage, ...]
    number: Count
    newest: Count
    more: bool


class FootageFound(Struct, frozen=True, kw_only=True, tag="footage"):
    """The file, JPEG or MP4, follows as a further frame of ``size`` bytes.

    ``size`` null: no frame follows, as there is no such file, or none yet, or no such event.
    """

    request: Count
    event: EventId
    what: Footage
    size: Annotated[int, Meta(ge=0, le=MAX_FOOTAGE_BYTES)] | None


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """It cannot be done: ``text`` says why, ``exit_code`` whose fault it is, as commands end.

    Attributes:
        request: as it was asked; 0 where that could not be read.
        text: for people, without secrets.
        exit_code: 2: the request's, asking again is of no use; 5: the service's, which may pass.
    """

    request: Count
    text: str
    exit_code: Annotated[int, Meta(ge=0, le=255)] = OptionError.exit_code


Request: TypeAlias = EventsWanted | FootageWanted
Answer: TypeAlias = Events | FootageFound | Refused

UNAVAILABLE = SinkError.exit_code
"""Exit code of what may be had later: the database is down, the service is busy."""

encode_request = msgspec.json.Encoder().encode
encode_answer = msgspec.json.Encoder().encode
_requests: "msgspec.json.Decoder[Request]" = msgspec.json.Decoder(Request)
_answers: "msgspec.json.Decoder[Answer]" = msgspec.json.Decoder(Answer)


def decode_request(payload: bytes) -> Request:
    """Return the request of a frame.

    Raises:
        MessageError: anything else than a request within the bounds.
    """
    if len(payload) > MAX_REQUEST_BYTES:
        raise MessageError(f"a request of {len(payload)} bytes; at most {MAX_REQUEST_BYTES}")
    try:
        return _requests.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageError(f"not a request: {error!s:.300}") from None


def decode_answer(payload: bytes) -> Answer:
    """Return the answer of a frame.

    Raises:
        MessageError: anything else than an answer within the bounds.
    """
    if len(payload) > MAX_ANSWER_BYTES:
        raise MessageError(f"an answer of {len(payload)} bytes; at most {MAX_ANSWER_BYTES}")
    try:
        return _answers.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageError(f"not an answer of a replay socket: {error!s:.300}") from None
