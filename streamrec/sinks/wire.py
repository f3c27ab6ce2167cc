"""What goes over the wire: typed messages, their topics, and bytes in both directions.

A message travels as two frames, ``[topic, payload]``. The topic is
``streamrec/v1/<source>/<type>/``; the payload is one JSON object or one MessagePack map. The first
byte tells them apart: a MessagePack map starts with 0x80-0x8f, 0xde or 0xdf, which no JSON text
does. Within schema 1 fields may be added, and a reader skips those it does not know; a field that
goes or changes its meaning makes schema 2.

This module knows nothing of sockets.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, NamedTuple, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from streamrec.errors import MessageError, OptionError
from streamrec.types import CameraState, CameraStatus, Defect, Latency, Prediction, now_s

Format = Literal["json", "msgpack"]
FORMATS: tuple[Format, ...] = get_args(Format)

MAX_PAYLOAD_BYTES = 1 << 20
MAX_SOURCE_NAME = 128
TOPIC_ROOT = "streamrec/v1"

# Bounds of floats also refuse NaN and infinity, which JSON cannot carry. Counts stay exact in
# languages whose only number is a double. The look-ahead is "end of text", newline refused, in
# Python's and in JSON Schema's regular expressions alike.
Finite: TypeAlias = Annotated[float, Meta(ge=-1e300, le=1e300)]
Positive: TypeAlias = Annotated[float, Meta(ge=0.0, le=1e300)]
Probability: TypeAlias = Annotated[float, Meta(ge=0.0, le=1.0)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
SourceName: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,128}(?![\s\S])")]


class TopScore(Struct, frozen=True, kw_only=True):
    """One class: ``score`` smoothed, ``raw`` as the model gave it for this step."""

    id: Count
    label: str
    score: Probability
    raw: Probability


class LatencySplit(Struct, frozen=True, kw_only=True):
    """Where the time of one prediction went, milliseconds.

    Attributes:
        capture_ms: decoding the frame.
        queue_ms: waiting for the model.
        preprocess_ms, infer_ms: resizing; the model.
        publish_ms: from the finished prediction until it is encoded for sending.
        total_ms: the sum.
    """

    capture_ms: Positive
    queue_ms: Positive
    preprocess_ms: Positive
    infer_ms: Positive
    publish_ms: Positive
    total_ms: Positive


class Envelope(Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every message carries; ``type`` names the kind of message.

    Attributes:
        schema: version of the message's fields.
        sequence: number of the message in its topic, from 0, without gaps at the publisher.
        session: random; a new one each time the publisher starts.
        source: the source's name as it stands in the topic.
    """

    schema: Literal[1] = 1
    sequence: Count
    session: str
    source: SourceName


class PredictionMessage(Envelope, frozen=True, kw_only=True, tag="prediction"):
    """What a model says after one frame.

    Attributes:
        frame_index: the frame's number in its source, from 0.
        captured_s: Unix time of the capture, seconds.
        pts_s: media time, seconds; null where the source has none.
        model: the model's name.
        warm_up: true while the model has seen fewer frames than its receptive field.
        state_age: frames that the model's state has seen since its last reset.
        gap_s: seconds of missing video since the prediction before.
        still_s: seconds since then for which nothing moved and the model was not asked.
        repeated, resets: grid points filled with an earlier frame, and state resets, since the
            stream's start.
        dropped, skipped: frames discarded, and grid points left without one, since then, because
            the publisher's machine was late.
        lanes, lanes_wanted: interleaved states in use, and how many the frame rate calls for.
        top: the best classes by smoothed score, best first; without those below the least score
            that is wanted, so there may be none.
        latency: where the time went.
    """

    frame_index: Count
    captured_s: Finite
    pts_s: Finite | None
    model: str
    warm_up: bool
    state_age: Count
    gap_s: Positive
    still_s: Positive = 0.0
    repeated: Count
    resets: Count
    dropped: Count
    skipped: Count
    lanes: Count
    lanes_wanted: Count
    top: tuple[TopScore, ...]
    latency: LatencySplit


class StatusMessage(Envelope, frozen=True, kw_only=True, tag="status"):
    """How it stands with a live source, sent when that changes and to each new subscriber.

    Attributes:
        sent_s: Unix time at which it was said, seconds: long ago where nothing has changed since.
        state: ``connecting``, ``live``, ``stalled`` (frames stay away), ``lost``, ``backing-off``
            (waiting for the next attempt) or ``disabled``.
        since_s: Unix time since which it is in that state, seconds.
        reason: why, in words for people; may be empty.
        attempt: connections that failed in a row.
        retry_s: Unix time of the next attempt, seconds; null where none is due.
        defect: why its pictures are not shown to the model: ``frozen``, ``black``, ``grey`` or
            ``corrupt``; null where nothing is wrong with them.
        width, height: of its pictures, pixels; 0 before the first.
        fps: frames per second as they come; null before it is known.
        lag_ms: how much longer the newest frame took to get here than the fastest one did.
        model: what watches it; empty where nothing does.
        predictions_hz, wanted_hz: predictions a second, and how many there would be if the
            publisher's machine were fast enough; null before they are known.
        counts: what happened so far, by name: ``streamrec.sources.counts``,
            ``streamrec.service.counts``.
    """

    sent_s: Finite
    state: CameraState
    since_s: Finite
    reason: str
    attempt: Count
    retry_s: Finite | None
    defect: Defect | None
    width: Count
    height: Count
    fps: Positive | None
    lag_ms: Positive
    model: str
    predictions_hz: Positive | None
    wanted_hz: Positive | None
    counts: dict[str, Count]


