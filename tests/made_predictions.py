"""Predictions to publish."""

from typing import Any

import numpy as np

from streamrec.types import Latency, Prediction, now_s


def make_prediction(**fields: Any) -> Prediction:
    """Return a prediction of three classes, complete just now; keywords replace its fields."""
    ready_s = now_s()
    defaults: dict[str, Any] = {
        "source": "camera-0",
        "frame_index": 3,
        "captured_s": ready_s - 0.02,
        "time_s": 0.1,
        "pts_s": 0.1,
        "model": "scripted",
        "labels": ("left", "right", "still"),
        "scores": np.array([0.2, 0.7, 0.1], np.float32),
        "raw": np.array([0.0, 1.0, 0.0], np.float32),
        "warm_up": False,
        "state_age": 9,
        "lanes": 5,
        "lanes_wanted": 6,
        "gap_s": 0.0,
        "repeated": 1,
        "resets": 2,
        "skipped": 4,
        "dropped": 4,
        "ready_s": ready_s,
        "latency": Latency(1.0, 2.0, 3.0, 4.0),
    }
    return Prediction(**defaults | fields)
