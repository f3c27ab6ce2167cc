"""What goes over the wire: typed messages, their topics, and bytes in both directions.

A message travels as two frames, ``[topic, payload]``. The topic is
``streamrec/v1/<source>/<type>/``; the payload is one JSON object or one MessagePack map. The first
byte tells them apart: a MessagePack map starts with 0x80-0x8f, 0xde or 0xdf, which no JSON text
does. Within schema 1 fields may be added, and a reader skips those it does not know; a field that
goes or changes its meaning makes schema 2.

Nothing here knows of sockets.
"""

from streamrec.wire.event import EventMessage, event_message_of
from streamrec.wire.fields import Envelope
from streamrec.wire.heartbeat import HeartbeatMessage
from streamrec.wire.message import (
    FORMATS,
    KINDS,
    MAX_PAYLOAD_BYTES,
    Format,
    Message,
    decode,
    decode_frames,
    encode,
    encode_frames,
    topic_of,
)
from streamrec.wire.prediction import (
    LatencySplit,
    PredictionMessage,
    TopScore,
    message_of,
    with_publishing,
)
from streamrec.wire.status import StatusMessage, status_message_of
from streamrec.wire.topics import (
    MAX_SOURCE_NAME,
    SYSTEM,
    TOPIC_ROOT,
    Topic,
    parse_topic,
    source_name,
    subscription,
)

__all__ = [
    "FORMATS",
    "KINDS",
    "MAX_PAYLOAD_BYTES",
    "MAX_SOURCE_NAME",
    "SYSTEM",
    "TOPIC_ROOT",
    "Envelope",
    "EventMessage",
    "Format",
    "HeartbeatMessage",
    "LatencySplit",
    "Message",
    "PredictionMessage",
    "StatusMessage",
    "TopScore",
    "Topic",
    "decode",
    "decode_frames",
    "encode",
    "encode_frames",
    "event_message_of",
    "message_of",
    "parse_topic",
    "source_name",
    "status_message_of",
    "subscription",
    "topic_of",
    "with_publishing",
]
