"""What a run came to, as its report wants it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from streamrec.evaluation.answers import Answers
from streamrec.evaluation.bootstrap import intervals_of
from streamrec.evaluation.metrics import figures_of, mean_average_precision, top_k
from streamrec.report.record import Fold, Judgement, TrainingRun
from streamrec.training.curves import FILE
from streamrec.training.flip import FlipRule
from streamrec.training.latency import latencies
from streamrec.training.options import TrainingOptions
from streamrec.training.run import Run


def summarise(run: Run, options: TrainingOptions, seconds: float) -> TrainingRun:
    """Return what the report shows of a run; the exported model is measured here."""
    material, first = run.material, run.trained[0]
    answers, raw = (
        _all([one.answers for one in run.trained]),
        _all([one.raw for one in run.trained]),
    )
    return TrainingRun(
        title=Path(options.machine.out).resolve().name,
        model=options.recipe.model,
        result=first.model,
        dataset=replace(
            first.dataset if len(run.trained) == 1 else material.dataset, name=options.data.data
        ),
        warnings=material.warnings,
        skipped=material.skipped,
        options=_shown(options),
        facts=_facts(run, options, seconds),
        curves=first.model.parent / FILE,
        judged=judgement(answers),
        judged_on="folds" if options.data.folds else first.judged_on,
        before=figures_of(raw),
        temperature=first.temperature if len(run.trained) == 1 else None,
        latency=latencies(first.model),
        fps=material.spec.fps,
        folds=[_fold(one.answers) for one in run.trained] if options.data.folds else (),
    )


def judgement(answers: Answers) -> Judgement:
    """Return answers with their figures, and how sure those are."""
    return Judgement(answers=answers, figures=figures_of(answers), intervals=intervals_of(answers))


def score(answers: Answers) -> float:
    """Return the main figure: accuracy; of clips with several labels, mean average precision."""
    return mean_average_precision(answers) if answers.multi_label else top_k(answers.known(), 1)


def _all(parts: Sequence[Answers]) -> Answers:
    """Put the answers of all folds together."""
    return replace(
        parts[0],
        clips=[clip for part in parts for clip in part.clips],
        truth=np.concatenate([part.truth for part in parts]),
        scores=np.concatenate([part.scores for part in parts]),
    )


def _fold(answers: Answers) -> Fold:
    return Fold(clips=len(answers.known().clips), score=score(answers))


def _shown(options: TrainingOptions) -> Mapping[str, str | float | None]:
    values = {name: value for record in options for name, value in asdict(record).items()}
    return {name: value for name, value in values.items() if name not in ("out", "resume")}


def _facts(run: Run, options: TrainingOptions, seconds: float) -> Mapping[str, str]:
    material, differences = run.material, [one.difference for one in run.trained]
    facts = {
        "frames of a clip": f"{material.frames} at {material.spec.fps:g} a second",
        "took": f"{seconds / 60:.1f} min",
    }
    if options.augment.flip:
        facts["mirroring"] = str(FlipRule(material.dataset.labels, options.augment.swap))
    if found := [difference for difference in differences if difference is not None]:
        facts["step against clip"] = f"logits differ by {max(found):.1e} at most"
    return facts
