"""Batches of clips, read by this process or by helpers of it."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from torch.utils.data import DataLoader, Dataset

from streamrec.errors import SourceError, TrainingError

T = TypeVar("T")
Item = TypeVar("Item")


def cut(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return pieces of so many items; the last one has what is left."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def read_batches(dataset: Dataset[T], order: Sequence[Sequence[int]], workers: int) -> Iterator[T]:
    """Yield batches.

    Args:
        dataset: what there is.
        order: which items each batch has.
        workers: processes that read them; 0: this one.

    Raises:
        SourceError: a file cannot be read any more.
        TrainingError: a process that reads was ended from outside.
    """
    try:
        yield from DataLoader(dataset, batch_sampler=map(list, order), num_workers=workers)
    except SourceError as error:  # of a helper's, PyTorch makes the traceback the message
        raise type(error)(str(error).rpartition(f"{type(error).__name__}: ")[2].strip()) from None
    except RuntimeError as error:
        if "exited unexpectedly" not in str(error) and "killed by signal" not in str(error):
            raise
        raise TrainingError(
            "a process that reads clips was ended, as happens where memory is short; take fewer "
            "--workers or a smaller --batch, and in a container more shared memory"
        ) from None
