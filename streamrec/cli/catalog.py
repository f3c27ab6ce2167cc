"""Every model that has a name: what it is, and where it is."""

import math
from dataclasses import dataclass, replace
from importlib.resources import as_file, files
from typing import Literal

from streamrec.config import EMBEDDED_MODEL
from streamrec.errors import LabelsError, ModelError, UnknownModelError
from streamrec.models.architecture import MoViNetArchitecture
from streamrec.models.registry import ENSEMBLES, architecture, unknown_name
from streamrec.weights.files import sha256_of
from streamrec.weights.fit import parameter_shapes
from streamrec.weights.labels import embedded_labels
from streamrec.weights.published import PUBLISHED
from streamrec.weights.store import Store

Place = Literal["embedded", "stored", "published"]

_NOT_TRAINED = (".running_mean", ".running_var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a network is.

    Attributes:
        family: ``base``, ``stream`` or ``mobile``; None for an exported network.
        parameters: how many numbers were trained; None for an exported network.
        classes: number of classes.
        height, width: input size, pixels.
        fps: rate of its time grid, frames per second.
        clip_frames: frames of a training clip.
        receptive_field: frames that its convolutions reach over.
        horizon: frames after which running means forget; None: never.
    """

    family: str | None
    parameters: int | None
    classes: int
    height: int
    width: int
    fps: float
    clip_frames: int
    receptive_field: int
    horizon: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that commands can name.

    Attributes:
        name: its name.
        place: ``embedded`` in the package, ``stored`` on this machine, ``published`` on the web.
        facts: what the network is; None for several networks, or one that cannot be read.
        labelled: whether the class names are known.
        source: the file or address that it came from or can be had from.
        sha256: checksum of the weights here.
        size_bytes: size of the weights here.
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
    members: tuple[str, ...] = ()
    damage: str = ""


def all_models(store: Store) -> list[Model]:
    """Return the embedded, the stored and the published models, in this order."""
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
    raise UnknownModelError(unknown_name(name, _names(store)))


def labels_of(name: str, store: Store) -> tuple[str, ...]:
    """Return a model's class names in logit order.

    Raises:
        UnknownModelError: no such model.
        LabelsError: they are not known.
        WeightsError: the model is damaged.
    """
    model = find(name, store)
    if model.members:
        return labels_of(model.members[0], store)
    if model.place == "embedded":
        from streamrec.build import load

        return load(name).labels
    if model.place == "stored":
        labels = store.load(name).labels
    else:
        labels = embedded_labels(PUBLISHED[name].labels or "")
    if labels is None:
        raise LabelsError(
            f"the class names of {name} are not known; import it again with --labels FILE"
        )
    return labels


def _names(store: Store) -> list[str]:
    return list(dict.fromkeys([EMBEDDED_MODEL, *store.names(), *PUBLISHED, *ENSEMBLES]))


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
        parameters=None,
        classes=len(spec.labels),
        height=spec.preprocessing.height,
        width=spec.preprocessing.width,
        fps=spec.fps,
        clip_frames=spec.clip_frames,
        receptive_field=spec.warmup_frames,
        horizon=spec.horizon,
    )
    return replace(model, facts=facts, sha256=checksum, size_bytes=size)


def _stored(name: str, store: Store) -> Model:
    try:
        record, weights = store.info(name), store.load(name)
    except ModelError as error:
        return Model(name=name, place="stored", damage=str(error))
    return Model(
        name=name,
        place="stored",
        facts=_facts(weights.architecture),
        labelled=record.labelled,
        source=record.source,
        sha256=record.sha256,
        size_bytes=record.size_bytes,
    )


def _published(name: str) -> Model:
    published = PUBLISHED[name]
    return Model(
        name=name,
        place="published",
        facts=_facts(architecture(published.architecture)),
        labelled=published.labels is not None,
        source=published.url,
        sha256=published.sha256,
    )


def _ensemble(name: str, store: Store) -> Model:
    members = [find(member, store) for member in ENSEMBLES[name]]
    return Model(
        name=name,
        place="stored" if all(member.place == "stored" for member in members) else "published",
        labelled=all(member.labelled for member in members),
        members=ENSEMBLES[name],
    )


def _facts(record: MoViNetArchitecture) -> Facts:
    shapes = parameter_shapes(record).items()
    return Facts(
        family=record.family,
        parameters=sum(math.prod(s) for name, s in shapes if not name.endswith(_NOT_TRAINED)),
        classes=record.classes,
        height=record.image_size,
        width=record.image_size,
        fps=record.fps,
        clip_frames=record.clip_frames,
        receptive_field=record.receptive_field,
        horizon=record.horizon,
    )
