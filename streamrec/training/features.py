"""What a trunk makes of clips: computed once for each view, kept on the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError
from streamrec.training.batches import cut, read_batches
from streamrec.training.views import ClipViews

Tell = Callable[[int], None]
"""Told how many clips more were seen."""

_PRECISION = np.float16


class Features:
    """What a trunk makes of clips, view by view.

    Args:
        trunk: what stays as it is, in inference.
        views: the clips.
        folder: where the views are kept, a file each; those that are there are taken.
        device: where the trunk is.
        batch: clips at once.
        workers: processes that read clips; 0: this one.
    """

    def __init__(
        self,
        trunk: nn.Module,
        views: ClipViews,
        folder: Path,
        *,
        device: torch.device,
        batch: int,
        workers: int,
    ) -> None:
        self._trunk, self._views, self._folder = trunk, views, folder
        self._device, self._batch, self._workers = device, batch, workers
        self._open: tuple[int, npt.NDArray[np.float16], npt.NDArray[np.float32]] | None = None

    def make(self, view: int, tell: Tell) -> None:
        """Let the trunk see a view of all clips, unless it has.

        Raises:
            OutputError: the disk is full, or cannot be written.
            SourceError: a file cannot be read any more.
        """
        if self._targets_file(view).exists():
            tell(len(self._views))
            return
        self._views.view = view
        order = cut(range(len(self._views)), self._batch)
        targets = []
        with atomic_path(self._file(view)) as temporary:
            file: np.memmap[Any, np.dtype[np.float16]] | None = None
            done = 0
            for clips, target in read_batches(self._views, order, self._workers):
                features = self._see(clips)
                if file is None:
                    file = _new_file(temporary, (len(self._views), *features.shape[1:]))
                file[done : done + len(features)] = features
                done += len(features)
                targets.append(target.numpy())
                tell(len(features))
            assert file is not None, "there are clips"
            file.flush()
        with atomic_path(self._targets_file(view)) as temporary:
            np.save(temporary, np.concatenate(targets))

    def __call__(self, view: int, row: int) -> tuple[Tensor, Tensor]:
        """Return what the trunk made of a view of a clip, float32 [T, ...], and its target."""
        if self._open is None or self._open[0] != view:
            kept = np.load(self._file(view), mmap_mode="r")
            self._open = view, kept, np.load(self._targets_file(view))
        _, features, targets = self._open
        return torch.from_numpy(features[row].astype(np.float32)), torch.from_numpy(targets[row])

    @torch.inference_mode()
    def _see(self, clips: Tensor) -> npt.NDArray[np.float16]:
        features: Tensor = self._trunk(clips.to(self._device))
        return features.cpu().numpy().astype(_PRECISION)

    def _file(self, view: int) -> Path:
        return self._folder / f"view-{view:03d}.npy"

    def _targets_file(self, view: int) -> Path:
        return self._folder / f"targets-{view:03d}.npy"


def _new_file(path: Path, shape: tuple[int, ...]) -> "np.memmap[Any, np.dtype[np.float16]]":
    try:
        return np.lib.format.open_memmap(path, "w+", _PRECISION, shape)
    except OSError as error:
        size = np.dtype(_PRECISION).itemsize * float(np.prod(shape)) / 2**30
        raise OutputError(
            f"cannot keep {size:.1f} GiB of features in {path.parent}: {error.strerror or error}; "
            "take fewer --views or --frames, or --trained classifier"
        ) from None
