"""Which worker watches which camera: evenly, and without moving any that is watched already."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

CAMERAS_PER_WORKER = 16
"""As many share a worker, and its models, unless the settings say otherwise."""


def workers_wanted(asked: int, cameras: int, cores: int) -> int:
    """Return how many workers there are for so many cameras.

    Args:
        asked: as many, whatever there is to do; 0: one for every 16 cameras, at most one a core.
        cameras: how many are watched.
        cores: of this machine.
    """
    return asked or max(1, min(-(-cameras // CAMERAS_PER_WORKER), cores))


def assign(
    cameras: Iterable[str], placed: Mapping[str, int], workers: Sequence[int]
) -> dict[str, int]:
    """Return each camera's worker: its present one, or the one that has the fewest.

    Args:
        cameras: names of those to be watched.
        placed: the workers of those that are watched already; others than ``workers`` do not count.
        workers: numbers of those that take cameras, at least one.
    """
    cameras = list(cameras)
    kept = {name: placed[name] for name in cameras if placed.get(name) in workers}
    loads = Counter(dict.fromkeys(workers, 0))
    loads.update(kept.values())
    for name in cameras:
        if name not in kept:
            kept[name] = min(workers, key=lambda worker: (loads[worker], worker))
            loads[kept[name]] += 1
    return kept
