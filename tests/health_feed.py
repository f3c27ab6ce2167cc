"""What a service says of itself, for tests of who is told."""

from streamrec.health.metrics import Health
from streamrec.store.messages import StoreHealth
from streamrec.types import CameraState, CameraStatus, EventEnd, EventPhase
from streamrec.wire import EventMessage, PredictionMessage
from streamrec.wire.prediction import LatencySplit

COUNTS = {
    "frames": 100,
    "connections": 3,
    "losses": 2,
    "stalls": 1,
    "corrupt": 4,
    "frozen": 5,
    "black": 6,
    "grey": 7,
    "decoder_errors": 8,
    "stale": 9,
    "catch_ups": 1,
    "late": 10,
    "clock_jumps": 0,
    "size_changes": 0,
    "rate_changes": 0,
    "predictions": 80,
    "old": 11,
    "still": 12,
    "resets": 5,
    "resets_gap": 3,
    "failures": 1,
    "clips": 3,
    "thumbnails": 4,
    "footage_lost": 2,
}


def status(source="door", state=CameraState.LIVE, **values) -> CameraStatus:
    """How it stands with a camera."""
    return CameraStatus(source=source, state=state, since_s=1.0, **values)


def prediction(source="door", captured_s=100.0, model="gestures", skipped=0) -> PredictionMessage:
    """A prediction of a frame."""
    return PredictionMessage(
        sequence=0,
        session="",
        source=source,
        frame_index=0,
        captured_s=captured_s,
        pts_s=None,
        model=model,
        warm_up=False,
        state_age=1,
        gap_s=0.0,
        repeated=0,
        resets=0,
        dropped=0,
        skipped=skipped,
        lanes=1,
        lanes_wanted=1,
        top=(),
        latency=LatencySplit(
            capture_ms=1.0,
            queue_ms=2.0,
            preprocess_ms=3.0,
            infer_ms=4.0,
            publish_ms=0.0,
            total_ms=10.0,
        ),
    )


def event(phase, event_id="1", source="door", label="wave", reason=None) -> EventMessage:
    """A word about an event."""
    return EventMessage(
        sequence=0,
        session="",
        source=source,
        number=1,
        id=event_id,
        label=label,
        phase=phase,
        model="gestures",
        started_s=1.0,
        pts_s=None,
        captured_s=1.0,
        ended_s=None,
        duration_s=0.0,
        score=1.0,
        peak=1.0,
        peak_s=1.0,
        mean=1.0,
        predictions=1,
        reason=reason,
    )


def fed_health() -> Health:
    """What has heard of everything that there is."""
    health = Health(store=True)
    health.told(status(fps=25.0, predictions_hz=5.0, wanted_hz=10.0, lag_ms=20.0, counts=COUNTS))
    health.predicted(prediction(skipped=2), 100.12)
    health.happened(event(EventPhase.START))
    health.happened(event(EventPhase.START, "2"))
    health.happened(event(EventPhase.END, reason=EventEnd.SCORE))
    health.worker_restarted()
    health.workers(2, 2)
    health.store(StoreHealth(lag_s=1.5, spooled=3, lost=1, written=40), reached=True)
    health.publisher(subscribers=4, refused=5, dropped=6, kicked=7)
    health.replay(answered=9, refused=10, kicked=11)
    health.queue(8)
    health.turn()
    return health
