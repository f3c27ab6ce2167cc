"""The figures of a live evaluation, as a value that JSON can hold."""

from dataclasses import asdict, dataclass
from typing import Any

from streamrec.evaluation.live_figures import LiveFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveRow:
    """Figures of one horizon after so much background.

    Attributes:
        setting: the horizon as it was asked for; see ``streamrec.config.LiveOptions``.
        horizon: frames; None: the model never forgets, or has no running means.
        age_min: minutes of background that the stream had seen.
        alarms_per_hour: events that began in them; None: there were no such minutes.
        figures: of the clips that came then.
    """

    setting: str
    horizon: int | None
    age_min: float
    alarms_per_hour: float | None
    figures: LiveFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveResult:
    """How good a model is on endless video.

    Attributes:
        model, data: names.
        fps: rate of the model's time grid, frames per second.
        windowed: whether it sees windows, and so has no horizon.
        background: what was shown between the clips.
        quiet: labels that mean that nothing happens; where there are none, no open event does.
        rows: horizons in the order in which they were asked for, each with its ages.
        skipped: why clips were left out.
    """

    model: str
    data: str
    fps: float
    windowed: bool
    background: str
    quiet: tuple[str, ...]
    rows: tuple[LiveRow, ...]
    skipped: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)
