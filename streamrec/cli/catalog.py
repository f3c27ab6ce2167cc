"""Every model that has a name: what it is, and where it is."""

from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from streamrec.config import EMBEDDED_MODEL
from streamrec.errors import LabelsError, ModelError, OptionError, UnknownModelError
from streamrec.model_source import (
    UNTRAINED,
    as_file_path,
    display_name,
    is_onnx_file,
    weights_of,
)
from streamrec.models.architecture import Architecture, ClipArchitecture
from streamrec.models.registry import ARCHITECTURES, ENSEMBLES, architecture, unknown_name
from streamrec.types import FlowInput, Preprocessing
from streamrec.weights.accuracy import Accuracy
from streamrec.weights.files import sha256_of
from streamrec.weights.labels import DATA_SETS, embedded_labels
from streamrec.weights.model_weights import ModelWeights, plain_preprocessing
from streamrec.weights.published import PUBLISHED
from streamrec.weights.store import Store

Place = Literal["embedded", "stored", "published", "architecture", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a network is.

    Attributes:
        family: ``base``, ``stream`` or ``mobile`` of the MoViNets, or another family of networks;
            None for an exported network.
        classes: number of classes.
        height, width: input size, pixels.
        fps: rate of its time grid, frames per second.
        clip_frames: frames of a training clip.
        receptive_field: frames that a prediction looks back on, but for running means.
        horizon: frames after which running means forget; None: never.
        windowed: whether it sees whole clips, not frame after frame.
        preprocessing: how a picture becomes input.
        flow: how it sees motion; None: it sees colours only.
    """

    family: str | None
    classes: int
    height: int
    width: int
    fps: float
    clip_frames: int
    receptive_field: int
    horizon: int | None
    windowed: bool
    preprocessing: Preprocessing
    flow: FlowInput | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that commands can name.

    Attributes:
        name: its name.
        place: ``embedded`` in the package, ``stored`` on this machine, ``published`` on the web;
            ``architecture``: weights have to be imported; ``file``: of weights.
        facts: what the network is; None for several networks, or one that cannot be read.
        labelled: whether the class names are known.
        source: the file or address that it came from or can be had from.
        sha256: checksum of the weights here.
        size_bytes: size of the weights here.
        license: of the weights, as SPDX names it, where known.
        accuracy: as published, of published weights.
        doubt: what the sources of published weights disagree about.
        members: the models whose mean it is.
        damage: why it cannot be used.
    """

    name: str
    place: Place
    facts: Facts | None = None
    labelled: bool = True
    source: str = ""
    sha256: str | None = None
    size_bytes: int | None = None
    license: str = ""
    accuracy: Accuracy | None = None
    doubt: str = ""
    members: tuple[str, ...] = ()
    damage: str = ""


def all_models(store: Store) -> list[Model]:
    """Return the embedded, stored and published models, then those without weights."""
    return [find(name, store) for name in _names(store)]


def find(name: str, store: Store) -> Model:
    """Return what is known of a model; one that is damaged says so.

    Raises:
        UnknownModelError: no such model; the message has the nearest names.
    """
    if name == EMBEDDED_MODEL:
        return _embedded()
    if name in store:
        return _stored(name, store)
    if name in PUBLISHED:
        return _published(name)
    if name in ENSEMBLES:
        return _ensemble(name, store)
    if name in ARCHITECTURES:
        facts = _facts(ARCHITECTURES[name])
        return Model(name=name, place="architecture", facts=facts, labelled=False)
    raise UnknownModelError(unknown_name(name, _names(store)))


def described(name: str, store: Store) -> tuple[Model, Architecture | None]:
    """Return what is known of a model, or of a file of weights, and the record of its network.

    The record is None for several networks, an exported one, or one that cannot be read.

    Raises:
        UnknownModelError: no such model; the message has the nearest names.
        WeightsError: no such file, or it cannot be read.
    """
    if (path := as_file_path(name)) is not None:
        return _file(path)
    model = find(name.removeprefix(UNTRAINED), store)
    if model.place == "embedded" or model.members or model.damage:
        return model, None
    if model.place == "stored":
        return model, store.architecture(model.name)
    if model.place == "published":
        return model, architecture(PUBLISHED[model.name].architecture)
    return model, ARCHITECTURES[model.name]


def fetched_weights(name: str) -> ModelWeights:
    """Return the weights of a model or a file, after fetching them if need be.

    Raises:
        OptionError: it has none that PyTorch runs: an ONNX file, or several networks.
        ModelError: there is no such model, or it cannot be fetched or read.
    """
    from streamrec.cli.progress import download_progress

    if name == EMBEDDED_MODEL or name in ENSEMBLES or is_onnx_file(name):
        raise OptionError(
            f"{name} is an ONNX file or several networks; this looks into one network: give the "
            "name of one, or a file of its weights"
        )
    with download_progress(name) as progress:
        return weights_of(name, progress)


def labels_of(name: str, store: Store) -> tuple[str, ...]:
    """Return the class names of a model, or else of a data set, in logit order.

    Raises:
        UnknownModelError: no such model, and no such data set.
        LabelsError: they are not known.
        WeightsError: the model is damaged.
    """
    if name in DATA_SETS and name not in store:
        return embedded_labels(name)
    model = find(name, store)
    if model.members:
        return labels_of(model.members[0], store)
    if model.place == "embedded":
        from streamrec.build import load

        return load(name).labels
    if model.place == "stored":
        labels = store.load(name).labels
    else:
        known = PUBLISHED[name].labels if name in PUBLISHED else None
        labels = None if known is None else embedded_labels(known)
    if labels is None:
        raise LabelsError(
            f"the class names of {name} are not known; import it with --labels, which takes a "
            f"file or one of {', '.join(DATA_SETS)}"
        )
    return labels


def _names(store: Store) -> list[str]:
    usable = (EMBEDDED_MODEL, *store.names(), *PUBLISHED, *ENSEMBLES)
    return list(dict.fromkeys([*usable, *ARCHITECTURES]))


def _embedded() -> Model:
    from streamrec.runtimes.onnx import OnnxRuntime

    model = Model(name=EMBEDDED_MODEL, place="embedded", source="the package streamrec")
    try:
        with as_file(files("streamrec") / "assets" / f"{EMBEDDED_MODEL}.onnx") as path:
            spec, checksum, size = OnnxRuntime(path).spec, sha256_of(path), path.stat().st_size
    except ModelError as error:
        return replace(model, damage=str(error))
    facts = Facts(
        family=None,
        classes=len(spec.labels),
        height=spec.preprocessing.height,
        width=spec.preprocessing.width,
        fps=spec.fps,
        clip_frames=spec.clip_frames,
        receptive_field=spec.warmup_frames,
        horizon=spec.horizon,
        windowed=spec.windowed,
        preprocessing=spec.preprocessing,
        flow=spec.flow,
    )
    return replace(model, facts=facts, sha256=checksum, size_bytes=size)


def _stored(name: str, store: Store) -> Model:
    try:
        record, weights = store.info(name), store.load(name)
    except ModelError as error:
        return Model(name=name, place="stored", damage=str(error))
    published = PUBLISHED.get(name)
    if published is not None and published.source != record.source:
        published = None
    return Model(
        name=name,
        place="stored",
        facts=_facts(weights.architecture, weights.preprocessing),
        labelled=record.labelled,
        source=record.source,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
        license="" if published is None else published.license,
        accuracy=None if published is None else published.accuracy,
        doubt="" if published is None else published.doubt,
    )


def _file(path: Path) -> tuple[Model, Architecture]:
    from streamrec.weights.load import load_weights

    weights = load_weights(path)
    record = weights.architecture
    model = Model(
        name=display_name(str(path)),
        place="file",
        facts=_facts(record, weights.preprocessing),
        labelled=weights.labels is not None,
        source=str(path),
        sha256=sha256_of(path) if path.is_file() else None,
        size_bytes=path.stat().st_size if path.is_file() else None,
    )
    return model, record


def _published(name: str) -> Model:
    published = PUBLISHED[name]
    return Model(
        name=name,
        place="published",
        facts=_facts(architecture(published.architecture)),
        labelled=published.labels is not None,
        source=published.source,
        license=published.license,
        accuracy=published.accuracy,
        doubt=published.doubt,
    )


def _ensemble(name: str, store: Store) -> Model:
    members = [find(member, store) for member in ENSEMBLES[name]]
    return Model(
        name=name,
        place="stored" if all(member.place == "stored" for member in members) else "published",
        labelled=all(member.labelled for member in members),
        members=ENSEMBLES[name],
    )


def _facts(record: Architecture, preprocessing: Preprocessing | None = None) -> Facts:
    preprocessing = preprocessing or plain_preprocessing(record)
    return Facts(
        family=record.family,
        classes=record.classes,
        height=preprocessing.height,
        width=preprocessing.width,
        fps=record.fps,
        clip_frames=record.clip_frames,
        receptive_field=record.receptive_field,
        horizon=record.horizon,
        windowed=not record.causal,
        preprocessing=preprocessing,
        flow=record.flow if isinstance(record, ClipArchitecture) else None,
    )
