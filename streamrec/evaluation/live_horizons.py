"""The same model with running means that forget sooner, later, or never."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamrec.build import load_model
from streamrec.config import EMBEDDED_MODEL, ModelOptions, WindowOptions
from streamrec.errors import OptionError
from streamrec.model_source import architecture_of, display_name, is_onnx_file, weights_of
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.models.registry import ENSEMBLES
from streamrec.recognizer import Recognizer
from streamrec.weights.model_file import save_model
from streamrec.weights.traits import with_traits

OWN = "own"
NEVER = "none"

_OF_OWN = {"half": 0.5, OWN: 1.0, "double": 2.0}


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A model with one horizon, in frames; None: it never forgets, or has no running means."""

    setting: str
    horizon: int | None
    recognizer: Recognizer


def load_variants(
    model: str,
    settings: Sequence[str],
    options: ModelOptions,
    windows: WindowOptions | None = None,
) -> list[Variant]:
    """Load a model with each horizon; once, as it is, where it has none that can be set.

    That is so of models that see windows or single pictures, and of exported ones, whose horizon
    is in their graph.

    Args:
        model: its name or file.
        settings: frames, or ``half``, ``own``, ``double`` or ``none``; see ``LiveOptions``.
        options: what runs it.
        windows: how it sees a stream, if it sees windows.

    Raises:
        ModelError: it cannot be had.
        OptionError: a setting that is not allowed.
    """
    for setting in settings:
        check_setting(setting)
    recognizer = load_model(model, options, windows or WindowOptions())
    own = recognizer.spec.horizon
    if not _can_be_set(model):
        return [Variant(OWN, own, recognizer)]
    found: dict[int | None, Variant] = {}
    for setting in settings:
        if own is None and setting in ("half", "double"):
            continue
        horizon = _frames(setting, own)
        if horizon not in found:
            loaded = recognizer if horizon == own else _load(model, horizon, options)
            found[horizon] = Variant(setting, horizon, loaded)
    return list(found.values()) or [Variant(OWN, own, recognizer)]


def check_setting(setting: str) -> None:
    """Check one of the settings of ``LiveOptions.horizons``.

    Raises:
        OptionError: it is not allowed.
    """
    if setting not in (*_OF_OWN, NEVER) and not (setting.isdecimal() and int(setting) > 0):
        allowed = ", ".join((*_OF_OWN, NEVER))
        raise OptionError(f"--horizons are frames, or {allowed}; got {setting!r}")


def _can_be_set(model: str) -> bool:
    if model == EMBEDDED_MODEL or model in ENSEMBLES or is_onnx_file(model):
        return False
    architecture = architecture_of(model)
    return isinstance(architecture, MoViNetArchitecture) and architecture.causal


def _frames(setting: str, own: int | None) -> int | None:
    if setting.isdecimal():
        return int(setting)
    if setting == NEVER or own is None:
        return None
    return max(1, round(own * _OF_OWN[setting]))


def _load(model: str, horizon: int | None, options: ModelOptions) -> Recognizer:
    changed = with_traits(weights_of(model, None), {"horizon": horizon})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{display_name(model).replace(':', '-')}.safetensors"
        save_model(path, changed)
        return load_model(str(path), options, WindowOptions())
