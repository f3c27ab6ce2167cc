"""Which clips may be mirrored, and what they show then."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from streamrec.errors import OptionError

_SIDED = re.compile(
    r"(left|right)(s|wards?|hand(ed)?)?"
    r"|(counter|anti)?clockwise"
    r"|(north|south)?(east|west)(wards?)?"
)
_WORD = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def names_side(label: str) -> bool:
    """Tell whether a label names a side or a direction: ``turn left``, ``turnLeft``, ``LEFT_2``."""
    return any(map(_SIDED.fullmatch, _WORD.findall(_HUMP.sub(" ", label).lower())))


@dataclass(frozen=True, slots=True)
class FlipRule:
    """What mirroring makes of labels.

    A label that names a side or a direction has a mirror image only where ``swap`` gives one; any
    other is its own unless ``swap`` says otherwise.

    Args:
        labels: the classes.
        swap: pairs of them, as ``swipe left=swipe right, wave=wave``.

    Raises:
        OptionError: ``swap`` is no list of pairs, or names a label that there is not, or one twice.
    """

    labels: tuple[str, ...]
    swap: str = ""
    _images: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        plain = {label: label for label in self.labels if not names_side(label)}
        object.__setattr__(self, "_images", plain | _swaps(self.swap, self.labels))

    def flipped(self, labels: Sequence[str]) -> tuple[str, ...] | None:
        """Return what a clip of these labels shows in a mirror; None: it must not be mirrored."""
        images = tuple(self._images[label] for label in labels if label in self._images)
        return images if len(images) == len(labels) else None

    @property
    def kept(self) -> tuple[str, ...]:
        """The labels whose clips are never mirrored."""
        return tuple(label for label in self.labels if label not in self._images)

    def __str__(self) -> str:
        """Say in words what is mirrored, and what is not and why."""
        swapped = {tuple(sorted(pair)) for pair in self._images.items() if len(set(pair)) == 2}
        said = ["half of the clips are mirrored"]
        said += [f"which swaps {a!r} and {b!r}" for a, b in sorted(swapped)]
        if self.kept:
            said.append(
                f"but none of {', '.join(map(repr, self.kept))}: a label that names a side or a "
                "direction is mirrored only where --swap names its pair"
            )
        return ", ".join(said)


def _swaps(text: str, labels: Sequence[str]) -> dict[str, str]:
    swaps: dict[str, str] = {}
    for pair in filter(None, map(str.strip, text.split(","))):
        first, equals, second = (part.strip() for part in pair.partition("="))
        if not equals:
            raise OptionError(f"--swap is 'A=B, C=D' with two labels each, got {pair!r}")
        for label in (first, second):
            _check(label, labels, swaps)
        swaps |= {first: second, second: first}
    return swaps


def _check(label: str, labels: Sequence[str], swaps: Mapping[str, str]) -> None:
    if label in swaps:
        raise OptionError(f"--swap names {label!r} in two pairs; one is allowed")
    if label not in labels:
        near = get_close_matches(label, labels) or sorted(labels)[:3]
        raise OptionError(f"--swap: no label {label!r}; nearest: {', '.join(map(repr, near))}")
