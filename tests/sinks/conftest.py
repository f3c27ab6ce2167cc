"""Predictions to publish."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from streamrec.types import Frame, Latency, Prediction, now_s


@pytest.fixture
def make_prediction() -> Callable[..., Prediction]:
    """A prediction of three classes, complete just now; keywords replace its fields."""

    def make(**fields: Any) -> Prediction:
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

    return make


@pytest.fixture
def frame() -> Frame:
    image = np.zeros((2, 2, 3), np.uint8)
    return Frame(image=image, index=3, captured_s=now_s(), time_s=0.1, source="camera-0")
