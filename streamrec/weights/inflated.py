"""The weights of a network for pictures, in a PyTorch file, as those of one for clips."""

from dataclasses import replace
from pathlib import Path

from streamrec.errors import OptionError
from streamrec.models.architecture import Architecture, ClipArchitecture
from streamrec.models.clip_registry import CLIP_ARCHITECTURES
from streamrec.weights.inflate import inflate
from streamrec.weights.model_weights import ModelWeights
from streamrec.weights.origins import ORIGINS
from streamrec.weights.torch_files import read_torch


def load_inflated(path: Path, target: Architecture | None) -> ModelWeights:
    """Read 2-D weights and make the 3-D network ``target`` of them, which is to be trained.

    It sees colours in the range of the 2-D network. Its classifier is random.

    Raises:
        OptionError: no ``target``, or one that is not made from a 2-D network.
        WeightsError: the file cannot be read, or is of another 2-D network.
    """
    if not isinstance(target, ClipArchitecture) or _key(target) not in ORIGINS:
        names = [name for name, record in CLIP_ARCHITECTURES.items() if _key(record) in ORIGINS]
        raise OptionError(f"say what to inflate to, by --architecture: one of {', '.join(names)}")
    tensors = inflate(read_torch(path), target)
    seen = CLIP_ARCHITECTURES[ORIGINS[_key(target)].network].preprocessing
    preprocessing = replace(target.preprocessing, color=seen.color, mean=seen.mean, std=seen.std)
    return ModelWeights(
        architecture=replace(target, preprocessing=preprocessing),
        tensors=tensors,
        preprocessing=preprocessing,
        provenance={"format": "PyTorch, inflated", "file": path.name, "classifier": "random"},
    )


def _key(architecture: ClipArchitecture) -> tuple[str, str]:
    return architecture.family, architecture.variant
