"""Events to store and publish."""

from typing import Any

from streamrec.types import ActionEvent, EventEnd, EventPhase


def make_event(phase: EventPhase = EventPhase.START, **fields: Any) -> ActionEvent:
    """Return what is said of an event of one second; keywords replace its fields."""
    started_s = fields.get("started_s", 1.0)
    captured_s = fields.get("captured_s", started_s + 1.0)
    has_ended = phase is EventPhase.END
    defaults: dict[str, Any] = {
        "id": "one",
        "source": "door",
        "label": "wave",
        "phase": phase,
        "model": "m",
        "started_s": started_s,
        "pts_s": None,
        "captured_s": captured_s,
        "ended_s": captured_s if has_ended else None,
        "duration_s": captured_s - started_s,
        "score": 0.5,
        "peak": 0.5,
        "peak_s": started_s,
        "mean": 0.5,
        "predictions": 1,
        "reason": EventEnd.SCORE if has_ended else None,
    }
    return ActionEvent(**defaults | fields)
