"""What a trunk makes of clips: computed once for each view, kept on the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from streamrec.atomic import atomic_path
from streamrec.errors import OutputError
from streamrec.training.batches import cut, read_batches
from streamrec.training.views import ClipViews
from streamrec.types import Array

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
        try:
            targets = self._write(view, tell)
            with atomic_path(self._targets_file(view)) as temporary:
                np.save(temporary, targets)
        except OutputError as error:
            raise OutputError(
                f"{error}; what stays as it is takes less of the disk with fewer --views or "
                "--frames, or with --trained classifier"
            ) from None

    def _write(self, view: int, tell: Tell) -> Array:
        """Keep what the trunk makes of a view; return the targets, float32 [N, classes].

        It is written piece by piece: where the disk is full, to fill a map of it ends the process.
        """
        self._views.view = view
        order = cut(range(len(self._views)), self._batch)
        targets: list[npt.NDArray[np.float32]] = []
        with atomic_path(self._file(view)) as temporary, temporary.open("wb") as file:
            for clips, target in read_batches(self._views, order, self._workers):
                features = self._see(clips)
                if not targets:
                    _write_head(file, (len(self._views), *features.shape[1:]))
                file.write(features.tobytes())
                targets.append(target.numpy())
                tell(len(features))
        return np.concatenate(targets)

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


def _write_head(file: BinaryIO, shape: tuple[int, ...]) -> None:
    kind = np.lib.format.dtype_to_descr(np.dtype(_PRECISION))
    head = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, head)
