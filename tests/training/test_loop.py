"""The order of examples, and what a step adds up."""

from types import SimpleNamespace

import pytest

from streamrec.training.loop import _order


@pytest.mark.parametrize(("examples", "devices"), [(5, 2), (6, 2), (1, 4), (7, 1)])
def test_all_devices_take_as_many_examples_and_leave_none_out(examples, devices):
    ranks = [SimpleNamespace(global_rank=rank, world_size=devices) for rank in range(devices)]
    orders = [_order(examples, 0, 0, rank) for rank in ranks]
    assert len(set(map(len, orders))) == 1
    assert {row for order in orders for row in order} == set(range(examples))
