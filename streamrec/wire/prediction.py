"""Predictions as messages."""

from msgspec import Struct
from msgspec.structs import replace

from streamrec.types import NO_ACTION, Latency, Prediction
from streamrec.wire.fields import (
    Count,
    Envelope,
    Finite,
    Positive,
    Probability,
    probability,
    rounded,
)
from streamrec.wire.topics import source_name


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
        action: label of the event that is open, the likeliest one where there are several; ``none``
            where none is.
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
    action: str = NO_ACTION
    latency: LatencySplit


def message_of(
    prediction: Prediction,
    sequence: int,
    session: str,
    top_k: int,
    min_score: float = 0.0,
    action: str = NO_ACTION,
) -> PredictionMessage:
    """Return the message for a prediction.

    Scores are rounded to 6 decimals, times to microseconds.

    Args:
        prediction: what the stream said.
        sequence: number of the message in its topic.
        session: the publisher's session.
        top_k: how many classes to name.
        min_score: leave out classes below it.
        action: label of the open event.
    """
    return PredictionMessage(
        sequence=sequence,
        session=session,
        source=source_name(prediction.source),
        frame_index=prediction.frame_index,
        captured_s=round(prediction.captured_s, 6),
        pts_s=rounded(prediction.pts_s, 6),
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
        action=action,
        latency=_latency_split(prediction.latency),
    )


def with_publishing(message: PredictionMessage, publish_ms: float) -> PredictionMessage:
    """Return the message with what publishing it took, milliseconds, also in the total."""
    split = message.latency
    total_ms = round(split.total_ms - split.publish_ms + publish_ms, 3)
    latency = replace(split, publish_ms=round(publish_ms, 3), total_ms=total_ms)
    return replace(message, latency=latency)


def _top_scores(prediction: Prediction, k: int, min_score: float) -> tuple[TopScore, ...]:
    return tuple(
        TopScore(id=s.id, label=s.label, score=probability(s.score), raw=probability(s.raw))
        for s in prediction.top(k)
        if not s.score < min_score  # what is not a number stays, to be refused
    )


def _latency_split(latency: Latency) -> LatencySplit:
    return LatencySplit(
        capture_ms=round(latency.capture_ms, 3),
        queue_ms=round(latency.queue_ms, 3),
        preprocess_ms=round(latency.preprocess_ms, 3),
        infer_ms=round(latency.infer_ms, 3),
        publish_ms=round(latency.publish_ms, 3),
        total_ms=round(latency.total_ms, 3),
    )
