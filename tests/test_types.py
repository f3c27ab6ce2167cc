import math

import numpy as np
import pytest

from streamrec import types
from streamrec.errors import FrameError, LabelsError, OptionError
from streamrec.types import Frame, Latency, Preprocessing, StreamSpec, now_s

SPEC = {
    "name": "m",
    "labels": ("a", "b"),
    "fps": 5.0,
    "preprocessing": Preprocessing(8, 8),
    "clip_frames": 50,
    "warmup_frames": 29,
    "horizon": 50,
}


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
    ],
)
def test_a_frame_holds_pictures_only(image):
    with pytest.raises(FrameError, match=r"uint8 \[H, W, 3\]"):
        Frame(image=image, index=0, captured_s=0.0, time_s=0.0, source="s")


def test_a_frame_shows_its_size_and_no_pixels():
    image = np.zeros((4, 6, 3), np.uint8)
    frame = Frame(image=image, index=7, captured_s=0.0, time_s=1.5, source="door")
    assert repr(frame) == "Frame(door#7, 6x4, time_s=1.500)"


@pytest.mark.parametrize("fps", [0.0, -1.0, math.inf, math.nan, 1e9])
def test_a_models_rate_is_bounded(fps):
    with pytest.raises(OptionError, match="frame rate"):
        StreamSpec(**{**SPEC, "fps": fps})


def test_a_model_has_labels():
    with pytest.raises(LabelsError, match="no labels"):
        StreamSpec(**{**SPEC, "labels": ()})


@pytest.mark.parametrize("field", ["clip_frames", "warmup_frames", "horizon"])
@pytest.mark.parametrize("count", [0, -1])
def test_frame_counts_are_positive(field, count):
    with pytest.raises(OptionError, match="at least 1"):
        StreamSpec(**{**SPEC, field: count})


@pytest.mark.parametrize(
    "wrong", [{"height": 0}, {"resize": "fill"}, {"color": "grey"}, {"std": (1.0, 0.0, 1.0)}]
)
def test_preprocessing_checks_itself(wrong):
    with pytest.raises(OptionError):
        Preprocessing(**{"height": 8, "width": 8, **wrong})


def test_the_total_latency_is_the_sum_of_its_parts():
    assert Latency(1.0, 2.0, 3.0, 4.0, 5.0).total_ms == 15.0


def test_small_corrections_of_the_wall_clock_do_not_disturb_intervals(monkeypatch):
    clock, real = types._UnixClock(), types.time.time
    monkeypatch.setattr(types.time, "time", lambda: real() + 0.4)
    assert abs(clock() - real()) < 0.2


def test_a_step_of_the_wall_clock_is_followed(monkeypatch):
    clock, real = types._UnixClock(), types.time.time
    monkeypatch.setattr(types.time, "time", lambda: real() + 3600)
    assert abs(clock() - real() - 3600) < 0.2


def test_processes_that_started_weeks_apart_agree(monkeypatch):
    now = {"monotonic": 100.0, "time": 1e9}
    monkeypatch.setattr(types.time, "monotonic", lambda: now["monotonic"])
    monkeypatch.setattr(types.time, "time", lambda: now["time"])
    clock = types._UnixClock()
    for _ in range(10_000):  # the wall clock is slewed by 100 ppm, as NTP does
        now["monotonic"] += 1.0
        now["time"] += 1.0001
        before_s, after_s = clock(), clock()
        assert after_s == before_s
    assert clock() == pytest.approx(types._UnixClock()(), abs=1e-3)


def test_now_is_unix_time():
    assert abs(now_s() - types.time.time()) < types._CLOCK_STEP_S
