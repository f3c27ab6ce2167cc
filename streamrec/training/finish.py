"""After the last step: checked, calibrated, saved, and judged as the product runs it."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import nn

from streamrec.build import load_model
from streamrec.config import ModelOptions, WindowOptions
from streamrec.dataset.clips import Dataset
from streamrec.evaluation.answers import Answers
from streamrec.evaluation.clips import answer
from streamrec.training.calibrate import cooled, fit_temperature, with_temperature
from streamrec.training.course import School
from streamrec.training.teller import Teller
from streamrec.training.verify import check_steps
from streamrec.version import __version__
from streamrec.weights.model_file import save_model
from streamrec.weights.model_weights import ModelWeights, Ranges


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Trained:
    """What one training came to.

    Attributes:
        model: the file.
        dataset: its clips, with their splits.
        judged_on: the split of the clips that judge it.
        answers: what the model says of them, run as it will be live.
        raw: the same before the temperature.
        temperature: by which its logits are divided.
        difference: the largest one of a logit, between steps and the whole clip; None: no steps.
    """

    model: Path
    dataset: Dataset
    judged_on: str
    answers: Answers
    raw: Answers
    temperature: float
    difference: float | None


def finish(
    school: School,
    network: nn.Module,
    ranges: Ranges,
    dataset: Dataset,
    path: Path,
    teller: Teller,
) -> Trained:
    """Make one self-contained model of a trained network.

    The temperature is fitted on the ``val`` clips; the ``test`` clips, where there are any, judge
    the model, but not those of folds.

    Raises:
        ParityError: it does not step as it learnt, and is not saved.
        OutputError: the file cannot be written.
    """
    clip, _ = school.judged.views[0]
    difference = check_steps(network, clip[None])
    weights = replace(_weights(school, network, dataset), ranges=ranges)
    save_model(path, weights)
    raw = _answers(path, dataset, "val", teller)
    temperature = fit_temperature(raw)
    save_model(path, with_temperature(weights, temperature))
    judged_on, answers = "val", cooled(raw, temperature)
    if dataset.of("test") and not school.options.data.folds:
        judged_on, answers = "test", _answers(path, dataset, "test", teller)
        raw = cooled(answers, 1 / temperature)
    return Trained(
        model=path,
        dataset=dataset,
        judged_on=judged_on,
        answers=answers,
        raw=raw,
        temperature=temperature,
        difference=difference,
    )


def _weights(school: School, network: nn.Module, dataset: Dataset) -> ModelWeights:
    start, recipe = school.material.weights, school.options.recipe
    clips = len(dataset.of("train"))
    told = {
        "trained from": "random weights" if recipe.scratch else recipe.model,
        "trained": f"{recipe.trained}, by streamrec {__version__}",
        "data": f"{clips} clips of {dataset.name}: {', '.join(dataset.labels)}",
    }
    named = network.state_dict()
    tensors = {name: np.ascontiguousarray(named[name].float().numpy()) for name in start.tensors}
    before = {name: value for name, value in start.provenance.items() if value != "random"}
    return replace(start, tensors=tensors, provenance={**before, **told})


def _answers(path: Path, dataset: Dataset, split: str, teller: Teller) -> Answers:
    recognizer = load_model(str(path), ModelOptions(), WindowOptions())
    clips = [clip for clip in dataset.clips if clip.split == split]
    with teller.phase(f"judging {path.stem} by {recognizer.engine}", len(clips)) as tell:
        answers, _ = answer(recognizer, clips, dataset.labels, progress=lambda: tell(1, ""))
    return answers
