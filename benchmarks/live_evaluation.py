"""Trained weights on endless video: real clips, hours of background, and what a model forgets."""

from collections.abc import Sequence

from clips import labelled_clips, trained_file
from options import Options
from tables import Table
from timing import Row

from streamrec.config import LiveOptions, ModelOptions
from streamrec.dataset.clips import Dataset, LabelledClip
from streamrec.evaluation.live import evaluate_live
from streamrec.evaluation.live_figures import Delay
from streamrec.evaluation.live_result import LiveRow
from streamrec.weights.labels import embedded_labels
from streamrec.weights.load import load_weights
from streamrec.weights.model_file import save_model


def measure(options: Options) -> list[Row]:
    """Return a row for each horizon and age, with all figures."""
    clips = [LabelledClip(path=p, labels=(label,)) for p, label in labelled_clips(options).items()]
    labels = tuple(sorted({label for clip in clips for label in clip.labels}))
    file = trained_file(options)
    path = options.folder / f"{file.stem}.safetensors"
    save_model(path, load_weights(file, labels=embedded_labels("kinetics600")))
    background = "" if options.background is None else str(options.background)
    result = evaluate_live(
        str(path),
        Dataset(name="clips", labels=labels, clips=tuple(clips)),
        LiveOptions(ages=options.ages, background=background),
        ModelOptions(),
    )
    return [row(each) for each in result.rows]


def row(figures: LiveRow) -> Row:
    """Return the figures of one horizon and age."""
    found = figures.figures
    horizon = "everlasting" if figures.horizon is None else f"{figures.horizon} ({figures.setting})"
    return {
        "horizon": horizon,
        "background_min": figures.age_min,
        "right_in_actions": found.action_accuracy,
        "right_in_background": found.background_accuracy,
        "first_right_s": _seconds(found.first_right),
        "let_go_s": _seconds(found.let_go),
        "flicker_per_minute": found.flicker_per_minute,
        "alarms_per_hour": figures.alarms_per_hour,
        "events": [[one.overlap, one.precision, one.recall] for one in found.events],
    }


def table(rows: Sequence[Row]) -> Table:
    """Return one line a row; events as precision and recall."""
    overlaps = [overlap for overlap, _, _ in rows[0]["events"]]
    names = [name for name in rows[0] if name != "events"]
    headers = [*(name.replace("_", " ") for name in names), *(f"events at {o}" for o in overlaps)]
    lines = [
        (
            *(_text(one[name]) for name in names),
            *(f"{_text(precision)} / {_text(recall)}" for _, precision, recall in one["events"]),
        )
        for one in rows
    ]
    return Table(tuple(headers), tuple(lines))


def _seconds(delay: Delay) -> float | str | None:
    if delay.median_s is None:
        return "never" if delay.clips else None
    return delay.median_s


def _text(value: float | str | None) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".removesuffix(".00")
    return "-" if value is None else str(value)