Message: TypeAlias = PredictionMessage | StatusMessage
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
        raise MessageError(f"not a streamrec message ({fmt}): {error}") from None


class Topic(NamedTuple):
    """Where a message belongs: the source's name and the message type."""

    source: str
    kind: str

    def encode(self) -> bytes:
        """Return ``streamrec/v1/<source>/<kind>/``; the last slash keeps cam1 from cam10."""
        return f"{TOPIC_ROOT}/{self.source}/{self.kind}/".encode("ascii")


def topic_of(message: Message) -> Topic:
    """Return where a message belongs."""
    return Topic(message.source, str(message.__struct_config__.tag))


_TOPIC = re.compile(TOPIC_ROOT.encode() + rb"/([A-Za-z0-9_.-]{1,128})/([a-z]{1,32})/")


def parse_topic(topic: bytes) -> Topic:
    """Return the parts of a topic.

    Raises:
        MessageError: not a topic of this version.
    """
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise MessageError(f"not a topic of the form {TOPIC_ROOT}/<source>/<type>/: {topic[:80]!r}")
    return Topic(match[1].decode("ascii"), match[2].decode("ascii"))


def source_name(name: str) -> str:
    """Return the name as topics carry it: runs of other than ``A-Z a-z 0-9 _ . -`` become ``_``."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_SOURCE_NAME] or "_"


def subscription(source: str | None = None) -> bytes:
    """Return the topic prefix that selects one source, or all of them."""
    prefix = TOPIC_ROOT if source is None else f"{TOPIC_ROOT}/{source_name(source)}"
    return f"{prefix}/".encode("ascii")


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


def message_of(
    prediction: Prediction, sequence: int, session: str, top_k: int, min_score: float = 0.0
) -> PredictionMessage:
    """Return the message for a prediction.

    Scores are rounded to 6 decimals, times to microseconds.

    Args:
        prediction: what the stream said.
        sequence: number of the message in its topic.
        session: the publisher's session.
        top_k: how many classes to name.
        min_score: leave out classes below it.
    """
    return PredictionMessage(
        sequence=sequence,
        session=session,
        source=source_name(prediction.source),
        frame_index=prediction.frame_index,
        captured_s=round(prediction.captured_s, 6),
        pts_s=_rounded(prediction.pts_s, 6),
        model=prediction.model,
        warm_up=prediction.warm_up,
        state_age=prediction.state_age,
        gap_s=round(prediction.gap_s, 6),
        still_s=round(prediction.still_s, 6),
        repeated=prediction.repeated,
        resets=prediction.resets,
        dropped=prediction.dropped,
        skipped=prediction.skipped,
        lanes=prediction.lanes,
        lanes_wanted=prediction.lanes_wanted,
        top=_top_scores(prediction, top_k, min_score),
        latency=_latency_split(prediction.latency),
    )


def with_publishing(message: PredictionMessage, publish_ms: float) -> PredictionMessage:
    """Return the message with what publishing it took, milliseconds, also in the total."""
    split = message.latency
    total_ms = round(split.total_ms - split.publish_ms + publish_ms, 3)
    latency = replace(split, publish_ms=round(publish_ms, 3), total_ms=total_ms)
    return replace(message, latency=latency)


def status_message_of(status: CameraStatus, sequence: int = 0, session: str = "") -> StatusMessage:
    """Return the message for a status, said now.

    Times are rounded to microseconds, rates and the delay to 3 decimals.

    Args:
        status: how it stands.
        sequence: number of the message in its topic.
        session: the publisher's session.
    """
    return StatusMessage(
        sequence=sequence,
        session=session,
        source=source_name(status.source),
        sent_s=round(now_s(), 6),
        state=status.state,
        since_s=round(status.since_s, 6),
        reason=status.reason,
        attempt=status.attempt,
        retry_s=_rounded(status.retry_s, 6),
        defect=status.defect,
        width=status.width,
        height=status.height,
        fps=_rounded(status.fps, 3),
        lag_ms=round(status.lag_ms, 3),
        model=status.model,
        predictions_hz=_rounded(status.predictions_hz, 3),
        wanted_hz=_rounded(status.wanted_hz, 3),
        counts=dict(status.counts),
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _top_scores(prediction: Prediction, k: int, min_score: float) -> tuple[TopScore, ...]:
    return tuple(
        TopScore(id=s.id, label=s.label, score=_probability(s.score), raw=_probability(s.raw))
        for s in prediction.top(k)
        if not s.score < min_score  # what is not a number stays, to be refused
    )


def _probability(value: float) -> float:
    """Rounded, and within [0, 1] where float32 arithmetic overshoots; NaN stays NaN."""
    return max(min(round(value, 6), 1.0), 0.0)


def _latency_split(latency: Latency) -> LatencySplit:
    return LatencySplit(
        capture_ms=round(latency.capture_ms, 3),
        queue_ms=round(latency.queue_ms, 3),
        preprocess_ms=round(latency.preprocess_ms, 3),
        infer_ms=round(latency.infer_ms, 3),
        publish_ms=round(latency.publish_ms, 3),
        total_ms=round(latency.total_ms, 3),
    )
