"""What a training is about: clips that can be read, and the model that is to learn them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median_high

from streamrec.config import EMBEDDED_MODEL, DataOptions, RecipeOptions
from streamrec.dataset.class_folders import SPLITS
from streamrec.dataset.clips import Dataset
from streamrec.dataset.duplicates import find_duplicates
from streamrec.dataset.listing import read_dataset
from streamrec.dataset.scan import ClipFacts, scan
from streamrec.dataset.splits import folds, missing_classes, split
from streamrec.errors import DatasetError, OptionError
from streamrec.model_source import (
    architecture_of,
    display_name,
    is_onnx_file,
    spec_of,
    weights_of,
)
from streamrec.models.architecture import Architecture, ClipArchitecture, MoViNetArchitecture
from streamrec.training.flip import FlipRule
from streamrec.training.options import TrainingOptions
from streamrec.training.start import start
from streamrec.training.teller import Teller
from streamrec.types import StreamSpec
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.untrained import untrained


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a training begins with.

    Attributes:
        dataset: the clips that can be used; all classes of the list.
        parts: them with their splits, as each training has them: one, or one a fold.
        durations_s: how long each clip lasts, seconds.
        skipped: files that are left out, and why.
        warnings: what whoever trains must know of the clips.
        weights: what learning begins with, at the rate and with the classes of the training.
        spec: what the model says of itself.
        frames: frames of a training clip.
    """

    dataset: Dataset
    parts: Sequence[Dataset]
    durations_s: Sequence[float]
    skipped: Mapping[Path, str]
    warnings: Sequence[str]
    weights: ModelWeights
    spec: StreamSpec
    frames: int


def prepare(options: TrainingOptions, teller: Teller) -> Material:
    """Read the list, look at every file, and get the model.

    Raises:
        DatasetError: the list cannot be read, or too little of it can be used.
        ModelError: the model cannot be had.
        OptionError: options that do not go together, or not with this model.
    """
    data, recipe = options.data, options.recipe
    _check(data, recipe)
    dataset = read_dataset(Path(data.data))
    if len(dataset.labels) < 2:
        raise DatasetError(
            f"{data.data} has one class, {', '.join(dataset.labels)}; a model learns to tell two "
            "or more apart. Clips of nothing in particular go into a folder _background"
        )
    weights = _weights(recipe)
    if data.lead and not weights.architecture.causal:
        raise OptionError(
            f"{weights.architecture.name} sees each window anew and carries no state; omit --lead"
        )
    FlipRule(dataset.labels, options.augment.swap)
    fps = weights.architecture.fps / data.stride
    with teller.phase("looking at the clips", len(dataset.clips)) as tell:
        scanned = scan(dataset, fps, progress=lambda: tell(1, ""))
    facts, skipped = _usable(scanned, data.discard)
    usable = replace(dataset, clips=tuple(fact.clip for fact in facts))
    parts = _parts(usable, data, recipe.seed)
    frames = data.frames or _frames(weights, facts)
    weights = start(
        _at_rate(weights, fps, frames),
        dataset.labels,
        scratch=recipe.scratch,
        horizon=_horizon(recipe, weights.architecture, frames),
        multi_label=dataset.multi_label,
        seed=recipe.seed,
    )
    spec = spec_of(weights, display_name(recipe.model))
    return Material(
        dataset=usable if data.folds else parts[0],
        parts=parts,
        durations_s=[fact.duration_s for fact in facts],
        skipped=skipped,
        warnings=[*_missing(parts), *_copies(facts, parts[0])],
        weights=weights,
        spec=spec,
        frames=frames,
    )


def _check(data: DataOptions, recipe: RecipeOptions) -> None:
    if data.folds == 1:
        raise OptionError("--folds is 2 at least, or 0 for one model; got 1")
    if data.folds and data.test:
        raise OptionError("--folds judges by all clips in turn; omit --test")
    if recipe.scratch and recipe.trained != "all":
        raise OptionError(
            "--scratch begins with random weights, which all must learn: --trained all"
        )
    if recipe.chunk and recipe.trained == "classifier":
        raise OptionError(
            "--chunk carries the state of layers that learn, and --trained classifier has none: "
            "omit it, or let more learn"
        )
    if recipe.quantised and recipe.trained != "all":
        raise OptionError("--quantised rounds every layer, so that all must learn: --trained all")


