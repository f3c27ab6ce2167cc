"""What a trunk makes of clips is kept on the disk."""

import pytest
import torch
from torch import nn
from torch.utils.data import Dataset

from streamrec.errors import OutputError
from streamrec.training.features import Features


class Ramps(Dataset):
    """Clips of 4 frames; view ``v`` of clip ``i`` begins at ``100 v + i``."""

    view = 0

    def __len__(self):
        return 10

    def __getitem__(self, index):
        frames = torch.arange(4.0)[:, None].expand(4, 512)
        return frames + 100 * self.view + index, torch.tensor([float(index % 2)])


def kept(folder, batch=4):
    cpu = torch.device("cpu")
    return Features(nn.Identity(), Ramps(), folder, device=cpu, batch=batch, workers=0)


def test_what_was_seen_comes_back(tmp_path):
    features, seen = kept(tmp_path), []
    for view in (0, 1):
        features.make(view, seen.append)
    assert seen == [4, 4, 2, 4, 4, 2]
    x, target = features(1, 7)
    assert (x[:, 0].tolist(), target.tolist()) == ([107, 108, 109, 110], [1])
    assert features(0, 2)[0][0, 0] == 2


def test_the_disk_fills_as_clips_are_seen(tmp_path):
    sizes = []

    def tell(count):
        sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))

    kept(tmp_path, batch=1).make(0, tell)
    assert sizes[0] < sizes[-1] / 4


def test_a_disk_that_is_full_is_told_with_what_to_do(tmp_path):
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(OutputError, match="fewer --views"):
            kept(tmp_path).make(0, lambda count: None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())
