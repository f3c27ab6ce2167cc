"""Everything that may be said of a training."""

from typing import NamedTuple

from streamrec.config import AugmentOptions, DataOptions, MachineOptions, RecipeOptions


class TrainingOptions(NamedTuple):
    """The option records of a training, one for each thing that they are about."""

    data: DataOptions
    recipe: RecipeOptions
    augment: AugmentOptions
    machine: MachineOptions
