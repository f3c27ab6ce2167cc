import numpy as np

from streamrec.grid_inputs import GridInputs
from streamrec.types import Frame, Preprocessing, StreamSpec

SPEC = StreamSpec(
    name="tiny",
    labels=("a",),
    fps=5.0,
    preprocessing=Preprocessing(2, 2),
    clip_frames=16,
    warmup_frames=1,
    horizon=None,
)


def frame(value: int, time_s: float, dropped: int = 0) -> Frame:
    image = np.full((2, 2, 3), value, np.uint8)
    return Frame(
        image=image, index=value, captured_s=0.0, time_s=time_s, source="s", dropped=dropped
    )


def seen(frames: list[Frame]) -> list[tuple[float, int]]:
    inputs = GridInputs(SPEC, 10.0)
    points = [point for one in frames for point in inputs.push(one)]
    return [(round(time_s, 6), round(float(x[0, 0, 0, 0]) * 255)) for time_s, x in points]


def test_frames_between_grid_points_are_not_seen():
    frames = [frame(i, i / 10) for i in range(6)]
    assert seen(frames) == [(0.0, 0), (0.2, 2), (0.4, 4)]


def test_a_point_nearer_to_the_frame_before_a_gap_takes_it_though_no_point_did():
    frames = [frame(0, 0.0), frame(1, 0.1), frame(9, 0.9)]
    assert seen(frames) == [(0.0, 0), (0.2, 1), (0.4, 1), (0.6, 9), (0.8, 9)]


def test_frames_that_this_machine_dropped_are_not_made_up_for():
    frames = [frame(0, 0.0), frame(1, 0.1), frame(9, 0.9, dropped=7)]
    assert seen(frames) == [(0.0, 0), (0.8, 9)]
