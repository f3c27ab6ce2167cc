"""What a report is made of: plain values that a trainer or an evaluation fills in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streamrec.dataset.clips import Dataset
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.bootstrap import Interval
from streamrec.evaluation.metrics import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long an engine takes for a step of the exported model.

    Attributes:
        engine: its name, with the precision where that matters ("onnx", "native bf16").
        step_ms: median milliseconds of a step.
    """

    engine: str
    step_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """A part of a cross-validation: a model that was judged on clips of its own.

    Attributes:
        clips: how many it was judged on.
        score: its accuracy on them; of clips with several labels, mean average precision.
    """

    clips: int
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Any further figures, as rows.

    Attributes:
        title: what it shows.
        head: a name for each column.
        rows: texts and numbers, as many as there are names; None: nothing is known.
        note: how to read it; empty: no need.
    """

    title: str
    head: tuple[str, ...]
    rows: Sequence[Sequence[str | float | None]] = field(repr=False)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a model said of clips that it was not trained on, and how good that is.

    Attributes:
        answers: what it said, with the probabilities that it will say from now on.
        figures: how good that is.
        intervals: how sure these figures are, by their names ("top1",
            "mean_average_precision"); None: there are no two groups.
    """

    answers: Answers
    figures: Figures
    intervals: Mapping[str, Interval | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRun:
    """What a training run came to.

    Attributes:
        title: of the page; the run's name.
        model: name of what was trained.
        result: the file of the trained model.
        dataset: all clips, each with its split.
        skipped: files that were left out, and why.
        options: every option of the run that the reader may care for; "data" is what is pasted
            into commands.
        facts: other things to know, by what they are called ("device", "took", "trained parts").
        curves: the file that ``streamrec.training.curves`` wrote.
        judged: what the trained model said of clips of ``judged_on``, calibrated; after
            cross-validation, each clip as judged by the model that was not trained on it.
        judged_on: the split, "val" or "test"; or "folds".
        before: the same figures before the temperature was fitted; None: none was.
        temperature: by which logits are divided; None: none was fitted.
        latency: of the exported model, the fastest engine first.
        fps: steps per second of video, the model's rate.
        folds: of a cross-validation.
        warnings: what the reader must know; the report adds those that it can tell by itself.
        notes: what the reader may want to know.
    """

    title: str
    model: str
    result: Path
    dataset: Dataset
    skipped: Mapping[Path, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, str | float | None] = field(default_factory=dict, repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    curves: Path
    judged: Judgement
    judged_on: str = "val"
    before: Figures | None = None
    temperature: float | None = None
    latency: Sequence[Latency] = ()
    fps: float
    folds: Sequence[Fold] = ()
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRun:
    """What an evaluation came to.

    Attributes:
        title: of the page.
        model: the model, as ``--model`` takes it.
        data: the data set, as ``--data`` takes it.
        judged: what the model said of the clips; None: only endless streams were looked at.
        skipped: files that were left out, and why.
        facts: other things to know, by what they are called ("runtime", "clips at once").
        tables: of live streams, open sets, thresholds.
        warnings, notes: as of a training run.
    """

    title: str
    model: str
    data: str
    judged: Judgement | None = None
    skipped: Mapping[Path, str] = field(default_factory=dict, repr=False)
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    tables: Sequence[Table] = ()
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()
