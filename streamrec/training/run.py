"""A run from the list of clips to trained models."""

import os
import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor

from streamrec.build import load_model
from streamrec.config import MachineOptions, ModelOptions, WindowOptions
from streamrec.dataset.clips import Dataset
from streamrec.dataset.list_writer import write_list
from streamrec.errors import OptionError, OutputError, RuntimeMissingError
from streamrec.training.checkpoint import Standing
from streamrec.training.course import School, features_folder, open_school
from streamrec.training.curves import Curves
from streamrec.training.distil import soft_targets
from streamrec.training.finish import Trained, finish
from streamrec.training.loop import learn, standing_in
from streamrec.training.material import Material, prepare
from streamrec.training.options import TrainingOptions
from streamrec.training.quantise import Rounding
from streamrec.training.resume import RunRecord, begin, differences, has_run, record_of
from streamrec.training.start import network_of
from streamrec.training.teller import Nobody, Teller

CLIPS = "clips.csv"
"""The clips of a run with their splits, so that those which judged can judge again."""

_PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """What a run came to.

    Attributes:
        material: clips and model.
        trained: one training, or one a fold.
    """

    material: Material
    trained: Sequence[Trained]


def train(options: TrainingOptions, teller: Teller) -> Run | None:
    """Train a model, or one for each fold.

    Returns:
        What came of it; None in the helping processes of a run on several devices.

    Raises:
        DatasetError, ModelError, OptionError, OutputError, SourceError: see their messages.
    """
    machine = options.machine
    folder = Path(machine.out)
    threads = machine.threads or torch.get_num_threads()
    torch.set_num_threads(threads)
    _check_folder(folder, machine)
    fabric = _fabric(machine)
    fabric.launch()  # helping processes begin here: until then, nothing is written
    teller = teller if fabric.is_global_zero else Nobody()
    material = prepare(options, teller)
    for warning in material.warnings:
        teller.say(warning)
    teller.say(_plan(options, material))
    school = open_school(material, options, fabric, _soft(options, material, teller))
    if fabric.is_global_zero:
        record = record_of(options, material.dataset, fabric.device)
        _record(folder, record, resume=machine.resume, teller=teller)
        if not options.data.folds:
            write_list(material.dataset, folder / CLIPS)
    folders = [folder]
    if options.data.folds:
        folders = [folder / f"fold-{number + 1}" for number in range(options.data.folds)]
    standings = [standing_in(own, fabric.device) or Standing() for own in folders]
    if not all(standing.over for standing in standings):
        school.fill(teller)
    trained = []
    for part, own, standing in zip(material.parts, folders, standings, strict=True):
        torch.set_num_threads(threads)  # whoever ran a model has set its own
        trained.append(_train(school, part, own, standing, teller))
    if not fabric.is_global_zero:
        return None
    shutil.rmtree(features_folder(options), ignore_errors=True)
    return Run(material=material, trained=[one for one in trained if one is not None])


def _train(
    school: School, dataset: Dataset, folder: Path, standing: Standing, teller: Teller
) -> Trained | None:
    network, fabric = network_of(school.material.weights), school.fabric
    rounding = Rounding(network) if school.options.recipe.quantised else None
    resumed = standing.step or None
    with Curves(folder, resumed) if fabric.is_global_zero else nullcontext() as curves:
        course = school.course(dataset, network, folder, curves)
        steps = course.steps(fabric.world_size)
        with teller.phase(f"training {folder.name}", steps, standing.step) as tell:
            learn(course, fabric, standing, lambda text: tell(1, text))
    if not fabric.is_global_zero:
        return None
    ranges = rounding.finish() if rounding else {}
    return finish(school, network.cpu().eval(), ranges, dataset, _model_file(folder), teller)


def _plan(options: TrainingOptions, material: Material) -> str:
    """Say what will be done."""
    count, spec = len(material.dataset.clips), material.spec
    plan = f"{count} clips of {material.frames} frames, {spec.fps:g} a second"
    if options.recipe.trained == "all":
        return plan
    return f"{plan}; what stays as it is sees those that teach in {options.recipe.views} variations"


def _model_file(folder: Path) -> Path:
    return folder / f"{folder.resolve().name}.safetensors"


def _check_folder(folder: Path, machine: MachineOptions) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror or error}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {folder}: you may not; take another --out")
    if machine.resume and not has_run(folder):
        raise OptionError(f"there is no run in {folder} to go on with; omit --resume")
    if not machine.resume and not has_run(folder) and any(folder.iterdir()):
        raise OptionError(f"{folder} holds other files; take a folder that is new for --out")
    if not machine.resume and has_run(folder):
        raise OptionError(
            f"{folder} holds a run already; --resume goes on with it, another --out begins anew"
        )


def _record(folder: Path, record: RunRecord, *, resume: bool, teller: Teller) -> None:
    if not resume:
        begin(folder, record)
        return
    for difference in differences(folder, record):
        teller.say(f"{difference}: the last bits may differ from those of an uninterrupted run")


def _fabric(machine: MachineOptions) -> Fabric:
    try:
        return Fabric(
            accelerator=machine.device,
            devices=machine.devices,
            precision=_PRECISIONS[machine.precision],  # type: ignore[arg-type]
        )
    except (RuntimeError, ValueError) as error:
        raise RuntimeMissingError(
            f"PyTorch has not {machine.devices} {machine.device} here ({error}); take --device "
            "auto or cpu, and fewer --devices"
        ) from None


def _soft(options: TrainingOptions, material: Material, teller: Teller) -> Tensor | None:
    """Ask the teacher, if there is one, about every clip."""
    if options.recipe.teacher is None:
        return None
    if options.augment.swap:
        raise OptionError("--teacher saw no mirrored clips: omit --swap, and add --no-flip")
    if material.dataset.multi_label:
        raise OptionError(
            "--teacher names one class of a clip, and these clips show several: omit it"
        )
    recognizer = load_model(options.recipe.teacher, ModelOptions(), WindowOptions())
    dataset = material.dataset
    with teller.phase(f"{recognizer.name} sees the clips", len(dataset.clips)) as tell:
        soft = soft_targets(recognizer, dataset.clips, dataset.labels, progress=lambda: tell(1, ""))
    return torch.from_numpy(soft)
