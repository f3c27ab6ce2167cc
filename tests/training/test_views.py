"""Clips as a network learns from them."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from streamrec.config import AugmentOptions
from streamrec.dataset.clips import LabelledClip
from streamrec.errors import LabelsError, OptionError, SourceError
from streamrec.grid_inputs import grid_inputs
from streamrec.sources.file import FileSource
from streamrec.training.augment import Variation
from streamrec.training.views import ClipViews
from streamrec.types import FlowInput, Preprocessing, StreamSpec

LABELS = ("swipe left", "swipe right", "wave")
SPEC = StreamSpec(
    name="tiny",
    labels=LABELS,
    fps=5.0,
    preprocessing=Preprocessing(height=24, width=32),
    clip_frames=4,
    warmup_frames=4,
    horizon=None,
)
OFF = AugmentOptions(crop=1.0, color=0.0, speed=1.0, flip=False)


@pytest.fixture
def clip(tmp_path: Path) -> Callable[..., LabelledClip]:
    """Write a clip of 25 frames a second that becomes brighter, and is brighter on the right."""

    def make(frames: int = 60, *labels: str) -> LabelledClip:
        path = tmp_path / f"{frames}.avi"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
        for i in range(frames):
            row = np.linspace(0, 60, 64) + 180 * i / frames
            writer.write(np.broadcast_to(row[None, :, None], (48, 64, 3)).astype(np.uint8))
        writer.release()
        return LabelledClip(path=path, labels=labels or ("wave",))

    return make


def views(
    *clips: LabelledClip,
    varied: AugmentOptions | None = None,
    duration_s: float = 2.4,
    **options: int,
) -> ClipViews:
    facts = {"frames": 4, "seed": 0} | options
    durations_s = [duration_s] * len(clips)
    return ClipViews(clips, LABELS, SPEC, durations_s=durations_s, varied=varied, **facts)


def live(clip: LabelledClip) -> Tensor:
    return torch.from_numpy(np.concatenate(list(grid_inputs(FileSource(clip.path), SPEC))))


def level(frames: Tensor) -> list[float]:
    return frames.mean((1, 2, 3)).tolist()


def test_not_varied_it_is_the_middle_of_what_a_live_model_sees(
    clip: Callable[..., LabelledClip],
) -> None:
    seen = live(clip())
    assert len(seen) == 12
    frames, target = views(clip())[0]
    torch.testing.assert_close(frames, seen[4:8], rtol=0, atol=0)
    assert target.tolist() == [0, 0, 1]
    assert (frames.dtype, target.dtype) == (torch.float32, torch.float32)


def test_a_short_clip_loops(clip: Callable[..., LabelledClip]) -> None:
    seen = live(clip(12))
    assert len(seen) == 3
    frames, _ = views(clip(12), frames=8)[0]
    torch.testing.assert_close(frames, seen[[0, 1, 2, 0, 1, 2, 0, 1]], rtol=0, atol=0)


def test_of_a_long_clip_only_a_piece_is_read(clip: Callable[..., LabelledClip]) -> None:
    long = clip(25 * 40)
    seen = live(long)
    ours = views(long, duration_s=40.0)
    assert len(ours._read(0, Variation())) <= 6
    frames, _ = ours[0]
    assert level(seen)[97] < level(frames)[0] < level(frames)[-1] < level(seen)[103]
    last = views(long, duration_s=40.0)._read(0, Variation(start=0.999, phase=0.9, speed=1.2))
    assert 4 <= len(last) <= 6
    assert last[-1].mean() > 0.98 * 255 * level(seen)[-1]


def test_a_piece_without_frames_is_made_of_the_whole_clip(
    clip: Callable[..., LabelledClip],
) -> None:
    frames, _ = views(clip(), duration_s=1000.0)[0]
    torch.testing.assert_close(frames, live(clip())[4:8], rtol=0, atol=0)


def test_views_differ_and_come_again(clip: Callable[..., LabelledClip]) -> None:
    ours = views(clip(), varied=AugmentOptions())
    first, _ = ours[0]
    ours.view = 1
    second, _ = ours[0]
    ours.view = 0
    again, _ = ours[0]
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    other, _ = views(clip(), varied=AugmentOptions(), seed=1)[0]
    assert not torch.equal(first, other)


@pytest.mark.parametrize("varied", [None, AugmentOptions()])
def test_processes_make_the_same_views(
    clip: Callable[..., LabelledClip], varied: AugmentOptions | None
) -> None:
    ours = views(clip(60), clip(25), clip(12), varied=varied)
    ours.view = 3
    alone, shared = (
        list(DataLoader(ours, batch_size=2, num_workers=workers)) for workers in (0, 2)
    )
    for (frames, target), (frames2, target2) in zip(alone, shared, strict=True):
        assert torch.equal(frames, frames2)
        assert torch.equal(target, target2)


def test_processes_that_are_spawned_make_them_too(clip: Callable[..., LabelledClip]) -> None:
    ours = views(clip(), varied=AugmentOptions())
    copied: ClipViews = pickle.loads(pickle.dumps(ours))  # noqa: S301
    assert torch.equal(copied[0][0], ours[0][0])


def test_time_is_varied_where_nothing_else_is(clip: Callable[..., LabelledClip]) -> None:
    ours = views(clip(), varied=OFF)
    seen = []
    for view in range(30):
        ours.view = view
        seen.append(level(ours[0][0]))
    starts = [levels[0] for levels in seen]
    plain = level(live(clip()))
    assert min(starts) < plain[2] < plain[6] < max(starts)
    assert len({round(start, 3) for start in starts}) > 12, (
        "phases move the grid between its points"
    )
    step = plain[1] - plain[0]
    for levels in seen:
        np.testing.assert_allclose(np.diff(levels), step, atol=0.01)


def test_a_faster_clip_brightens_faster(clip: Callable[..., LabelledClip]) -> None:
    ours = views(clip(), varied=replace(OFF, speed=2.0))
    steps = []
    for view in range(30):
        ours.view = view
        levels = level(ours[0][0])
        steps.append((levels[-1] - levels[0]) / 3)
    plain = level(live(clip()))
    step = plain[1] - plain[0]
    assert 0.45 * step < min(steps) < 0.8 * step
    assert 1.4 * step < max(steps) < 2.2 * step


def test_mirrored_clips_swap_their_labels_and_others_stay(
    clip: Callable[..., LabelledClip],
) -> None:
    shown = clip(30, "swipe left"), clip(40, "wave")
    swapped = views(*shown, varied=replace(OFF, flip=True, swap="swipe left=swipe right"))
    kept = views(*shown, varied=replace(OFF, flip=True))
    mirrored = 0
    for view in range(10):
        swapped.view = kept.view = view
        frames, target = swapped[0]
        brighter_left = bool((frames[..., :8].mean() > frames[..., -8:].mean()).item())
        mirrored += brighter_left
        assert target.tolist() == ([0, 1, 0] if brighter_left else [1, 0, 0])
        frames, target = kept[0]
        assert frames[..., :8].mean() < frames[..., -8:].mean()
        assert target.tolist() == [1, 0, 0]
        assert kept[1][1].tolist() == [0, 0, 1]
    assert 0 < mirrored < 10


def test_targets_hold_all_labels(clip: Callable[..., LabelledClip]) -> None:
    nothing = replace(clip(30), labels=())
    ours = views(clip(30, "wave", "swipe left"), nothing)
    assert ours[0][1].tolist() == [1, 0, 1]
    assert ours[1][1].tolist() == [0, 0, 0]
    assert len(ours) == 2


def test_a_clip_shorter_than_the_grid_is_varied_too(clip: Callable[..., LabelledClip]) -> None:
    ours = views(clip(1), varied=AugmentOptions())
    for view in range(5):
        ours.view = view
        assert ours[0][0].shape == (4, 3, 24, 32)


def test_a_bad_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "bad.avi"
    path.write_bytes(b"no video")
    with pytest.raises(SourceError, match=r"bad\.avi"):
        views(LabelledClip(path=path, labels=("wave",)))[0]


def test_flow_and_unknown_labels_are_refused() -> None:
    spec = replace(SPEC, flow=FlowInput(height=24, width=32))
    with pytest.raises(OptionError, match="optical flow"):
        ClipViews([], LABELS, spec, durations_s=[], frames=4, varied=None, seed=0)
    with pytest.raises(LabelsError, match="clips show jump; the labels are swipe left"):
        views(LabelledClip(path=Path("a.avi"), labels=("jump",)))


def test_frames_of_some_clip_come_before_the_clip(clip):
    dark, bright = clip(60, "wave"), clip(30, "swipe left")
    plain, led = views(dark, bright), views(dark, bright, lead=3)
    for index in range(2):
        x, target = led[index]
        assert torch.equal(x[3:], plain[index][0])
        assert torch.equal(target, plain[index][1])
        assert any(torch.equal(x[:3], one[0][-3:]) for one in (plain[0], plain[1]))


def test_a_lead_longer_than_a_clip_loops(clip):
    x, _ = views(clip(), lead=6)[0]
    assert torch.equal(x[:6], x[6:][[2, 3, 0, 1, 2, 3]])


def test_the_clip_before_is_another_one_in_each_view(clip):
    led = views(clip(60), clip(30), clip(40), lead=3, varied=OFF)
    seen = set()
    for led.view in range(12):
        seen.add(float(led[0][0][:3].sum()))
    assert len(seen) > 3
