"""Copies among clips: encoded anew, resized, or slightly cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from streamrec.dataset.clips import LabelledClip
from streamrec.dataset.library import require_library
from streamrec.dataset.scan import ClipFacts
from streamrec.dataset.signature import likeness, look
from streamrec.dataset.splits import group_of

THRESHOLD = 0.8
"""Of ``likeness``. Measured on 197 surveillance clips, many of them of one camera: 200 copies that
are encoded anew, at half the size, or without up to a quarter at either end reach 0.88 at least; of
their own 19,306 pairs one reaches 0.95, which shares 0.6 s, and no other one 0.69."""

NEIGHBOURS = 32
"""Each clip is compared with so many that look most like it, so that the work grows slowly."""

_LEAST_ALIKE = 0.94


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Two clips of different groups, or of different labels, that show the same.

    Attributes:
        first, second: the clips, in the order of the data set.
        likeness: how alike they are, from ``THRESHOLD`` to 1.
    """

    first: LabelledClip
    second: LabelledClip
    likeness: float

    @property
    def across_splits(self) -> bool:
        """Whether one is learned from and the other one judges."""
        return self.first.split != self.second.split

    @property
    def contradicts(self) -> bool:
        """Whether they have different labels."""
        return set(self.first.labels) != set(self.second.labels)


def find_duplicates(facts: Sequence[ClipFacts]) -> tuple[Duplicate, ...]:
    """Return pairs of clips that are copies; those across splits first.

    Copies of one group are none, as they never part over splits, unless their labels differ.

    Only the first seconds count (see ``signature``). The work is that of a table of all looks,
    72 numbers a clip, against each other, and of ``NEIGHBOURS`` comparisons a clip.

    Raises:
        RuntimeMissingError: scikit-learn is not installed.
    """
    seen = [one for one in facts if len(one.signature)]
    found = []
    for i, j in _candidates(seen):
        one, other = seen[i], seen[j]
        value = likeness(one.signature, other.signature)
        pair = Duplicate(first=one.clip, second=other.clip, likeness=value)
        parted = group_of(one.clip) != group_of(other.clip)
        if value >= THRESHOLD and (parted or pair.contradicts):
            found.append(pair)
    return tuple(sorted(found, key=lambda pair: (not pair.across_splits, -pair.likeness)))


def _candidates(facts: Sequence[ClipFacts]) -> Iterator[tuple[int, int]]:
    """Yield pairs of clips that look alike in the mean over time, each once."""
    if len(facts) < 2:
        return
    require_library()
    from sklearn.neighbors import NearestNeighbors

    looks = np.stack([look(one.signature) for one in facts])
    index = NearestNeighbors(n_neighbors=min(NEIGHBOURS, len(facts) - 1), algorithm="brute")
    distances, neighbours = index.fit(looks).kneighbors()
    near = np.argwhere(distances <= np.sqrt(2.0 - 2.0 * _LEAST_ALIKE))  # of unit vectors
    pairs = np.stack([near[:, 0], neighbours[near[:, 0], near[:, 1]]], axis=1)
    yield from map(tuple, np.unique(np.sort(pairs, axis=1), axis=0))
