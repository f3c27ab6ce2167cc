"""Predictions to publish."""

from collections.abc import Callable

import made_predictions
import numpy as np
import pytest

from streamrec.types import Frame, Prediction, now_s


@pytest.fixture
def make_prediction() -> Callable[..., Prediction]:
    """A prediction of three classes, complete just now; keywords replace its fields."""
    return made_predictions.make_prediction


@pytest.fixture
def frame() -> Frame:
    image = np.zeros((2, 2, 3), np.uint8)
    return Frame(image=image, index=3, captured_s=now_s(), time_s=0.1, source="camera-0")
