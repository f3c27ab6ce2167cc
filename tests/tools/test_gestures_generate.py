"""Generated clips are pictures, reproducible, and show what their track says."""

import cv2
import numpy as np
import pytest
import torch
from data import MIRROR, GeneratedClips, vary
from generate import FRAMES, SIZE, TURNS, contact_sheet, generate
from motion import IGNORE, LABELS


def test_the_same_number_gives_the_same_clip_and_another_number_another():
    first, again, other = generate(5, 3), generate(5, 3), generate(5, 13)
    np.testing.assert_array_equal(first.frames, again.frames)
    np.testing.assert_array_equal(first.targets, again.targets)
    assert (first.frames != other.frames).mean() > 0.5


@pytest.mark.parametrize("index", range(30))
def test_a_clip_is_pictures_with_a_target_each(index):
    clip = generate(0, index)
    assert clip.frames.shape == (FRAMES, SIZE, SIZE, 3)
    assert clip.frames.dtype == np.uint8
    assert clip.frames.std() > 5
    assert len(clip.targets) == len(clip.weights) == FRAMES
    assert set(clip.targets.tolist()) <= {IGNORE, *range(len(LABELS))}
    assert (np.diff(clip.times_s) >= 0).all()


def test_first_motions_take_turns_and_none_is_left_out():
    firsts = [generate(1, index).track.strokes[0][0] for index in range(2 * len(TURNS))]
    assert firsts == [*TURNS, *TURNS]
    assert set(firsts) == set(range(len(LABELS)))


def test_most_clips_move_where_the_hand_moves():
    moving = [generate(2, len(TURNS) * i + 1).frames.astype(float) for i in range(20)]
    change = [np.abs(np.diff(frames, axis=0)).mean() for frames in moving]
    assert np.median(change) > 0.5


def test_a_mirrored_batch_has_mirrored_labels():
    frames = torch.randint(0, 255, (64, FRAMES, 8, 8, 3), dtype=torch.uint8)
    targets = torch.full((64, FRAMES), LABELS.index("swipe left"))
    targets[:, 0] = IGNORE
    batch = vary(
        [frames, targets, torch.ones(64, FRAMES)],
        torch.Generator().manual_seed(0),
    )
    seen = {LABELS[i] for i in batch.targets.unique().tolist() if i != IGNORE}
    assert seen == {"swipe left", "swipe right"}
    assert MIRROR[MIRROR].tolist() == list(range(len(LABELS)))


def test_network_input_is_colour_in_the_unit_range():
    examples = [GeneratedClips(0, 2)[i] for i in range(2)]
    parts = [torch.stack(part) for part in zip(*examples, strict=True)]
    batch = vary(parts, torch.Generator().manual_seed(1))
    assert batch.clips.shape[2:] == (3, SIZE, SIZE)
    assert batch.clips.min() >= 0
    assert batch.clips.max() <= 1


def test_a_contact_sheet_is_a_picture():
    sheet = contact_sheet(0, rows=2, columns=3)
    assert sheet.shape == (2 * SIZE, 3 * SIZE, 3)
    assert cv2.imencode(".png", sheet)[0]
