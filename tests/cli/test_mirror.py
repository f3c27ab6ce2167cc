"""``--mirror``: everybody sees the same flipped picture."""

import json

import cv2
import numpy as np
import pytest

from streamrec.cli.live import LiveSettings, watch_source
from streamrec.config import (
    ModelOptions,
    OutputOptions,
    SourceOptions,
)
from streamrec.preprocess import Preprocessor
from streamrec.sinks.video import VideoRecorder
from tests.cli.conftest import ANY_PORT


@pytest.fixture
def lopsided(tmp_path):
    """A picture that is bright on the right."""
    path = tmp_path / "lopsided.png"
    picture = np.zeros((480, 640, 3), np.uint8)
    picture[:, 320:] = 200
    cv2.imwrite(str(path), picture)
    return path


@pytest.mark.parametrize("mirror", [False, True])
def test_the_frame_shown_is_the_frame_that_the_model_saw(
    monkeypatch, tmp_path, lopsided, model, mirror
):
    seen, shown = [], []
    monkeypatch.setattr(Preprocessor, "__call__", _telling(Preprocessor.__call__, seen))
    monkeypatch.setattr(
        VideoRecorder, "show", lambda self, frame, prediction: shown.append(frame.image)
    )
    watch_source(
        LiveSettings(
            source=SourceOptions(source=str(lopsided), mirror=mirror),
            model=ModelOptions(model=str(model)),
            output=OutputOptions(publish=ANY_PORT, record=str(tmp_path / "out.mp4")),
        )
    )
    assert np.array_equal(seen, shown)
    assert (shown[0][0, 0, 0] == 200) == mirror


def _telling(call, seen):
    def tell(self, image):
        seen.append(image)
        return call(self, image)

    return tell


def test_classify_flips_the_picture(cli, tmp_path, lopsided, model):
    flipped = tmp_path / "flipped.png"
    cv2.imwrite(str(flipped), cv2.imread(str(lopsided))[:, ::-1])
    answers = [
        json.loads(cli("classify", *arguments, "--model", model, "--json").out)["top"]
        for arguments in ([lopsided, "--mirror"], [flipped], [lopsided])
    ]
    assert answers[0] == answers[1] != answers[2]
