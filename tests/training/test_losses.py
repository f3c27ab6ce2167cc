"""How wrong logits are."""

import pytest
import torch
from torch.nn import functional as F

from streamrec.training.losses import ClipLoss, class_weights, multi_hot, time_weights


def loss(**changes):
    plain = {"multi_label": False, "weights": torch.ones(3), "label_smoothing": 0.0, "distil": 0.5}
    return ClipLoss(**{**plain, **changes})


def logits(frames=4):
    return torch.randn(2, frames, 3, generator=torch.Generator().manual_seed(0))


TARGET = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
ONLY_LAST = time_weights(4, 0.0)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_weights_over_time_are_one_in_all(share):
    weights = time_weights(5, share)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[:4].sum() == pytest.approx(0.8 * share)


def test_frames_before_the_clip_do_not_count():
    weights = time_weights(6, 0.5, lead=2)
    assert weights[:2].tolist() == [0.0, 0.0]
    assert weights.sum() == pytest.approx(1.0)


def test_the_loss_of_the_last_frame_is_cross_entropy():
    expected = F.cross_entropy(logits()[:, -1], torch.tensor([0, 2]))
    assert torch.isclose(loss()(logits(), TARGET, ONLY_LAST, None), expected)


def test_pieces_of_a_clip_add_up_to_its_loss():
    over_time = time_weights(4, 0.5)
    whole = loss()(logits(), TARGET, over_time, None)
    pieces = [
        loss()(logits()[:, piece], TARGET, over_time[piece], None)
        for piece in (slice(0, 3), slice(3, 4))
    ]
    assert torch.isclose(sum(pieces), whole)


def test_a_clip_of_no_class_wants_all_classes_alike():
    nothing = torch.zeros(1, 3)
    even, sure = torch.zeros(1, 1, 3), torch.tensor([[[9.0, 0.0, 0.0]]])
    now = torch.ones(1)
    assert loss()(even, nothing, now, None) < loss()(sure, nothing, now, None)


def test_several_classes_are_judged_each_by_itself():
    both = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    expected = F.binary_cross_entropy_with_logits(logits()[:, -1], both)
    found = loss(multi_label=True)(logits(), both, ONLY_LAST, None)
    assert torch.isclose(found, expected)


def test_a_teacher_has_its_share():
    agreeing = logits()[:, -1].log_softmax(-1)
    alone = loss()(logits(), TARGET, ONLY_LAST, None)
    taught = loss(distil=0.25)(logits(), TARGET, ONLY_LAST, agreeing)
    assert torch.isclose(taught, 0.75 * alone, atol=1e-6)


def test_rare_classes_count_as_much_as_frequent_ones():
    targets = multi_hot([[0], [0], [0], [1]], 3)
    weights = class_weights(targets)
    assert (targets * weights).sum(0)[:2].tolist() == pytest.approx([2.0, 2.0])
    assert weights[2] == 1.0
