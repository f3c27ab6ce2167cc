"""The order of examples, and what a step adds up."""

from types import SimpleNamespace

import pytest
import torch
from lightning_fabric import Fabric

from streamrec.config import RecipeOptions
from streamrec.training.checkpoint import Standing
from streamrec.training.loop import Course, _Learner, _order
from streamrec.training.losses import ClipLoss
from streamrec.training.parts import Tail


@pytest.mark.parametrize(("examples", "devices"), [(5, 2), (6, 2), (1, 4), (7, 1)])
def test_all_devices_take_as_many_examples_and_leave_none_out(examples, devices):
    ranks = [SimpleNamespace(global_rank=rank, world_size=devices) for rank in range(devices)]
    orders = [_order(examples, 0, 0, rank) for rank in ranks]
    assert len(set(map(len, orders))) == 1
    assert {row for order in orders for row in order} == set(range(examples))


class Sums(Tail):
    """Whatever it sees makes class 0 likelier; its state is the sum of that."""

    def __init__(self):
        super().__init__()
        self.gain = torch.nn.Parameter(torch.ones(1))

    def initial_state(self, x):
        return {"sum": torch.zeros(len(x), 1)}

    def forward(self, x, state):
        sums = state["sum"] + x.cumsum(1)
        return self.gain * torch.stack([sums, -sums], -1), {"sum": sums[:, -1:]}


@pytest.mark.parametrize("chunk", [1, 2, 3, 5])
def test_the_loss_of_chunks_is_that_of_the_clip(chunk):
    assert _first_loss(chunk) == pytest.approx(_first_loss(None))


def _first_loss(chunk):
    recipe = RecipeOptions(per_frame=0.5, chunk=chunk)
    course = Course(
        tail=Sums(),
        examples=range(1),
        loss=ClipLoss(multi_label=False, weights=torch.ones(2), label_smoothing=0.1, distil=0.0),
        judge=None,
        recipe=recipe,
        folder=None,
        curves=None,
        workers=0,
        lead=0,
    )
    learner = _Learner(course, Fabric(accelerator="cpu", devices=1), Standing())
    frames = torch.tensor([[0.5, -1.0, 2.0, 0.25, -0.5]])
    return learner.step([(frames, torch.tensor([[1.0, 0.0]]), torch.empty(0))])
