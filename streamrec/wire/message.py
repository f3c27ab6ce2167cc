"""All messages: which there are, and as bytes in both directions."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias, get_args

import msgspec

from streamrec.errors import MessageError, OptionError
from streamrec.wire.event import EventMessage
from streamrec.wire.heartbeat import HeartbeatMessage
from streamrec.wire.prediction import PredictionMessage
from streamrec.wire.status import StatusMessage
from streamrec.wire.topics import Topic, parse_topic

Format = Literal["json", "msgpack"]
FORMATS: tuple[Format, ...] = get_args(Format)

MAX_PAYLOAD_BYTES = 1 << 20

Message: TypeAlias = PredictionMessage | EventMessage | StatusMessage | HeartbeatMessage
"""Any message."""

KINDS = tuple(str(kind.__struct_config__.tag) for kind in get_args(Message))
"""The types of messages, as topics name them."""

_ENCODERS: dict[Format, Callable[[Message], bytes]] = {
    "json": msgspec.json.Encoder().encode,
    "msgpack": msgspec.msgpack.Encoder().encode,
}
_DECODERS: dict[Format, Callable[[bytes], Message]] = {
    "json": msgspec.json.Decoder(Message).decode,
    "msgpack": msgspec.msgpack.Decoder(Message).decode,
}
_MSGPACK_MAP = frozenset((*range(0x80, 0x90), 0xDE, 0xDF))


def encode(message: Message, fmt: Format = "json") -> bytes:
    """Return the payload.

    Raises:
        MessageError: the message does not fit its own schema (a NaN, a negative count, text that
            is not Unicode); what a subscriber could not read is not sent.
        OptionError: the format is unknown.
    """
    if fmt not in FORMATS:
        raise OptionError(f"unknown message format {fmt!r}; allowed: {', '.join(FORMATS)}")
    try:
        payload = _ENCODERS[fmt](message)
    except (UnicodeError, OverflowError, TypeError) as error:
        raise MessageError(f"cannot encode {type(message).__name__}: {error}") from None
    decode(payload)
    return payload


def decode(payload: bytes) -> Message:
    """Return the message of a payload, JSON or MessagePack, whichever its first byte shows.

    Raises:
        MessageError: anything else than a message of a known type and schema.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MessageError(f"a message of {len(payload)} bytes; at most {MAX_PAYLOAD_BYTES}")
    fmt: Format = "msgpack" if payload[:1] and payload[0] in _MSGPACK_MAP else "json"
    try:
        return _DECODERS[fmt](payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise MessageError(f"not a streamrec message ({fmt}): {error!s:.300}") from None


def topic_of(message: Message) -> Topic:
    """Return where a message belongs."""
    return Topic(message.source, str(message.__struct_config__.tag))


def encode_frames(message: Message, fmt: Format = "json") -> list[bytes]:
    """Return ``[topic, payload]``; raises what `encode` raises."""
    return [topic_of(message).encode(), encode(message, fmt)]


def decode_frames(frames: Sequence[bytes]) -> Message:
    """Return the message of ``[topic, payload]``.

    Raises:
        MessageError: not two frames, not a topic, not a message, or not the topic's message.
    """
    if len(frames) != 2:
        raise MessageError(f"a message has two frames, topic and payload, got {len(frames)}")
    topic, message = parse_topic(frames[0]), decode(frames[1])
    if topic != topic_of(message):
        raise MessageError(f"the message of {message.source!r} came under topic {frames[0]!r}")
    return message
