"""Scores at which events start, for each label, from clips seen as live video.

A clip raises an event of a label where its peak (see ``open_set``) reaches the label's
``on_score``. Precision and recall are of clips, so they hold for video in which labels and other
things are as frequent as they are among the clips.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from streamrec.atomic import atomic_path
from streamrec.config import EventSettings
from streamrec.errors import OptionError, OutputError
from streamrec.evaluation.open_set import Watched
from streamrec.types import Array

FEW_CLIPS = 10
"""A threshold that rests on fewer clips of its label is little more than a guess."""

OFF_SHARE = 0.6
"""Of ``on_score``, as of the scores that events start and end at without any suggestion."""

_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When a label should be an event.

    Attributes:
        label: its name.
        on_score, off_score: suggested.
        precision: share of the clips that raise the label and show it.
        recall: share of the clips that show it and raise it.
        clips: how many show it.
        reached: whether ``precision`` is as wanted; else the threshold is that of the best F1.
    """

    label: str
    on_score: float
    off_score: float
    precision: float
    recall: float
    clips: int
    reached: bool

    @property
    def few(self) -> bool:
        """Whether it rests on too few clips."""
        return self.clips < FEW_CLIPS


def suggest(
    watched: Sequence[Watched],
    truth: npt.NDArray[np.bool_],
    labels: Sequence[str],
    precision: float,
) -> tuple[Threshold, ...]:
    """Return a threshold for each label that some clip shows and some clip raises.

    It is the lowest one of the wanted precision, or the one of the best F1 where none has it, set
    half-way down to the next peak below it.

    Args:
        watched: N clips, those of no class among them.
        truth: what they show, bool [N, classes].
        labels: class names in score order.
        precision: wanted, above 0 and at most 1.

    Raises:
        OptionError: a precision that is not allowed.
    """
    if not 0.0 < precision <= 1.0:
        raise OptionError(f"a wanted precision is above 0 and at most 1; got {precision}")
    peaks = np.stack([one.peaks for one in watched])
    found = (
        _threshold(label, peaks[:, i], truth[:, i], precision) for i, label in enumerate(labels)
    )
    return tuple(one for one in found if one is not None)


def _threshold(
    label: str, peaks: Array, shows: npt.NDArray[np.bool_], wanted: float
) -> Threshold | None:
    lowest = np.unique(peaks[shows & (peaks > 0)])  # peaks that a threshold may just let through
    if not lowest.size:
        return None
    raised = peaks >= lowest[:, None]
    right = (raised & shows).sum(1)
    precision, recall = right / raised.sum(1), right / shows.sum()
    reached = precision >= wanted
    f1 = 2 * precision * recall / (precision + recall)  # never 0: each lets a right clip through
    best = int(reached.argmax() if reached.any() else len(f1) - 1 - f1[::-1].argmax())
    on_score = _between(peaks, lowest[best])
    return Threshold(
        label=label,
        on_score=on_score,
        off_score=round(OFF_SHARE * on_score, _DIGITS),
        precision=float(precision[best]),
        recall=float(recall[best]),
        clips=int(shows.sum()),
        reached=bool(reached.any()),
    )


def _between(peaks: Array, lowest: np.float32) -> float:
    """Return a round score that lets ``lowest`` through, and nothing that is lower."""
    below = float(peaks[peaks < lowest].max(initial=0.0))
    middle = round((below + float(lowest)) / 2, _DIGITS)
    return middle if below < middle <= lowest else float(lowest)


def write_config(
    path: Path,
    thresholds: Sequence[Threshold],
    events: EventSettings,
    options: Sequence[Any],
) -> None:
    """Write a configuration for ``streamrec serve``, without cameras yet.

    Args:
        path: a new file.
        thresholds: of the labels.
        events: what else is said of events, without aliases and rules of labels.
        options: records of ``streamrec.config`` for all cameras, the model's among them; what is
            not as by default is said.

    Raises:
        OutputError: the file exists, or cannot be written.
    """
    require_new(path)
    text = _config(thresholds, events, options)
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def require_new(path: Path) -> None:
    """Check, before the work is done, that a configuration can be written there.

    Raises:
        OutputError: it exists.
    """
    if path.exists():
        raise OutputError(
            f"{path} exists, and what is in it would be lost; give another file, and copy what "
            "stands under 'events' in it"
        )


def _config(thresholds: Sequence[Threshold], events: EventSettings, options: Sequence[Any]) -> str:
    lines = [
        "# Scores suggested by `streamrec evaluate`. Name your cameras below, then",
        "#   streamrec config check FILE",
        "#   streamrec serve --config FILE",
        "",
        "defaults:",
        *_pairs(options, "  "),
        "  events:",
        *_pairs((events.options, events.rule), "    "),
        *([f"    deny: {_text(list(events.deny))}"] if events.deny else []),
        "    labels:",
        *map(_line, thresholds),
        "",
        "cameras: {}",
        "# instead of {}:",
        "#  door:",
        "#    source: rtsp://viewer:{DOOR_PASSWORD}@192.168.1.20/stream2",
    ]
    return "\n".join(lines) + "\n"


def _line(one: Threshold) -> str:
    few = ", too few to be sure" if one.few else ""
    said = f"precision {one.precision:.2f}, recall {one.recall:.2f}, clips: {one.clips}{few}"
    scores = _text({"on_score": one.on_score, "off_score": one.off_score})
    return f"      {_text(one.label)}: {scores}  # {said}"


def _pairs(records: Sequence[Any], indent: str) -> Iterator[str]:
    """Yield a line for each value that is not as by default."""
    for record in records:
        for item in fields(record):
            value = getattr(record, item.name)
            if value != item.default:
                yield f"{indent}{item.name}: {_text(value)}"


def _text(value: Any) -> str:
    """Return a value as YAML, in a line."""
    line = yaml.safe_dump(
        [value], default_flow_style=True, allow_unicode=True, width=math.inf, sort_keys=False
    )
    return str(line).strip()[1:-1]
