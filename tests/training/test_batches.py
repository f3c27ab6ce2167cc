"""Batches, and what goes wrong in the processes that read them."""

import os

import pytest
from torch.utils.data import Dataset, get_worker_info

from streamrec.errors import SourceReadError, TrainingError
from streamrec.training.batches import cut, read_batches


class Numbers(Dataset):
    def __getitem__(self, index):
        if index == 7:
            raise SourceReadError("cannot read 7: it is odd")
        if index == 9 and get_worker_info():
            os._exit(1)
        return index


def test_batches_come_in_their_order():
    batches = read_batches(Numbers(), cut([4, 2, 3, 1, 0], 2), workers=0)
    assert [batch.tolist() for batch in batches] == [[4, 2], [3, 1], [0]]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_cannot_be_read_is_told_without_a_traceback(workers):
    with pytest.raises(SourceReadError) as caught:
        list(read_batches(Numbers(), [[1], [7]], workers))
    assert str(caught.value) == "cannot read 7: it is odd"


def test_a_reader_that_was_ended_is_told():
    with pytest.raises(TrainingError, match="fewer --workers"):
        list(read_batches(Numbers(), [[9]], workers=1))
