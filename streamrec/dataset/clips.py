"""What a data set is: files, and what they show."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledClip:
    """A piece of a file, and what it shows.

    Attributes:
        path: the file.
        labels: what it shows, one label or more; none: something of no class.
        start_s: where it begins, seconds of the file's media time.
        end_s: where it ends; None: with the file.
        split: what it is for; None: not said.
        group: clips of one group (cut from one video, of one person) never part over splits;
            None: the clips of its file are one.
    """

    path: Path
    labels: tuple[str, ...]
    start_s: float = 0.0
    end_s: float | None = None
    split: Split | None = None
    group: str | None = None

    @property
    def name(self) -> str:
        """The file, and which piece of it."""
        if not self.start_s and self.end_s is None:
            return str(self.path)
        end = "" if self.end_s is None else f"{self.end_s:g}"
        return f"{self.path}@{self.start_s:g}-{end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Clips with labels.

    Attributes:
        name: what it was read from.
        labels: class names in the order of a model's logits.
        clips: what there is, in a fixed order.
    """

    name: str
    labels: tuple[str, ...]
    clips: tuple[LabelledClip, ...] = field(repr=False)

    @property
    def multi_label(self) -> bool:
        """Whether a clip may show several classes at once."""
        return any(len(clip.labels) > 1 for clip in self.clips)

    def ids(self, clip: LabelledClip) -> tuple[int, ...]:
        """Return the classes of a clip."""
        return tuple(self.labels.index(label) for label in clip.labels)

    def of(self, split: Split) -> Sequence[LabelledClip]:
        """Return the clips of a split."""
        return [clip for clip in self.clips if clip.split == split]
