"""How far a training has come is on the disk, or it is told why not."""

import pytest
import torch

from streamrec.errors import OutputError
from streamrec.training.checkpoint import Standing, load_standing, save_standing


def test_what_was_saved_comes_back(tmp_path):
    path = tmp_path / "checkpoint.pt"
    save_standing(Standing(step=3, seen=[(0.5, 1.0)], tail={"a": torch.ones(2)}), path)
    again = load_standing(path, torch.device("cpu"))
    assert (again.step, again.seen, again.tail["a"].tolist()) == (3, [(0.5, 1.0)], [1.0, 1.0])


def test_a_full_disk_is_told_and_the_last_checkpoint_stays(tmp_path):
    resource = pytest.importorskip("resource")
    path = tmp_path / "checkpoint.pt"
    save_standing(Standing(step=1), path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"cannot write .*checkpoint"):
            save_standing(Standing(step=2, tail={"a": torch.zeros(10_000)}), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert load_standing(path, torch.device("cpu")).step == 1