def _weights(recipe: RecipeOptions) -> ModelWeights:
    if recipe.model == EMBEDDED_MODEL or is_onnx_file(recipe.model):
        raise OptionError(
            f"{recipe.model} is exported, a file for running only; learning takes a model's name, "
            "or the .safetensors that was exported"
        )
    if recipe.scratch:
        return untrained(architecture_of(recipe.model))
    return weights_of(recipe.model, None)


def _usable(
    scanned: Sequence[ClipFacts], discard: int
) -> tuple[Sequence[ClipFacts], Mapping[Path, str]]:
    """Return the clips that can be used; and why others cannot."""
    skipped: dict[Path, str] = {}
    usable = []
    for fact in scanned:
        if fact.fault:
            skipped[fact.clip.path] = fact.fault
        elif fact.frames < discard:
            told = f"{fact.frames} frames at the model's rate, of {discard} wanted"
            skipped[fact.clip.path] = told
        else:
            usable.append(fact)
    if not usable:
        path, why = next(iter(skipped.items()))
        raise DatasetError(f"none of {len(scanned)} clips can be used: {path}: {why}")
    return usable, skipped


def _parts(usable: Dataset, data: DataOptions, seed: int) -> Sequence[Dataset]:
    """Split the clips, and check that each split can do what it is for."""
    if data.folds:
        parts = tuple(folds(usable, data.folds, seed))
    else:
        parts = (split(usable, val=data.val, test=data.test, seed=seed),)
    for part in parts:
        for name in SPLITS:
            clips = part.of(name)
            if not any(clip.labels for clip in clips) and (clips or name != "test"):
                raise DatasetError(
                    f"{part.name}: no {name} clip can be used and shows a class; name more of "
                    "them, or name no splits, so that --val and --test choose"
                )
        classes = {label for clip in part.of("train") for label in clip.labels}
        if len(classes) < 2:
            raise DatasetError(
                f"{part.name}: the train clips that can be used all show {classes.pop()}; a model "
                "learns to tell two classes or more apart"
            )
    return parts


def _missing(parts: Sequence[Dataset]) -> Iterator[str]:
    """Say which classes have no clips for what they are needed for."""
    for number, part in enumerate(parts, 1):
        fold = f" of fold {number}" if len(parts) > 1 else ""
        for name, labels in missing_classes(part).items():
            yield f"No {name} clip{fold} shows {', '.join(labels)}."


def _copies(facts: Sequence[ClipFacts], part: Dataset) -> Iterator[str]:
    """Say that clips are learnt from and judge, too, or show two things."""
    placed = [replace(fact, clip=clip) for fact, clip in zip(facts, part.clips, strict=True)]
    pairs = find_duplicates(placed)
    told = {
        "are copies, of which one teaches and one judges": [p for p in pairs if p.across_splits],
        "are copies with different labels": [p for p in pairs if p.contradicts],
    }
    for what, found in told.items():
        if found:
            first = f"{found[0].first.name} and {found[0].second.name}"
            yield f"Pairs of clips that {what}: {len(found)}, as {first}. See streamrec data check."


def _frames(weights: ModelWeights, facts: Sequence[ClipFacts]) -> int:
    """Choose the length of a training clip: that of most clips; windows are as they are live."""
    trained = weights.architecture.clip_frames
    usual = median_high(fact.frames for fact in facts if fact.clip.labels)
    return min(trained, usual) if weights.architecture.causal else trained


def _horizon(recipe: RecipeOptions, record: Architecture, frames: int) -> int | None:
    """Choose what running means look back on: live, no more than a training clip showed them."""
    if recipe.horizon is not None or not isinstance(record, MoViNetArchitecture):
        return recipe.horizon
    if not record.causal:
        return None
    return frames if record.horizon is None else min(frames, record.horizon)


def _at_rate(weights: ModelWeights, fps: float, frames: int) -> ModelWeights:
    record = replace(weights.architecture, fps=fps)
    if record.causal:
        return replace(weights, architecture=record)
    if isinstance(record, ClipArchitecture):
        most = record.max_frames or frames
        if not record.min_frames <= frames <= most:
            raise OptionError(
                f"--frames of {record.name} is {record.min_frames} to {most}; got {frames}"
            )
    return replace(weights, architecture=replace(record, clip_frames=frames))
